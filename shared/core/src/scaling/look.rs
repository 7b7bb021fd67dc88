//! The facts seen through the policy: readings checked, counts confirmed, minutes lined up.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, Point};
use super::guards::deployment_in_progress;
use super::history::{self, CountRange};
use super::minute::{self, Asked, Counts, RequestsShow, Saturated};
use super::policy::{Policy, Saturation, Target};
use super::reason::Reason;
use super::series::{self, Series, Unfit, clock};
use super::{CPU, REQUESTS};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A newest minute that lacks samples may be passed over for one that is at most this much older.
const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

pub(super) struct Look<'a> {
    pub(super) facts: &'a Facts,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    readings: BTreeMap<&'a str, Result<Series<'a>, Unfit>>,
    minutes: BTreeMap<&'a str, Vec<Point>>,
    samples_per_task: f64,
    deploying: bool,
    asks: BTreeMap<&'a str, Result<Asked, String>>,
}

impl<'a> Look<'a> {
    pub(super) fn new(facts: &'a Facts, policy: &'a Policy, now: Timestamp) -> Self {
        let mut readings = BTreeMap::new();
        let mut minutes = BTreeMap::new();
        for (name, reading) in &facts.metrics {
            let percent = policy.targets.get(name).map_or(name == CPU, |target| target.is_percent());
            let checked = series::check(reading, percent, policy.stale_after_s, now);
            if let Ok(Series::Points(points)) = &checked {
                minutes.insert(name.as_str(), series::minutes(points));
            }
            readings.insert(name.as_str(), checked);
        }
        let deploying = deployment_in_progress(facts).is_some();
        let asks = BTreeMap::new();
        let mut look = Self { facts, policy, now, readings, minutes, samples_per_task: 1.0, deploying, asks };
        look.samples_per_task = look.samples_per_task();
        let ask = |(metric, target): (&'a String, &Target)| (metric.as_str(), look.ask(metric, *target));
        look.asks = policy.targets.iter().map(ask).collect();
        look
    }

    /// Samples that a task makes of CPU in a minute: what the newest minute says in which one answer agrees with the
    /// service's events, and the other does not.
    fn samples_per_task(&self) -> f64 {
        let answers = [1.0, f64::from(history::SAMPLES_OF_20_SECONDS)];
        let says = |minute: &Point| {
            let (samples, range) = (minute.samples?, self.range(minute.at)?);
            let [one, three] = answers.map(|per_task| range.holds(super::whole((samples / per_task).round())));
            (one != three).then_some(if one { answers[0] } else { answers[1] })
        };
        self.minutes(CPU).iter().rev().find_map(says).unwrap_or(1.0)
    }

    /// What every target asks for on its freshest data, or why it can't say. Guards ask for nothing.
    pub(super) fn freshest(&self) -> impl Iterator<Item = (&'a str, &Result<Asked, String>)> {
        let scales = |metric: &str| !matches!(self.policy.targets.get(metric), Some(Target::Guard(_)));
        self.asks.iter().map(|(metric, asked)| (*metric, asked)).filter(move |(metric, _)| scales(metric))
    }

    /// What a target, or a guard, says on its freshest data.
    fn ask(&self, metric: &str, target: Target) -> Result<Asked, String> {
        let current = self.facts.desired;
        match self.reading(metric)? {
            Series::Tasks(samples) => minute::ask_samples(metric, target, samples, current, self.policy, self.now),
            Series::Points(points) => {
                let point = self.freshest_point(metric, points).ok_or("it has no datapoints")?;
                let counts = Counts { current, ..self.counts_now(point) };
                minute::ask(target, point, counts, self.policy, self.saturated(metric, point))
            }
        }
        .map_err(|problem| problem.to_string())
    }

    fn reading(&self, metric: &str) -> Result<&Series<'a>, String> {
        self.readings.get(metric).ok_or("it was not read")?.as_ref().map_err(ToString::to_string)
    }

    /// The newest point; for CPU the newest one that all running tasks have reported to, unless that is much older.
    fn freshest_point<'p>(&self, metric: &str, points: &'p [Point]) -> Option<&'p Point> {
        let newest = series::newest(points)?;
        if metric != CPU {
            return Some(newest);
        }
        let complete = |point: &&Point| {
            let range = self.range(point.at);
            self.tasks_of(point).is_none_or(|tasks| range.is_none_or(|range| tasks >= as_f64(range.least)))
        };
        let fresh = points.iter().filter(|point| series::end(newest) - PATIENCE <= series::end(point));
        fresh.filter(complete).max_by_key(|point| (series::end(point), point.at)).or(Some(newest))
    }

    /// The tasks that a point's samples count. Points shorter than a minute have one of each task.
    fn tasks_of(&self, point: &Point) -> Option<f64> {
        let per_task = if point.period_s < 60 { 1.0 } else { self.samples_per_task };
        point.samples.map(|samples| samples / per_task)
    }

    /// How many of today's tasks a fresh point stands for, and how many are still to report. During a deployment both
    /// versions run and report, and it is the desired count that will stay.
    fn counts_now(&self, point: &Point) -> Counts {
        let Facts { desired, running, pending, .. } = *self.facts;
        let cpu = || self.minutes(CPU).iter().rfind(|minute| minute.at <= point.at);
        let tasks = self.tasks_of(point).or_else(|| self.tasks_of(cpu()?));
        let reported = tasks.map_or(running, |tasks| super::whole(tasks.round()));
        let most = if self.deploying { desired } else { running };
        let starting = pending + running.saturating_sub(reported);
        Counts { sampled: reported.min(most), starting, current: desired }
    }

    fn range(&self, at: Timestamp) -> Option<CountRange> {
        self.facts.history.as_ref()?.running_in(at, self.facts.running, self.facts.pending)
    }

    /// The task count of a past minute, where the CPU metric's samples and the service's events agree on it.
    pub(super) fn tasks_in(&self, at: Timestamp) -> Result<u32, (Reason, String)> {
        let when = clock(at);
        let range = self
            .range(at)
            .ok_or_else(|| (Reason::HistoryUnknown, format!("the service's events don't reach back to {when}")))?;
        if let Some(Err(unfit)) = self.readings.get(CPU).filter(|reading| !matches!(reading, Err(Unfit::Empty))) {
            return Err((Reason::MetricUnreadable, format!("{CPU}: {unfit}")));
        }
        let Some(minutes) = self.minutes.get(CPU) else {
            let exact = u32::try_from(range.least).ok().filter(|_| range.least == range.most);
            return exact.ok_or_else(|| (Reason::HistoryUnknown, format!("nothing counts the tasks at {when}")));
        };
        let minute = minutes.iter().find(|minute| minute.at == at);
        let samples = minute
            .and_then(|minute| minute.samples)
            .ok_or_else(|| (Reason::NoSettledData, format!("cpu has no datapoint at {when}")))?;
        let counted =
            [samples, samples / f64::from(history::SAMPLES_OF_20_SECONDS)].map(|tasks| super::whole(tasks.round()));
        counted.into_iter().find(|tasks| range.holds(*tasks)).ok_or_else(|| {
            let events = format!("the service's events say {} to {}", range.least, range.most);
            (Reason::HistoryUnknown, format!("{samples} CPU samples at {when}, while {events} tasks"))
        })
    }

    /// The largest count that any metric asks for in one settled minute, judged on that minute alone.
    pub(super) fn recommended_in(&self, at: Timestamp) -> Result<u32, (Reason, String)> {
        let tasks = self.tasks_in(at)?;
        let counts = Counts { sampled: tasks, starting: 0, current: tasks };
        let mut most = 0;
        for (metric, target) in &self.policy.targets {
            if matches!(target, Target::Guard(_)) {
                continue;
            }
            let missing = || (Reason::NoSettledData, format!("{metric} has no datapoint at {}", clock(at)));
            let minutes = self.minutes.get(metric.as_str()).ok_or_else(missing)?;
            let point = minutes.iter().find(|minute| minute.at == at).ok_or_else(missing)?;
            let asked = minute::ask(*target, point, counts, self.policy, self.saturated(metric, point))
                .map_err(|problem| (Reason::NoSettledData, format!("{metric} at {}: {problem}", clock(at))))?;
            most = most.max(asked.tasks);
        }
        Ok(most)
    }

    /// The settled minutes that a cut waits for, newest first.
    pub(super) fn settled_minutes(&self, window_s: u32) -> impl Iterator<Item = Timestamp> {
        let settled = self.now - SignedDuration::from_secs(i64::from(self.policy.settle_s));
        let newest = series::minute_of(settled) - MINUTE;
        (0..window_s.div_ceil(60).max(1)).map(move |back| newest - SignedDuration::from_mins(i64::from(back)))
    }

    /// Whether any metric of the policy has a point in a settled minute.
    pub(super) fn has_settled_data(&self) -> bool {
        let settled = self.now - SignedDuration::from_secs(i64::from(self.policy.settle_s));
        self.policy.targets.keys().any(|metric| match self.readings.get(metric.as_str()) {
            Some(Ok(Series::Points(points))) => points.iter().any(|point| series::end(point) <= settled),
            Some(Ok(Series::Tasks(samples))) => !samples.is_empty(),
            _ => false,
        })
    }

    /// Metrics of the policy, guards too, that can't say anything, with the reason.
    pub(super) fn unreadable(&self) -> Vec<String> {
        let problem =
            |(metric, asked): (&&str, &Result<Asked, String>)| Some(format!("{metric}: {}", asked.as_ref().err()?));
        self.asks.iter().filter_map(problem).collect()
    }

    /// What a guard's metric says where it has per-task samples. None where it has points, which are looked at by minute.
    pub(super) fn guard_samples(&self, metric: &str) -> Option<&Asked> {
        self.asks.get(metric)?.as_ref().ok().filter(|_| matches!(self.reading(metric), Ok(Series::Tasks(_))))
    }

    /// Why nothing can be said at all: metrics that can't be used, or none that has said anything lately.
    pub(super) fn nothing_said(&self) -> (Reason, String) {
        let unfit = |metric: &String| self.readings.get(metric.as_str()).is_none_or(Result::is_err);
        let empty = |metric: &String| matches!(self.readings.get(metric.as_str()), Some(Err(Unfit::Empty)));
        let reason = if self.policy.targets.keys().any(|metric| unfit(metric) && !empty(metric)) {
            Reason::MetricUnreadable
        } else {
            Reason::NoSettledData
        };
        let unreadable = self.unreadable();
        let none = unreadable.is_empty().then(|| "no metric has a datapoint in a settled minute".to_owned());
        (reason, none.unwrap_or_else(|| unreadable.join("; ")))
    }

    /// Whether any metric was asked for in vain.
    pub(super) fn is_unread(&self) -> bool {
        self.readings.values().any(|reading| matches!(reading, Err(Unfit::Unread(_))))
    }

    pub(super) fn minutes(&self, metric: &str) -> &[Point] {
        self.minutes.get(metric).map_or(&[], Vec::as_slice)
    }

    /// The load of each of the last `window_s` seconds' minutes, in tasks that would be at target; `unknown` tasks stand
    /// for a count that is not known.
    fn loads<'m>(&'m self, metric: &str, window_s: u32, unknown: Option<u32>) -> impl Iterator<Item = f64> + 'm {
        let since = self.now - SignedDuration::from_secs(i64::from(window_s));
        let target = self.policy.targets.get(metric).copied();
        let recent = self.minutes(metric).iter().filter(move |minute| minute.at >= since);
        recent.filter_map(move |minute| match target? {
            Target::Guard(_) => None,
            Target::TotalPerTask(goal) => Some(minute.value / goal),
            target => Some(minute.value / target.goal() * f64::from(self.tasks_in(minute.at).ok().or(unknown)?)),
        })
    }

    /// The mean load of the last `window_s` seconds, in tasks that would be at target. None where it is not known.
    pub(super) fn mean_load(&self, metric: &str, window_s: u32) -> Option<f64> {
        let loads: Vec<f64> = self.loads(metric, window_s, None).collect();
        let count = u32::try_from(loads.len()).ok().filter(|count| *count > 0)?;
        Some(loads.iter().sum::<f64>() / f64::from(count))
    }

    /// The highest load of any metric in the last `window_s` seconds, in tasks that would be at target.
    pub(super) fn peak_load(&self, window_s: u32) -> f64 {
        let unknown = Some(self.facts.desired);
        let loads = self.policy.targets.keys().flat_map(|metric| self.loads(metric, window_s, unknown));
        loads.fold(0.0, f64::max)
    }

    /// Whether a point is a CPU average that hides demand, and what requests show of it: the CPU that they would need,
    /// as measured in the minutes in which CPU was not saturated.
    fn saturated(&self, metric: &str, point: &Point) -> Option<Saturated> {
        // On EC2 a task may use more than it has reserved. Where the target says so, no average hides anything.
        let target = self.policy.targets.get(CPU).map_or(0.0, |target| target.goal());
        let hides = |rule: &Saturation| metric == CPU && target <= 100.0 && point.value >= rule.at_percent.max(target);
        let rule = self.policy.saturation.filter(hides)?;
        let requests = self.minutes(REQUESTS);
        let unsaturated = self.minutes(CPU).iter().filter(|cpu| cpu.value < rule.at_percent);
        let pairs = unsaturated.filter_map(|cpu| Some((cpu, requests.iter().find(|r| r.at == cpu.at)?)));
        let (cpu, per_task) = pairs.fold((0.0, 0.0), |(cpu, per_task), (c, r)| (cpu + c.value, per_task + r.value));
        let now = requests.iter().rfind(|r| r.at <= point.at && point.at < r.at + PATIENCE);
        let now = now.filter(|_| cpu > 0.0 && per_task > 0.0);
        let requests = now.map(|now| RequestsShow { per_task: now.value, cpu_percent_each: cpu / per_task });
        Some(Saturated { rule, requests })
    }
}

#[expect(clippy::cast_precision_loss, reason = "task counts are far below 2^52")]
fn as_f64(tasks: i64) -> f64 {
    tasks as f64
}
