//! What people read of incidents.

use tidegate_core::diagnosis::Diagnosis;
use tidegate_core::words::counted;

use crate::incidents::Outcome;

/// Causes that a message names of one service; the rest is counted.
const MOST: usize = 10;

/// Subject and body; None where there is nothing to tell.
#[must_use]
pub fn incidents(news: &[&Outcome]) -> Option<(String, String)> {
    let mut news = news.to_vec();
    news.sort_by_key(|outcome| (std::cmp::Reverse(outcome.incident.level), outcome.service.clone()));
    let headline = |outcome: &&Outcome| {
        format!("{}: {} ({})", outcome.service, outcome.incident.level.as_str(), outcome.incident.reason.code())
    };
    let subject = match news.as_slice() {
        [] => return None,
        [one] => format!("Tidegate: {}", headline(one)),
        [worst, more @ ..] => format!("Tidegate: {}, and {}", headline(worst), counted(more.len(), "more service")),
    };
    let body = news.iter().map(|outcome| format!("{}\n{}", headline(outcome), story(outcome)));
    Some((subject, body.collect::<Vec<_>>().join("\n\n")))
}

fn story(outcome: &Outcome) -> String {
    let incident = &outcome.incident;
    let mut lines = vec![incident.why.clone()];
    for group in incident.stops.iter().take(MOST) {
        let tasks = counted(group.count, "task");
        lines.push(format!("  {tasks} stopped, the last {}", group.last_task));
        lines.extend(told(&group.diagnosis));
    }
    lines.extend(incident.events.iter().take(MOST).flat_map(told));
    lines.join("\n")
}

fn told(diagnosis: &Diagnosis) -> Vec<String> {
    let container = diagnosis.container.as_ref().map_or_else(String::new, |name| format!("{name}: "));
    vec![
        format!("  {container}{}", diagnosis.cause),
        format!("    to mend it: {}", diagnosis.fix),
        format!("    AWS says: {}", diagnosis.said),
    ]
}
