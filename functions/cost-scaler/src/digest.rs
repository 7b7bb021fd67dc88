//! The daily digest: what shadow mode would have saved in the last day. Nothing is remembered, so the day is replayed
//! from CloudWatch under today's policy.

use std::fmt::Write as _;

use jiff::Timestamp;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Service;
use tidegate_core::backtest::replay::{Replay, replay};
use tidegate_core::prices::HOURS_A_MONTH;
use tidegate_core::scaling::facts::Reading;
use tidegate_core::scaling::queries::Questions;
use tidegate_core::scaling::{CPU, guards};
use tidegate_core::words::counted;

use crate::gather;
use crate::judge::{Judged, subject};

/// The day that is replayed.
const MINUTES: u32 = 24 * 60;

/// A service in shadow, and its day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// `cluster/service`.
    pub id: String,
    /// What was and what would have been, or why it can't be told.
    pub replay: Result<Replay, String>,
    /// What a task costs for an hour, in dollars; absent where the price is not known.
    pub task_hour_usd: Option<f64>,
}

/// The day of each of these services, and how many metrics were asked for.
pub async fn days(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    concurrency: usize,
    judged: &[Judged],
    task_hour_usd: impl Fn(&Judged) -> Option<f64>,
    now: Timestamp,
) -> (Vec<Day>, u32) {
    let described: Vec<(&Judged, &Service)> =
        judged.iter().filter_map(|judged| Some((judged, judged.service.as_ref()?))).collect();
    let of_service = |(_, service): &(&Judged, &Service)| Questions::of_cpu_by_minute(&subject(service), MINUTES);
    let questions: Vec<Questions> = described.iter().map(of_service).collect();
    let readings = gather::readings(ports, deadline, concurrency, &questions, now).await;
    let days = described.into_iter().zip(readings).map(|((judged, service), readings)| {
        let cpu = readings.map_err(|error| error.to_string()).map(|mut readings| readings.remove(CPU));
        Day {
            id: judged.id.clone(),
            replay: cpu.and_then(|cpu| replayed(judged, service.running, cpu)),
            task_hour_usd: task_hour_usd(judged),
        }
    });
    (days.collect(), questions.iter().map(Questions::metrics).sum())
}

fn replayed(judged: &Judged, running: u32, cpu: Option<Reading>) -> Result<Replay, String> {
    let why = || judged.decision.why.clone();
    let (facts, policy) = judged.facts.as_ref().zip(judged.policy.as_ref()).ok_or_else(why)?;
    // What Tidegate would not touch, it would not save on.
    if let Some(decision) = guards::leave_alone(facts, policy) {
        return Err(decision.why);
    }
    if policy.min.is_none() || policy.max.is_none() {
        return Err(why());
    }
    match cpu {
        Some(Reading::Points(points)) => {
            replay(&points, running, policy).ok_or_else(|| "it has no CPU data".to_owned())
        }
        Some(Reading::Unreadable(why)) => Err(why),
        _ => Err("its CPU was not read".to_owned()),
    }
}

/// Subject and body for people; `unknown` services could not be described. None where no service is in shadow, as far as that
/// is known.
#[must_use]
pub fn text(days: &[Day], unknown: &[String]) -> Option<(String, String)> {
    if days.is_empty() && unknown.is_empty() {
        return None;
    }
    let mut month_usd = 0.0;
    let mut lines = String::new();
    for day in days {
        match &day.replay {
            Ok(replay) => {
                let ran = replay.ran_s / 3600.0;
                let ours = hours(replay.ours.billed_s);
                let share = replay.ours.unmet_share() * 100.0;
                let saved = day.task_hour_usd.map(|usd| (ran - ours) * usd * HOURS_A_MONTH / 24.0);
                let worth = saved.map_or_else(|| "at an unknown price".to_owned(), |usd| format!("${usd:.2} a month"));
                month_usd += saved.unwrap_or(0.0);
                let _ = writeln!(
                    lines,
                    "{}: {ran:.1} task-hours ran, {ours:.1} would have, {worth}; {share:.3} % of the work unmet",
                    day.id
                );
            }
            Err(why) => drop(writeln!(lines, "{}: can't be told: {why}", day.id)),
        }
    }
    if !unknown.is_empty() {
        let _ = writeln!(lines, "could not be described, in shadow or not: {}", unknown.join(", "));
    }
    let subject =
        format!("Tidegate: shadow mode would save ${month_usd:.2} a month on {}", counted(days.len(), "service"));
    let body = format!(
        "The last day, replayed under today's policies with CPU as the load.\n\n{lines}\nA saving counts only beside the work that would have been unmet. Nothing was changed.\n"
    );
    Some((subject, body))
}

#[expect(clippy::cast_precision_loss, reason = "task-seconds of one day")]
fn hours(task_seconds: i64) -> f64 {
    task_seconds as f64 / 3600.0
}
