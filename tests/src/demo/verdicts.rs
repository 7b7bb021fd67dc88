//! What the demo prints of a release, and its section of the page.

use std::io::{self, Write};

use tidegate::judge::page::charts;
use tidegate::judge::replay::{Ending, Moment, Past, Tally};
use tidegate::report::{Chart, Mark, Section};
use tidegate::text::count;
use tidegate_core::canary::facts::Facts;
use tidegate_core::canary::{Action, CanaryRecord};
use tidegate_core::words::counted;

use super::acts::Expectation;
use super::release::Release;
use super::show::{clock, paragraph};

/// Prints a release: what was decided, with its arithmetic, and what came of it.
///
/// # Errors
/// Where it can't be written.
pub fn print(out: &mut impl Write, release: &Release) -> io::Result<()> {
    writeln!(out, "{}: {}", release.title, release.service)?;
    for line in told(release) {
        paragraph(out, &line)?;
    }
    writeln!(out)
}

/// Its story in lines: how it is deployed, what was decided, what came of it.
fn told(release: &Release) -> Vec<String> {
    let mut lines = vec![release.story.to_owned()];
    lines.extend(story(release));
    lines.push(ending(release));
    lines
}

/// The decisions that a deployment felt, those that are alike in one line.
fn story(release: &Release) -> Vec<String> {
    let felt: Vec<&CanaryRecord> = release.records.iter().filter(|record| record.action.is_some()).collect();
    let alike = |a: &&CanaryRecord, b: &&CanaryRecord| a.action == Some(Action::Wait) && b.action == a.action;
    let line = |same: &[&CanaryRecord]| {
        let (first, last) = (same[0], same[same.len() - 1]);
        let until = if same.len() > 1 { format!(" to {}", clock(last.at)) } else { String::new() };
        let decision = &last.decision;
        format!("{}{until} {} ({}): {}", clock(first.at), word(last), decision.reason.code(), decision.why)
    };
    felt.chunk_by(alike).map(line).collect()
}

fn word(record: &CanaryRecord) -> &'static str {
    match record.action {
        Some(Action::StopDeployment) => "stopped",
        Some(Action::FailHook) => "failed",
        Some(Action::LetPass) => "let pass",
        Some(Action::Wait) => "waits",
        None => record.decision.verdict.as_str(),
    }
}

/// What came of it.
fn ending(release: &Release) -> String {
    let (requests, failed) = release.seen();
    let ended = clock(release.ended);
    match release.expects {
        Expectation::Proved => format!(
            "{ended} {}: the new version has {:.0} % of the traffic",
            release.status.to_lowercase(),
            release.last_share()
        ),
        Expectation::Stopped { .. } => format!(
            "{ended} stopped after {} of traffic: {} requests reached the new version, {} of them failed; rolled back, it \
             has {:.0} % of the traffic",
            counted(u64::try_from(release.exposed_minutes()).unwrap_or(0), "minute"),
            count(requests),
            count(failed),
            release.last_share()
        ),
    }
}

/// What it is, what should come of it, and what came of it.
#[must_use]
pub fn summary(release: &Release) -> [String; 3] {
    let (should, came) = match release.expects {
        Expectation::Proved => {
            let minutes = counted(u64::try_from(release.exposed_minutes()).unwrap_or(0), "minute");
            ("proved, and goes through".to_owned(), format!("in {minutes}"))
        }
        Expectation::Stopped { within } => {
            let (requests, failed) = release.seen();
            let came = format!("{} of {} requests failed", count(failed), count(requests));
            (format!("stopped within {}", counted(u64::try_from(within).unwrap_or(0), "minute")), came)
        }
    };
    [release.title.to_owned(), should, format!("{}, {came}", release.status.to_lowercase())]
}

/// The section of a release.
#[must_use]
pub fn section(release: &Release) -> Section {
    Section {
        title: format!("{}: {}", release.title, release.service),
        text: told(release),
        charts: pictures(release).unwrap_or_default(),
        ..Section::default()
    }
}

/// Both arms, the evidence and the share of the traffic, as `tidegate judge` draws them; the decisions are marked.
fn pictures(release: &Release) -> Option<Vec<Chart>> {
    let last = release.records.iter().rfind(|record| record.facts.is_some())?;
    let facts = Facts { minutes: release.minutes.clone(), ..last.facts.clone()? };
    let weights = release.shares.clone();
    let past = Past { name: release.service.clone(), facts, policy: last.policy.clone()?, weights };
    let mut moments: Vec<Moment> = Vec::new();
    // Hooks look between the minutes, too; a line needs one point for each minute.
    for record in release.records.iter().filter(|record| record.at.as_second() % 60 == 0 && record.facts.is_some()) {
        let (canary, baseline) = (Tally::default(), Tally::default());
        let moment = Moment { at: record.at, judgement: record.decision.clone(), minutes: 0, canary, baseline };
        moments.retain(|other| other.at != moment.at);
        moments.push(moment);
    }
    let moment = moments.last()?;
    let mut charts = charts(&past, &moments, &Ending { verdict: moment.judgement.verdict, moment });
    for chart in &mut charts {
        if let Chart::Time { sync, marks: own, .. } = chart {
            release.service.clone_into(sync);
            *own = marks(release);
        }
    }
    Some(charts)
}

/// The answers and the stops; waiting is no moment.
fn marks(release: &Release) -> Vec<Mark> {
    let felt = release.records.iter().filter(|record| record.action.is_some_and(|action| action != Action::Wait));
    let mark = |record: &CanaryRecord| {
        let decision = &record.decision;
        Mark {
            x: record.at.as_second(),
            label: format!("{} ({}): {}", word(record), decision.reason.code(), decision.why),
            name: Some(word(record).to_owned()),
        }
    };
    felt.map(mark).collect()
}
