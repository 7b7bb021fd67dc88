//! The daily digest: what shadow mode would have saved in the last day. Nothing is remembered, so the day is replayed
//! from CloudWatch under today's policy.

use std::fmt::Write as _;

use jiff::Timestamp;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::notifications::Message;
use tidegate_core::backtest::replay::{Replay, replay};
use tidegate_core::prices::HOURS_A_MONTH;
use tidegate_core::scaling::CPU;
use tidegate_core::scaling::facts::Reading;
use tidegate_core::scaling::queries::Questions;
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
    let described: Vec<&Judged> = judged.iter().filter(|judged| judged.service.is_some()).collect();
    let questions: Vec<Questions> = described
        .iter()
        .filter_map(|judged| Some(Questions::of_cpu_by_minute(&subject(judged.service.as_ref()?), MINUTES)))
        .collect();
    let asked: Vec<&Questions> = questions.iter().collect();
    let readings = gather::readings(ports, deadline, concurrency, &asked, now).await;
    let days = described.into_iter().zip(readings).map(|(judged, mut readings)| Day {
        id: judged.id.clone(),
        replay: replayed(judged, readings.remove(CPU)),
        task_hour_usd: task_hour_usd(judged),
    });
    (days.collect(), questions.iter().map(Questions::metrics).sum())
}

fn replayed(judged: &Judged, cpu: Option<Reading>) -> Result<Replay, String> {
    let policy = judged.policy.as_ref().ok_or_else(|| judged.decision.why.clone())?;
    if policy.min.is_none() || policy.max.is_none() {
        return Err(judged.decision.why.clone());
    }
    match cpu {
        Some(Reading::Points(points)) => replay(&points, policy).ok_or_else(|| "it has no CPU data".to_owned()),
        Some(Reading::Unreadable(why)) => Err(why),
        _ => Err("its CPU was not read".to_owned()),
    }
}

/// The message for people. None where no service is in shadow.
#[must_use]
pub fn message(days: &[Day]) -> Option<Message> {
    if days.is_empty() {
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
    let subject =
        format!("Tidegate: shadow mode would save ${month_usd:.2} a month on {}", counted(days.len(), "service"));
    let body = format!(
        "The last day, replayed under today's policies with CPU as the load.\n\n{lines}\nA saving counts only beside the work that would have been unmet. Nothing was changed.\n"
    );
    Some(Message::new(&subject, body))
}

#[expect(clippy::cast_precision_loss, reason = "task-seconds of one day")]
fn hours(task_seconds: i64) -> f64 {
    task_seconds as f64 / 3600.0
}
