//! A back-test's report: the figures, and the pictures behind them.

use tidegate_core::backtest::demand::Demand;
use tidegate_core::backtest::run::Frame;
use tidegate_core::prices::AS_OF;

use super::simulate::{FIXED, Pass, Results, Setup};
use super::{Load, show};
use crate::report::{Chart, Curve, Page, Section, Series, Style, Summary, Table};

/// A chart has no more points: more than a screen has columns, and few enough to stay quick.
const MOST_POINTS: usize = 3000;

/// The page.
#[must_use]
pub fn page(load: &Load, setup: &Setup, results: &Results) -> Page {
    let [subtitle, service, price] = show::headline(load, setup);
    let (head, rows) = show::overview(setup, results);
    let head = head.into_iter().map(str::to_owned).collect();
    let mut sections = vec![Section {
        title: format!("At {} %", setup.target),
        text: vec![
            service,
            price,
            show::LEGEND.replace('\n', " "),
            "A saving counts only beside the work that was left unmet.".to_owned(),
        ],
        table: Some(Table { head, rows, highlight: Some(0) }),
        charts: charts(&load.demand, setup, results),
        ..Section::default()
    }];
    if !results.curves.is_empty() {
        let (head, rows) = show::sweep(results);
        sections.push(Section {
            title: "At equal unmet demand".to_owned(),
            text: show::comparisons(results),
            table: Some(Table { head, rows, highlight: None }),
            charts: vec![curves(results)],
            ..Section::default()
        });
    }
    Page {
        title: format!("Back-test of {}", load.name),
        subtitle,
        generated: None,
        footer: format!("tidegate {}, prices of {AS_OF}", env!("CARGO_PKG_VERSION")),
        sections,
    }
}

fn charts(demand: &Demand, setup: &Setup, results: &Results) -> Vec<Chart> {
    let minutes = demand.minutes.len().div_ceil(MOST_POINTS).max(1);
    let start = demand.start.as_second();
    let count = demand.minutes.len().div_ceil(minutes);
    let x: Vec<i64> = (0..count).map(|index| start + i64::try_from(index * minutes * 60).unwrap_or(0)).collect();
    let series = |pass: &Pass, style, value: &dyn Fn(&Frame) -> Option<f64>| Series {
        label: pass.name.to_owned(),
        style,
        values: pass.frames.chunks(minutes).map(|chunk| mean(chunk.iter().filter_map(value))).collect(),
    };
    let scalers = || results.passes.iter().take(3);
    let needed = |values: &[Option<f64>]| mean(values.iter().flatten().map(|value| value / setup.capacity));
    let work = Series {
        label: "work, in full tasks".to_owned(),
        style: Style::Area,
        values: demand.minutes.chunks(minutes).map(needed).collect(),
    };
    let tasks = |frame: &Frame| frame.demand.map(|_| f64::from(frame.running));
    let utilisation = |frame: &Frame| frame.demand.and(frame.utilisation);
    let unmet =
        |frame: &Frame| frame.demand.map(|demand| if demand > 0.0 { frame.unmet / demand * 100.0 } else { 0.0 });
    let chart = |title: &str, unit: &str, summary: Summary, series: Vec<Series>| Chart::Time {
        title: title.to_owned(),
        unit: unit.to_owned(),
        x: x.clone(),
        series,
        sync: "time".to_owned(),
        marks: Vec::new(),
        summary,
        log_y: None,
    };
    let lines = |style, value: &dyn Fn(&Frame) -> Option<f64>| {
        scalers().map(|pass| series(pass, style, value)).collect::<Vec<_>>()
    };
    let mut served = vec![work];
    served.extend(lines(Style::Step, &tasks));
    vec![
        chart("Work, and the tasks that serve it", "tasks", Summary::Mean, served),
        chart("Utilisation by the minute", "%", Summary::Mean, lines(Style::Line, &utilisation)),
        chart("Work left unmet by the minute", "% of the minute's work", Summary::Mean, lines(Style::Line, &unmet)),
        chart(
            "The bill so far",
            "$",
            Summary::Last,
            results.passes.iter().map(|pass| bill(pass, setup, minutes)).collect(),
        ),
    ]
}

/// What a pass has cost by each moment.
#[expect(clippy::cast_precision_loss, reason = "task-seconds of a trace")]
fn bill(pass: &Pass, setup: &Setup, minutes: usize) -> Series {
    let mut billed_s = 0;
    let so_far = |chunk: &[Frame]| {
        billed_s += chunk.iter().filter(|frame| frame.demand.is_some()).map(|frame| frame.billed_s).sum::<i64>();
        Some(billed_s as f64 / 3600.0 * setup.task_hour_usd)
    };
    let values = pass.frames.chunks(minutes).map(so_far).collect();
    let style = if pass.name == FIXED { Style::Dashed } else { Style::Line };
    Series { label: pass.name.to_owned(), style, values }
}

#[expect(clippy::cast_precision_loss, reason = "task-seconds of a trace")]
fn curves(results: &Results) -> Chart {
    let oracle = results.oracle_s.max(1) as f64;
    let curve = |curve: &super::simulate::Curve| Curve {
        label: curve.kind.name().to_owned(),
        points: curve
            .outcomes
            .iter()
            .map(|outcome| {
                // Nothing at all has no place on a logarithmic axis.
                let unmet = (outcome.figures.unmet_share() * 100.0).max(1e-4);
                (unmet, outcome.figures.billed_s as f64 / oracle, format!("{} %", outcome.target))
            })
            .collect(),
    };
    Chart::Xy {
        title: "What it costs to leave so much unmet".to_owned(),
        x_label: "work left unmet, percent".to_owned(),
        y_label: "the bill, times the oracle's".to_owned(),
        log_x: true,
        series: results.curves.iter().map(curve).collect(),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
