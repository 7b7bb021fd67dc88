//! The metrics that every function prints, under one set of names: alarms and dashboards are built on them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_aws::calls::CallCounts;
use tidegate_aws::metrics::Measured;
use tidegate_core::mode::Mode;
use tidegate_core::verdict::Verdict;

/// A gate's decisions: one line for each mode, verdict and reason code, with their count.
#[must_use]
pub fn decisions(
    function: &str,
    at: Timestamp,
    decided: impl IntoIterator<Item = (Mode, Verdict, &'static str)>,
) -> Vec<String> {
    let mut groups: BTreeMap<(Mode, Verdict, &'static str), f64> = BTreeMap::new();
    for decision in decided {
        *groups.entry(decision).or_default() += 1.0;
    }
    let line = |((mode, verdict, reason), count): (&(Mode, Verdict, &str), &f64)| {
        decided_so(function, at, (*mode, verdict.as_str(), reason), &[("Decisions", *count)])
    };
    groups.iter().filter_map(line).collect()
}

/// The line of all decisions that share a mode, a verdict and a reason code.
#[must_use]
pub fn decided_so(
    function: &str,
    at: Timestamp,
    (mode, verdict, reason): (Mode, &str, &str),
    values: &[(&'static str, f64)],
) -> Option<String> {
    let dimensions = [("function", function), ("mode", mode.as_str()), ("verdict", verdict), ("reason", reason)];
    Measured { at, dimensions: &dimensions, values }.line()
}

/// A run as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The function.
    pub function: &'static str,
    /// When it began.
    pub at: Timestamp,
    /// Whether a schedule woke it, and in time: the silence of those has an alarm.
    pub scheduled: bool,
    /// Whether it was the first of its process.
    pub cold: bool,
    /// Calls to AWS.
    pub calls: &'a CallCounts,
    /// What it cost itself, in dollars.
    pub run_usd: f64,
}

impl Run<'_> {
    /// Its line, with what the function itself counts.
    #[must_use]
    pub fn line(&self, own: &[(&'static str, f64)]) -> Option<String> {
        let flag = |set: bool| f64::from(u8::from(set));
        let calls = self.calls.values().map(|calls| f64::from(*calls)).sum();
        let mut values = vec![("Runs", 1.0), ("ScheduledRuns", flag(self.scheduled)), ("ColdStarts", flag(self.cold))];
        values.extend_from_slice(own);
        values.extend([("ApiCalls", calls), ("RunUsd", self.run_usd)]);
        Measured { at: self.at, dimensions: &[("function", self.function)], values: &values }.line()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn decisions_are_counted_by_mode_verdict_and_reason() {
        let decided = [
            (Mode::On, Verdict::Fail, "vulnerable"),
            (Mode::Shadow, Verdict::Fail, "vulnerable"),
            (Mode::On, Verdict::Fail, "vulnerable"),
        ];
        let lines = decisions("scan-gate", Timestamp::UNIX_EPOCH, decided);
        let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told = |line: &Value| {
            let word = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (["function", "mode", "verdict", "reason"].map(word).join(" "), line["Decisions"].as_f64())
        };
        let expected = [("scan-gate shadow fail vulnerable", 1.0), ("scan-gate on fail vulnerable", 2.0)];
        let expected = expected.map(|(of, count)| (of.to_owned(), Some(count)));
        assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_run_has_what_every_run_has_and_its_own() {
        let calls = CallCounts::from([("DescribeImages".to_owned(), 2), ("Publish".to_owned(), 1)]);
        let at = Timestamp::UNIX_EPOCH;
        let run = Run { function: "scan-gate", at, scheduled: true, cold: false, calls: &calls, run_usd: 0.5 };
        let line: Value = serde_json::from_str(&run.line(&[("ImagesSeen", 7.0)]).unwrap()).unwrap();
        let names = ["Runs", "ScheduledRuns", "ColdStarts", "ImagesSeen", "ApiCalls", "RunUsd"];
        let values = names.map(|name| line[name].as_f64().unwrap_or(f64::NAN));
        assert_eq!(values.map(|value| value.to_string()), ["1", "1", "0", "7", "3", "0.5"]);
        assert_eq!(line["function"], "scan-gate");
    }
}
