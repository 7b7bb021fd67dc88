//! A verdict for people, and as JSON.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, ColumnConstraint, Table};
use jiff::Timestamp;
use serde::Serialize;

use tidegate_core::scan::facts::Image;
use tidegate_core::scan::finding::Package;
use tidegate_core::scan::judgement::{Accepted, Because, Blocking};
use tidegate_core::scan::{Judgement, Policy, tell};
use tidegate_core::verdict::Verdict;

use super::Judged;
use crate::text::table;

/// Findings that a table has; JSON and SARIF have all.
const MOST: usize = 50;

/// Prints a verdict as tables.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, judged: &Judged) -> Result<()> {
    let Judged { facts, judgement, notes, at, .. } = judged;
    let (verdict, reason) = (judgement.verdict.as_str().to_uppercase(), judgement.reason);
    writeln!(out, "{verdict} ({}): {}", reason.code(), judgement.why)?;
    if !judgement.blocking.is_empty() {
        let several = facts.platforms.len() > 1;
        writeln!(out, "\n{}", blocking(judged, several).trim_fmt())?;
        more(out, judgement.blocking.len())?;
    }
    if !judgement.accepted.is_empty() {
        writeln!(out, "\nAccepted:\n{}", accepted(&judgement.accepted).trim_fmt())?;
        more(out, judgement.accepted.len())?;
    }
    let stale = judgement.stale_exceptions.iter().map(|stale| format!("{}: {}", stale.id, stale.why));
    list(out, "Exceptions that accept nothing any more:", stale)?;
    let warnings = judgement.warnings.iter().filter(|warning| **warning != judgement.why).cloned();
    list(out, "Also:", warnings)?;
    list(out, "Notes:", notes.iter().cloned())?;
    if judgement.verdict == Verdict::Fail && !judgement.blocking.is_empty() {
        let exceptions = tell::exceptions(&facts.image, &judgement.blocking, *at);
        writeln!(
            out,
            "\nTo accept this for a while, add to the exceptions of the policy, with a reason:\n{exceptions}"
        )?;
    }
    Ok(())
}

/// Prints a verdict as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, judged: &Judged) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        image: &'a Image,
        at: Timestamp,
        #[serde(flatten)]
        judgement: &'a Judgement,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        notes: &'a [String],
    }
    let Judged { facts, judgement, notes, at, .. } = judged;
    let line = Line { image: &facts.image, at: *at, judgement, notes };
    writeln!(out, "{}", serde_json::to_string(&line)?)?;
    Ok(())
}

fn list(out: &mut impl Write, head: &str, items: impl Iterator<Item = String>) -> Result<()> {
    let mut items = items.peekable();
    if items.peek().is_some() {
        writeln!(out, "\n{head}")?;
    }
    items.try_for_each(|item| writeln!(out, "  {item}"))?;
    Ok(())
}

fn more(out: &mut impl Write, count: usize) -> Result<()> {
    if count > MOST {
        writeln!(out, "... and {} more; --json has all", count - MOST)?;
    }
    Ok(())
}

/// What blocks: a row for each package, and what is said once per finding in the first.
fn blocking(judged: &Judged, several_platforms: bool) -> Table {
    let mut rows = Vec::new();
    for finding in judged.judgement.blocking.iter().take(MOST) {
        let on = if several_platforms { format!(" (on {})", finding.platforms.join(", ")) } else { String::new() };
        let none = [Package::default()];
        let packages = if finding.packages.is_empty() { &none } else { finding.packages.as_slice() };
        for (index, package) in packages.iter().enumerate() {
            let once = |text: String| if index == 0 { text } else { String::new() };
            rows.push(vec![
                once(finding.id.clone()),
                once(finding.severity.as_str().to_owned()),
                package.name.clone(),
                package.installed.clone().unwrap_or_default(),
                package.fixed.clone().unwrap_or_default(),
                once(format!("{}{on}", why(finding, &judged.policy))),
            ]);
        }
    }
    laid_out(&["blocks", "severity", "package", "installed", "fixed in", "why"], &rows)
}

/// Why a finding blocks, without what the other columns say already.
fn why(finding: &Blocking, policy: &Policy) -> String {
    let threshold = if finding.fix.is_there() { policy.thresholds.fixable } else { policy.thresholds.unfixable };
    match (finding.because, threshold) {
        (Because::Severity, _) if !finding.severity.is_rated() => format!("counts as {}", policy.unrated.as_str()),
        (Because::Severity, Some(threshold)) => format!("at or above {}", threshold.as_str()),
        _ => finding.why.clone(),
    }
}

fn accepted(accepted: &[Accepted]) -> Table {
    let rows: Vec<Vec<String>> = accepted
        .iter()
        .take(MOST)
        .map(|finding| {
            let packages = finding.packages.join(", ");
            vec![finding.id.clone(), finding.severity.as_str().to_owned(), packages, finding.why.clone()]
        })
        .collect();
    laid_out(&["id", "severity", "packages", "why"], &rows)
}

/// A table of words. In a narrow terminal the last column wraps; ids and severities never do.
fn laid_out(head: &[&str], rows: &[Vec<String>]) -> Table {
    let mut table = table(head, rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(CellAlignment::Left);
        if index < 2 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}
