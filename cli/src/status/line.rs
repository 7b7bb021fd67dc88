//! What a line of a function's log says: a decision, or what a run came to.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A line that says something of decisions.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A decision.
    Decision(Decision),
    /// What a run came to.
    Run(Run),
}

/// A decision, as its record tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// When it was made.
    pub at: Timestamp,
    /// `cluster/service`, or the image; absent where it is about a whole run.
    pub subject: Option<String>,
    /// `shadow` or `on`; absent where a run failed as a whole.
    pub mode: Option<String>,
    /// The verdict.
    pub verdict: String,
    /// The code of the reason.
    pub reason: String,
    /// The sentence with the arithmetic.
    pub why: String,
    /// What it asked to be done, as the record has it; absent for nothing.
    pub action: Option<Value>,
    /// Whether that was done.
    pub acted: bool,
    /// Why it was not done although it was to be; absent otherwise.
    pub not_acted: Option<String>,
    /// The version of Tidegate.
    pub version: Option<String>,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// When it began.
    pub at: Timestamp,
    /// Who woke the function.
    pub trigger: String,
    /// What it counted, as the summary has it.
    pub summary: Value,
}

/// Reads a line. None for lines of another kind: metrics, warnings, Lambda's own.
#[must_use]
pub fn read(text: &str) -> Option<Line> {
    let value: Value = serde_json::from_str(text).ok()?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    if let Some(summary) = value.get("summary").filter(|summary| summary.is_object()) {
        let at = time(&summary["at"]).or_else(|| time(&value["timestamp"]))?;
        let trigger = word(&summary["trigger"]).unwrap_or_default();
        return Some(Line::Run(Run { at, trigger, summary: summary.clone() }));
    }
    let image = &value["facts"]["image"];
    let image = || word(image).or_else(|| Some(format!("{}@{}", word(&image["repository"])?, word(&image["digest"])?)));
    Some(Line::Decision(Decision {
        at: time(&value["at"]).or_else(|| time(&value["timestamp"]))?,
        subject: word(&value["service"]).or_else(image),
        mode: word(&value["mode"]),
        verdict: word(&value["verdict"])?,
        reason: word(&value["reason"])?,
        why: word(&value["why"])?,
        action: value.get("action").filter(|action| !action.is_null()).cloned(),
        acted: value["acted"].as_bool().unwrap_or_default(),
        not_acted: word(&value["not_acted"]),
        version: word(&value["version"]),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_and_runs_are_told_from_other_lines() {
        let decision = r#"{"level":"INFO","timestamp":"2026-11-21T10:00:00Z","function":"cost-scaler","service":"live/shop",
            "mode":"on","verdict":"raise","reason":"ratio","why":"so","action":{"to":4},"acted":true,"at":"2026-11-21T10:00:00Z"}"#;
        let Some(Line::Decision(read_back)) = read(decision) else { panic!("a decision") };
        assert_eq!((read_back.subject.as_deref(), read_back.acted), (Some("live/shop"), true));
        let run = r#"{"level":"INFO","timestamp":"2026-11-21T10:00:01Z","summary":{"at":"2026-11-21T10:00:00Z","trigger":"schedule","seen":3}}"#;
        assert!(matches!(read(run), Some(Line::Run(run)) if run.trigger == "schedule" && run.summary["seen"] == 3));
        for other in [
            "START RequestId: 1",
            r#"{"level":"WARN","timestamp":"2026-11-21T10:00:00Z","message":"it is left out"}"#,
            r#"{"_aws":{"Timestamp":1},"function":"cost-scaler","Decisions":1}"#,
            r#"{"why":"so","verdict":"raise","reason":"ratio"}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
