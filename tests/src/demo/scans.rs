//! What the demo prints of a push, and its section of the page.

use std::io::{self, Write};

use jiff::Timestamp;
use tidegate::report::{Chart, Mark, Section, Series, Style, Summary};
use tidegate::text::count;
use tidegate_core::scan::judgement::Came;
use tidegate_core::scan::{Reason, ScanRecord};
use tidegate_core::verdict::Verdict;

use super::push::Push;
use super::pushes::{Expectation, SERVICE};
use super::show::{clock, paragraph};
use super::told;

/// Prints a push: what was decided, what people were told, and what came of it.
///
/// # Errors
/// Where it can't be written.
pub fn print(out: &mut impl Write, push: &Push) -> io::Result<()> {
    writeln!(out, "{}", title(push))?;
    for line in story(push) {
        paragraph(out, &line)?;
    }
    told::print(out, &push.told)?;
    writeln!(out)
}

fn title(push: &Push) -> String {
    format!("{}: {SERVICE}", push.title)
}

/// Its story in lines: what is pushed, what was decided, what came of it.
fn story(push: &Push) -> Vec<String> {
    let mut lines = vec![push.story.to_owned()];
    lines.extend(moments(push).into_iter().map(|moment| format!("{} {}", clock(moment.at), moment.words)));
    lines
}

/// Something that happened.
struct Moment {
    at: Timestamp,
    words: String,
    /// What is written beside it in the picture, where it is one of those that matter.
    name: Option<&'static str>,
}

impl Moment {
    fn new(at: Timestamp, words: impl Into<String>) -> Self {
        Self { at, words: words.into(), name: None }
    }

    fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

/// Everything that happened, in its order.
fn moments(push: &Push) -> Vec<Moment> {
    let mut moments = vec![
        Moment::new(push.pushed, format!("{} is pushed", push.image)),
        Moment::new(push.began, "its deployment begins").named("deployed"),
    ];
    moments.extend(push.scanned.map(|at| Moment::new(at, "Inspector is done with it")));
    // The same is said again and again while nothing changes.
    let alike = |a: &ScanRecord, b: &ScanRecord| a.decision.reason == b.decision.reason;
    moments.extend(push.records.chunk_by(alike).map(|same| judged(&same[0])));
    moments.extend(push.shares.windows(2).filter(|pair| pair[0].1 < pair[1].1).map(|pair| {
        let (at, share) = pair[1];
        Moment::new(at, format!("{share:.0} % of the traffic goes to it"))
    }));
    moments.push(ending(push));
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn judged(record: &ScanRecord) -> Moment {
    let decision = &record.decision;
    let told = |word: &str| Moment::new(record.at, format!("{word} ({}): {}", decision.reason.code(), decision.why));
    let did = record.action.iter().flatten().any(|step| step.came == Came::Done);
    match decision.verdict {
        _ if did => told("stopped").named("stopped"),
        Verdict::Pass if decision.reason == Reason::RollBack => told("let pass"),
        Verdict::Pass => told("let pass").named("let pass"),
        Verdict::Inconclusive => told("waits"),
        Verdict::Fail => told("blocked"),
        Verdict::Error => told("not judged"),
    }
}

/// What came of it.
fn ending(push: &Push) -> Moment {
    let came = match push.expects {
        Expectation::Blocked { .. } => format!("{}: {}", status(push), reached(push)),
        Expectation::LetThrough => format!("{}: it has {:.0} % of the traffic", status(push), push.last_share()),
    };
    Moment::new(push.ended, came)
}

/// How its deployment ended, in small letters.
fn status(push: &Push) -> String {
    match push.status.as_str() {
        "ROLLBACK_SUCCESSFUL" => "rolled back".to_owned(),
        other => other.to_lowercase().replace('_', " "),
    }
}

fn reached(push: &Push) -> String {
    match push.requests {
        0 => "no request reached it".to_owned(),
        some => format!("{} requests reached it", count(some)),
    }
}

/// What it is, by whom what was decided where, how it ended, and what became of requests.
#[must_use]
pub fn summary(push: &Push) -> [String; 7] {
    // A roll-back of it is judged too.
    let decided = match push.expects {
        Expectation::Blocked { .. } => Verdict::Fail,
        Expectation::LetThrough => Verdict::Pass,
    };
    let decided = push.records.iter().rfind(|record| record.decision.verdict == decided);
    [
        push.title.to_owned(),
        "scan-gate".to_owned(),
        "the scan's end".to_owned(),
        decided.map_or("?", |record| record.decision.reason.code()).to_owned(),
        status(push),
        count(push.requests),
        count(push.lost),
    ]
}

/// The section of a push.
#[must_use]
pub fn section(push: &Push) -> Section {
    Section {
        title: title(push),
        text: story(push),
        message: told::text(&push.told),
        charts: vec![picture(push)],
        ..Section::default()
    }
}

/// The traffic of both images, with what happened.
fn picture(push: &Push) -> Chart {
    let series = |label: &str, value: &dyn Fn(f64) -> f64| Series {
        label: label.to_owned(),
        style: Style::Step,
        values: push.shares.iter().map(|(_, share)| Some(value(*share))).collect(),
    };
    let mark =
        |moment: Moment| Mark { x: moment.at.as_second(), label: moment.words, name: moment.name.map(str::to_owned) };
    Chart::Time {
        title: "The share of the traffic that each image has".to_owned(),
        unit: "%".to_owned(),
        x: push.shares.iter().map(|(at, _)| at.as_second()).collect(),
        series: vec![
            series("the image that ran before", &|share| 100.0 - share),
            series("the image that is pushed", &|share| share),
        ],
        sync: push.image.clone(),
        marks: moments(push).into_iter().map(mark).collect(),
        summary: Summary::Last,
        log_y: None,
    }
}
