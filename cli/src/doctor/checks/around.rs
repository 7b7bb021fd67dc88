//! The stack's queues, its alarms, and who is told.

use tidegate_core::words::counted;

use super::super::check::{Area, Check};
use super::super::facts::{Facts, Known};

/// Queues with these endings are ends of lines: what is in them was not dealt with.
const DEAD_ENDS: [&str; 4] = ["Failures", "Unanswered", "Undecided", "Undiagnosed"];

/// What waits, and who hears of it.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks: Vec<Check> = facts.queues.iter().map(|(queue, waiting)| of_queue(queue, waiting)).collect();
    checks.extend(alarms(facts));
    checks.extend(subscriptions(facts));
    checks
}

fn of_queue(queue: &str, waiting: &Known<Option<u64>>) -> Check {
    const AREA: Area = Area::Queues;
    let dead_end = DEAD_ENDS.iter().any(|ending| queue.ends_with(ending));
    match waiting {
        Err(error) => Check::unknown(AREA, queue, error),
        Ok(None) => Check::fault(AREA, queue, "queue_missing", "the queue is gone, and what goes into it is lost")
            .to_do("deploy the stack again; somebody has deleted it outside of CloudFormation"),
        Ok(Some(0)) => Check::ok(AREA, queue, "queue_empty", "empty"),
        Ok(Some(count)) if queue.ends_with("Unanswered") => {
            let what = format!("{} in it: a hook that could be neither answered nor stopped", messages(*count));
            Check::fault(AREA, queue, "queue_not_empty", what)
                .to_do("read them, look at those deployments, then purge it")
        }
        Ok(Some(count)) if dead_end => {
            let what = format!("{} in it: something was not dealt with", messages(*count));
            Check::warning(AREA, queue, "queue_not_empty", what)
                .to_do("read them, mend the cause, then purge or redrive it")
        }
        Ok(Some(count)) => Check::ok(AREA, queue, "queue_at_work", format!("{} waiting", messages(*count))),
    }
}

fn messages(count: u64) -> String {
    counted(count, "message")
}

fn alarms(facts: &Facts) -> Vec<Check> {
    const AREA: Area = Area::Alarms;
    let (names, found) = &facts.alarms;
    let found = match found {
        Err(error) => return vec![Check::unknown(AREA, "alarms of the stack", error)],
        Ok(_) if names.is_empty() => return Vec::new(),
        Ok(found) => found,
    };
    let mut checks = Vec::new();
    for name in names {
        let alarm = found.iter().find(|alarm| alarm.name == *name);
        checks.extend(match alarm {
            None => Some(
                Check::warning(AREA, name, "alarm_missing", "the alarm is gone: nobody is told")
                    .to_do("deploy the stack again; somebody has deleted it outside of CloudFormation"),
            ),
            Some(alarm) if alarm.in_alarm => {
                let since = alarm.since.map_or_else(String::new, |since| format!(" since {since}"));
                let to_do = "its description says what to do";
                Some(Check::fault(AREA, name, "in_alarm", format!("it is in ALARM{since}")).to_do(to_do))
            }
            Some(alarm) if !alarm.actions_enabled => Some(
                Check::warning(AREA, name, "alarm_muted", "its actions are switched off: nobody is told")
                    .to_do("switch them on again"),
            ),
            Some(_) => None,
        });
    }
    if checks.is_empty() {
        let what = format!("{}, none in ALARM", counted(names.len(), "alarm"));
        checks.push(Check::ok(AREA, "alarms of the stack", "alarms_quiet", what));
    }
    checks
}

fn subscriptions(facts: &Facts) -> Option<Check> {
    const AREA: Area = Area::Alarms;
    const SUBJECT: &str = "notifications";
    let found = match facts.subscriptions.as_ref()? {
        Err(error) => return Some(Check::unknown(AREA, SUBJECT, error)),
        Ok(found) => found,
    };
    let (confirmed, pending): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.confirmed);
    Some(match (confirmed.len(), pending.len()) {
        (0, 0) => Check::warning(AREA, SUBJECT, "nobody_told", "nobody has subscribed to the topic: nobody is told")
            .to_do("subscribe to the stack's output NotificationTopicArn"),
        (0, _) => {
            let who: Vec<&str> = pending.iter().map(|one| &*one.endpoint).collect();
            let what = format!("nobody has confirmed yet: {}; until then nobody is told", who.join(", "));
            Check::warning(AREA, SUBJECT, "nobody_confirmed", what)
                .to_do("follow the link in the mail that SNS has sent")
        }
        (told, 0) => Check::ok(AREA, SUBJECT, "somebody_told", counted(told, "confirmed subscription")),
        (told, left) => {
            let what = format!("{}, and {left} that nobody has confirmed", counted(told, "confirmed subscription"));
            Check::ok(AREA, SUBJECT, "somebody_told", what)
        }
    })
}
