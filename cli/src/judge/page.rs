//! A replay's report: the verdict, and the pictures behind it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tidegate_core::canary::facts::{Arms, Counts, Minute};
use tidegate_core::canary::minutes::{end, share};
use tidegate_core::canary::{Facts, Policy};

use super::replay::{Ending, Moment, Past, bad};
use super::show;
use crate::report::{Chart, Mark, Page, Section, Series, Style, Summary, Table};

/// Evidence beyond these says no more: it is drawn at the edge.
const EVIDENCE: [f64; 2] = [1e-3, 1e6];

/// The name of every line that evidence is held against.
const THRESHOLD: &str = "threshold";

/// The page.
#[must_use]
pub fn page(past: &Past, moments: &[Moment], ending: &Ending<'_>, all: bool) -> Page {
    let rows = show::rows(moments, all);
    let highlight = rows.iter().position(|(_, at)| *at == Some(ending.moment.at));
    let table = Table {
        head: show::HEAD.map(str::to_owned).into(),
        rows: rows.into_iter().map(|(cells, _)| cells).collect(),
        highlight,
    };
    Page {
        title: format!("Judgement of {}", past.name),
        subtitle: show::headline(past, moments),
        generated: None,
        footer: format!("tidegate {}", env!("CARGO_PKG_VERSION")),
        sections: vec![
            Section {
                title: "The verdict".to_owned(),
                text: vec![
                    show::sentence(moments, ending),
                    ending.moment.judgement.reason.meaning().to_owned(),
                    "Rates and shares stand at the minute that they are of, evidence at the minute in which it was known: \
                     a minute counts once it has settled."
                        .to_owned(),
                ],
                charts: charts(past, moments, ending),
                ..Section::default()
            },
            Section {
                title: "Minute by minute".to_owned(),
                text: vec![show::legend(&past.policy).replace('\n', " ")],
                table: Some(table),
                ..Section::default()
            },
        ],
    }
}

/// One time axis for all charts, or their cursors and zooms would not agree.
struct Axis {
    times: Vec<Timestamp>,
    marks: Vec<Mark>,
}

/// Both arms, the evidence against its thresholds, and the canary's share, over time.
#[must_use]
pub fn charts(past: &Past, moments: &[Moment], ending: &Ending<'_>) -> Vec<Chart> {
    let Facts { minutes, deployment, .. } = &past.facts;
    let by_time: BTreeMap<Timestamp, &Minute> = minutes
        .iter()
        .filter(|minute| end(minute.at) > deployment.started_at)
        .map(|minute| (minute.at, minute))
        .collect();
    let judged: BTreeMap<Timestamp, &Moment> = moments.iter().map(|moment| (moment.at, moment)).collect();
    let times: BTreeSet<Timestamp> = by_time.keys().chain(judged.keys()).copied().collect();
    let axis = Axis { times: times.into_iter().collect(), marks: marks(moments, ending) };
    let of_minute = |label: &str, style, value: &dyn Fn(&Minute) -> Option<f64>| {
        axis.series(label, style, |at| value(by_time.get(at)?))
    };
    let of_moment = |label: &str, style, value: &dyn Fn(&Moment) -> Option<f64>| {
        axis.series(label, style, |at| value(judged.get(at)?))
    };
    let policy = &past.policy;
    let mut rates = vec![of_minute("canary", Style::Line, &|minute| percent(minute.canary?, policy))];
    let mut charts = Vec::new();
    if deployment.arms == Arms::Two {
        rates.push(of_minute("baseline", Style::Line, &|minute| percent(minute.baseline?, policy)));
    }
    charts.push(axis.chart("Bad requests, of all in the minute", "%", Summary::Mean, rates));
    if deployment.arms == Arms::Two {
        let line = |label: &str, style, value: f64| of_moment(label, style, &|_| Some(value));
        let worse = vec![
            of_moment("evidence", Style::Line, &|moment| moment.judgement.evidence),
            line(THRESHOLD, Style::Dashed, 1.0 / policy.alpha),
        ];
        charts.push(axis.evidence("Evidence that the canary is worse: stops at the threshold", worse));
        let good = vec![
            of_moment("evidence", Style::Line, &|moment| moment.judgement.good()),
            line(THRESHOLD, Style::Dashed, 1.0 / policy.beta),
        ];
        charts.push(axis.evidence("Evidence that it is good enough: passes at the threshold", good));
        let mut split = vec![of_minute("canary", Style::Line, &|minute| Some(share(minute)? * 100.0))];
        if !past.weights.is_empty() {
            split.push(
                axis.series("asked for", Style::Area, |at| past.weight(*at).filter(|_| by_time.contains_key(at))),
            );
        }
        charts.push(axis.chart("The canary's share of the requests", "%", Summary::Mean, split));
    }
    charts
}

/// Every moment from which on something else is said; the one that counts has the verdict beside it.
fn marks(moments: &[Moment], ending: &Ending<'_>) -> Vec<Mark> {
    let said = |moment: &Moment| (moment.judgement.verdict, moment.judgement.reason);
    let mark = |moment: &Moment| Mark {
        x: moment.at.as_second(),
        label: format!("{} {}", moment.judgement.verdict.as_str(), moment.judgement.reason.code()),
        name: (moment.at == ending.moment.at).then(|| ending.verdict.as_str().to_owned()),
    };
    let changes = moments.chunk_by(|a, b| said(a) == said(b)).filter_map(|alike| alike.first()).map(mark);
    // What is said at first is no change, but may be what counts.
    changes.enumerate().filter(|(index, mark)| *index > 0 || mark.name.is_some()).map(|(_, mark)| mark).collect()
}

impl Axis {
    fn series(&self, label: &str, style: Style, value: impl Fn(&Timestamp) -> Option<f64>) -> Series {
        Series { label: label.to_owned(), style, values: self.times.iter().map(value).collect() }
    }

    fn chart(&self, title: &str, unit: &str, summary: Summary, series: Vec<Series>) -> Chart {
        self.any(title, unit, summary, series, None)
    }

    fn evidence(&self, title: &str, series: Vec<Series>) -> Chart {
        self.any(title, "e-value", Summary::Last, series, Some(EVIDENCE))
    }

    fn any(&self, title: &str, unit: &str, summary: Summary, series: Vec<Series>, log_y: Option<[f64; 2]>) -> Chart {
        Chart::Time {
            title: title.to_owned(),
            unit: unit.to_owned(),
            x: self.times.iter().map(|at| at.as_second()).collect(),
            series,
            sync: "time".to_owned(),
            marks: self.marks.clone(),
            summary,
            log_y,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a minute")]
fn percent(counts: Counts, policy: &Policy) -> Option<f64> {
    (counts.requests > 0).then(|| bad(&counts, policy) as f64 / counts.requests as f64 * 100.0)
}
