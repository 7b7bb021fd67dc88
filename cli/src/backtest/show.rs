//! A back-test's results for people and for programs.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use tidegate_core::backtest::run::Figures;
use tidegate_core::backtest::sweep::{Beaten, Comparison, EqualUnmet, Outcome};
use tidegate_core::prices::{AS_OF, HOURS_A_MONTH};

use super::Load;
use super::simulate::{Curve, FIXED, Pass, Results, SWEEP, Setup};
use crate::text::{percent, significant, table, usd};

/// What the columns of the overview mean.
pub const LEGEND: &str = "unmet, minutes: the share of the work that found no capacity, and the minutes with any of it.
vs: the bill against a count that is fixed at the peak, and AWS target tracking. oracle: times its bill.
busy: mean utilisation. changes, flaps: of the count a day, and those that turn back one of the last ten minutes.";

/// Prints the results.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, load: &Load, setup: &Setup, results: &Results, as_json: bool) -> Result<()> {
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&figures(load, setup, results))?)?;
        return Ok(());
    }
    for line in headline(load, setup) {
        writeln!(out, "{line}")?;
    }
    let (head, rows) = overview(setup, results);
    writeln!(out, "{}\n{LEGEND}", table(&head, &rows))?;
    if !results.curves.is_empty() {
        writeln!(
            out,
            "\nThe same over targets from 40 to 90 %: the bill, times the oracle's, and the work left unmet"
        )?;
        let (head, rows) = sweep(results);
        writeln!(out, "{}", table(&head, &rows))?;
        for line in comparisons(results) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// What was simulated, in three lines.
#[must_use]
pub fn headline(load: &Load, setup: &Setup) -> [String; 3] {
    let minutes = load.demand.minutes.len();
    let known = load.demand.known().count();
    let days = setup.days(minutes);
    let gaps = if known == minutes {
        String::new()
    } else {
        format!(", {} of it without data", percent(setup.days(minutes - known) / days))
    };
    [
        format!("{}: {days:.1} days{gaps}", load.name),
        format!(
            "One task serves {} at 100 %, starts in {} s, and its metrics are {} s late; between {} and {} tasks at {} %.",
            significant(setup.capacity),
            setup.start_s,
            setup.metric_delay_s,
            setup.min,
            setup.max,
            setup.target
        ),
        format!(
            "{} CPU units and {} MiB ({}) in {}: ${:.5} an hour, by the second, a minute at least (prices of {AS_OF}).",
            setup.cpu_units, setup.memory_mib, setup.bought, setup.region, setup.task_hour_usd
        ),
    ]
}

/// The table at the one target.
#[must_use]
pub fn overview(setup: &Setup, results: &Results) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let head = vec!["", "a month", "unmet", "minutes", "vs fixed", "vs AWS", "oracle", "busy", "changes", "flaps"];
    let fixed = results.passes.last().map_or(0.0, |pass| setup.month_usd(&pass.figures));
    let tracking = results.passes.get(1).map_or(0.0, |pass| setup.month_usd(&pass.figures));
    let row = |pass: &Pass| {
        let Pass { name, figures, .. } = pass;
        let month = setup.month_usd(figures);
        let name = if *name == FIXED { format!("fixed at {}", results.fixed) } else { (*name).to_owned() };
        vec![
            name,
            usd(month),
            percent(figures.unmet_share()),
            figures.unmet_minutes.to_string(),
            against(month, fixed),
            against(month, tracking),
            format!("{:.2} x", setup.over_oracle(figures, results)),
            percent(figures.utilisation / 100.0),
            format!("{:.1}", per_day(figures.actions, figures)),
            format!("{:.1}", per_day(figures.flaps, figures)),
        ]
    };
    let mut rows: Vec<Vec<String>> = results.passes.iter().map(row).collect();
    let oracle = results.passes.first().map_or(0.0, |pass| setup.month_of(results.oracle_s, &pass.figures));
    let mut last = vec![
        "oracle".to_owned(),
        usd(oracle),
        "0 %".to_owned(),
        "0".to_owned(),
        against(oracle, fixed),
        against(oracle, tracking),
        "1.00 x".to_owned(),
    ];
    last.resize(head.len(), String::new());
    rows.push(last);
    (head, rows)
}

/// One row per target, two columns per scaler.
#[must_use]
pub fn sweep(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec!["target".to_owned()];
    head.extend(results.curves.iter().flat_map(|curve| [curve.kind.name().to_owned(), "unmet".to_owned()]));
    let row = |(index, target): (usize, f64)| {
        let mut row = vec![format!("{target} %")];
        for curve in &results.curves {
            let figures = &curve.outcomes[index].figures;
            row.push(format!("{:.2} x", ratio(figures.billed_s, results.oracle_s)));
            row.push(percent(figures.unmet_share()));
        }
        row
    };
    (head, SWEEP.into_iter().enumerate().map(row).collect())
}

/// What the sweep says, a sentence or two for each of the others.
#[must_use]
pub fn comparisons(results: &Results) -> Vec<String> {
    let [ours, ..] = results.curves.as_slice() else { return Vec::new() };
    let beaten = |beaten: Beaten| format!("{} of {}", beaten.targets, beaten.of);
    let sentence = |(theirs, comparison): (&Curve, Comparison)| {
        let bill = match comparison.equal {
            Some(EqualUnmet { bill_ratio, least, most }) => {
                let (difference, word) = ((bill_ratio - 1.0) * 100.0, if bill_ratio < 1.0 { "less" } else { "more" });
                let (least, most) = (percent(least), percent(most));
                let range = if least == most { least } else { format!("{least} to {most}") };
                format!("where both leave {range} of the work unmet it costs {:.1} % {word}", difference.abs())
            }
            None => apart(ours, theirs, results.oracle_s),
        };
        format!(
            "Against {}: {bill}. At {} of their best targets it leaves no more unmet and costs no more; they do so at {} of its own.",
            theirs.kind.name(),
            beaten(comparison.beaten),
            beaten(comparison.beaten_by)
        )
    };
    results.comparisons().into_iter().map(sentence).collect()
}

/// Two curves that share no level of unmet demand: the cheapest of ours beside that of theirs that leaves the least unmet.
fn apart(ours: &Curve, theirs: &Curve, oracle_s: i64) -> String {
    let point = |outcome: Option<&Outcome>| {
        outcome.map_or_else(String::new, |Outcome { target, figures }| {
            let (unmet, bill) = (percent(figures.unmet_share()), ratio(figures.billed_s, oracle_s));
            format!("{target} %, leaves {unmet} for {bill:.2} times the oracle's bill")
        })
    };
    let cheapest = ours.outcomes.iter().min_by_key(|outcome| outcome.figures.billed_s);
    let unmet = |outcome: &&Outcome| outcome.figures.unmet_share();
    let safest = theirs.outcomes.iter().min_by(|a, b| unmet(a).total_cmp(&unmet(b)));
    format!(
        "they never leave the same share unmet; the cheapest of its targets, {}, and the safest of theirs, {}",
        point(cheapest),
        point(safest)
    )
}

/// Everything as JSON.
#[must_use]
pub fn figures(load: &Load, setup: &Setup, results: &Results) -> Value {
    let pass = |pass: &Pass| {
        json!({
            "scaler": pass.name, "figures": pass.figures, "unmet_share": pass.figures.unmet_share(),
            "month_usd": setup.month_usd(&pass.figures), "over_oracle": setup.over_oracle(&pass.figures, results),
            "actions_per_day": per_day(pass.figures.actions, &pass.figures),
            "flaps_per_day": per_day(pass.figures.flaps, &pass.figures),
        })
    };
    let curves: Vec<Value> =
        results.curves.iter().map(|curve| json!({"scaler": curve.kind.name(), "outcomes": curve.outcomes})).collect();
    let comparisons: Vec<Value> = results
        .comparisons()
        .into_iter()
        .map(|(curve, comparison)| json!({"with": curve.kind.name(), "comparison": comparison}))
        .collect();
    json!({
        "load": load.name, "minutes": load.demand.minutes.len(), "minutes_with_data": load.demand.known().count(),
        "setup": setup, "prices_as_of": AS_OF, "oracle_billed_s": results.oracle_s, "fixed_tasks": results.fixed,
        "scalers": results.passes.iter().map(pass).collect::<Vec<_>>(), "sweep": curves, "comparisons": comparisons,
    })
}

fn against(month: f64, other: f64) -> String {
    if other > 0.0 { format!("{:+.1} %", (month / other - 1.0) * 100.0) } else { String::new() }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a trace")]
fn per_day(count: u64, figures: &Figures) -> f64 {
    if figures.minutes == 0 { 0.0 } else { count as f64 / figures.days() }
}

#[expect(clippy::cast_precision_loss, reason = "task-seconds of a trace")]
fn ratio(billed_s: i64, oracle_s: i64) -> f64 {
    billed_s as f64 / oracle_s.max(1) as f64
}

impl Setup {
    /// What a pass would cost for a month.
    #[must_use]
    pub fn month_usd(&self, figures: &Figures) -> f64 {
        self.month_of(figures.billed_s, figures)
    }

    /// What so many task-seconds over a pass's minutes would cost for a month.
    #[expect(clippy::cast_precision_loss, reason = "task-seconds of a trace")]
    fn month_of(&self, billed_s: i64, figures: &Figures) -> f64 {
        let hours = figures.minutes as f64 / 60.0;
        if hours > 0.0 { billed_s as f64 / 3600.0 * self.task_hour_usd / hours * HOURS_A_MONTH } else { 0.0 }
    }

    /// A pass's bill over the oracle's.
    #[must_use]
    pub fn over_oracle(&self, figures: &Figures, results: &Results) -> f64 {
        ratio(figures.billed_s, results.oracle_s)
    }

    #[expect(clippy::cast_precision_loss, clippy::unused_self, reason = "minutes of at most ten years")]
    fn days(&self, minutes: usize) -> f64 {
        minutes as f64 / (24.0 * 60.0)
    }
}
