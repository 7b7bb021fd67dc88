//! What the demo prints of a release, and its section of the page.

use std::io::{self, Write};

use jiff::Timestamp;
use tidegate::judge::page::charts;
use tidegate::judge::replay::{Ending, Moment, Past, Tally};
use tidegate::report::{Chart, Mark, Section};
use tidegate::text::count;
use tidegate_core::canary::facts::Facts;
use tidegate_core::canary::{self, CanaryRecord};
use tidegate_core::hook::{self, HookRecord};
use tidegate_core::words::counted;

use super::acts::Expectation;
use super::release::Release;
use super::show::{clock, paragraph};
use super::told;

/// Prints a release: what was decided, with its arithmetic, what people were told, and what came of it.
///
/// # Errors
/// Where it can't be written.
pub fn print(out: &mut impl Write, release: &Release) -> io::Result<()> {
    writeln!(out, "{}: {}", release.title, release.service)?;
    for line in told_in_lines(release) {
        paragraph(out, &line)?;
    }
    told::print(out, &release.told)?;
    writeln!(out)
}

/// Its story in lines: how it is deployed, what was decided, what came of it.
fn told_in_lines(release: &Release) -> Vec<String> {
    let mut lines = vec![release.story.to_owned()];
    let mut moments = looks(release);
    moments.extend(judgements(release));
    moments.sort_by_key(|(at, _)| *at);
    lines.extend(moments.into_iter().map(|(_, line)| line));
    lines.push(ending(release));
    lines
}

/// What the deployment hook found, stage by stage; what is alike in one line.
fn looks(release: &Release) -> Vec<(Timestamp, String)> {
    let alike = |a: &HookRecord, b: &HookRecord| a.action == Some(hook::Action::Wait) && b.action == a.action;
    let line = |same: &[HookRecord]| {
        let (first, last) = (&same[0], &same[same.len() - 1]);
        let word = match last.action {
            Some(hook::Action::LetPass) => "let pass",
            Some(hook::Action::FailHook) => "failed",
            Some(hook::Action::StopDeployment) => "stopped",
            Some(hook::Action::Wait) => "waits",
            None => last.decision.verdict.as_str(),
        };
        let decision = &last.decision;
        let (stage, code, why) = (stage(last), decision.reason.code(), &decision.why);
        (first.at, format!("{} {stage}: deploy-hook {word} ({code}): {why}", span(first.at, last.at)))
    };
    release.looks.chunk_by(alike).map(line).collect()
}

/// The platform's word for the stage of a look.
fn stage(look: &HookRecord) -> &str {
    look.facts.as_ref().map_or("?", |facts| &facts.deployment.event)
}

/// The decisions of the canary gate's that the deployment felt, those that are alike in one line.
fn judgements(release: &Release) -> Vec<(Timestamp, String)> {
    let felt: Vec<&CanaryRecord> = release.records.iter().filter(|record| record.action.is_some()).collect();
    let alike = |a: &&CanaryRecord, b: &&CanaryRecord| a.action == Some(canary::Action::Wait) && b.action == a.action;
    let line = |same: &[&CanaryRecord]| {
        let (first, last) = (same[0], same[same.len() - 1]);
        let (decision, when) = (&last.decision, span(first.at, last.at));
        (first.at, format!("{when} canary-gate {} ({}): {}", word(last), decision.reason.code(), decision.why))
    };
    felt.chunk_by(alike).map(line).collect()
}

fn span(first: Timestamp, last: Timestamp) -> String {
    let (first, last) = (clock(first), clock(last));
    if first == last { first } else { format!("{first} to {last}") }
}

fn word(record: &CanaryRecord) -> &'static str {
    match record.action {
        Some(canary::Action::StopDeployment) => "stopped",
        Some(canary::Action::FailHook) => "failed",
        Some(canary::Action::LetPass) => "let pass",
        Some(canary::Action::Wait) => "waits",
        None => record.decision.verdict.as_str(),
    }
}

/// What came of it.
fn ending(release: &Release) -> String {
    let (requests, failed) = release.seen();
    let ended = clock(release.ended);
    let share = release.last_share();
    match release.expects {
        Expectation::Failed { .. } => {
            format!("{ended} {}: {} requests reached the new version", status(release), count(requests))
        }
        Expectation::Proved => format!("{ended} {}: the new version has {share:.0} % of the traffic", status(release)),
        Expectation::Stopped { .. } => format!(
            "{ended} stopped after {} of traffic: {} requests reached the new version, {} of them failed; rolled back, it \
             has {share:.0} % of the traffic",
            counted(u64::try_from(release.exposed_minutes()).unwrap_or(0), "minute"),
            count(requests),
            count(failed),
        ),
    }
}

/// How its deployment ended, in small letters.
fn status(release: &Release) -> String {
    match release.status.as_str() {
        "ROLLBACK_SUCCESSFUL" | "Stopped" => "rolled back".to_owned(),
        other => other.to_lowercase(),
    }
}

/// What it is, by whom what was decided where, how it ended, and what became of requests.
#[must_use]
pub fn summary(release: &Release) -> [String; 7] {
    let minutes = counted(u64::try_from(release.exposed_minutes()).unwrap_or(0), "minute");
    let judged = release.records.iter().rfind(|record| record.action.is_some());
    let judged = judged.map_or("?", |record| record.decision.reason.code());
    let looked = release.last_look();
    let (by, at, why) = match release.expects {
        Expectation::Failed { .. } => {
            let why = looked.map_or("?", |look| look.decision.reason.code());
            ("deploy-hook", looked.map_or("?", stage).to_owned(), why)
        }
        Expectation::Stopped { .. } => ("canary-gate", minutes, judged),
        Expectation::Proved => ("both", "every stage".to_owned(), judged),
    };
    let (title, by, why) = (release.title.to_owned(), by.to_owned(), why.to_owned());
    [title, by, at, why, status(release), count(release.seen().0), count(release.lost)]
}

/// The section of a release.
#[must_use]
pub fn section(release: &Release) -> Section {
    Section {
        title: format!("{}: {}", release.title, release.service),
        text: told_in_lines(release),
        message: told::text(&release.told),
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
    let felt =
        release.records.iter().filter(|record| record.action.is_some_and(|action| action != canary::Action::Wait));
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
