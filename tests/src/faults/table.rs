//! What is printed of the rows, and written into the document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::kinds::Kind;
use super::must::Came;
use super::rows::Row;
use super::seen::Seen;
use crate::judges::table::markdown;

/// Between these lines of the document is what `make faults` writes.
const BEGIN: &str = "<!-- written by make faults -->";
const END: &str = "<!-- end of what make faults writes -->";

/// Prints a table for each function.
///
/// # Errors
/// Where nothing can be printed.
pub fn print(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    write!(out, "{}", tables(rows))
}

/// Prints what became of all of them.
///
/// # Errors
/// Where nothing can be printed.
pub fn sum_up(out: &mut impl Write, rows: &[Row], took: Duration) -> io::Result<()> {
    writeln!(out, "{} It took {} s.", counted(rows), took.as_secs())
}

fn counted(rows: &[Row]) -> String {
    let mut came: BTreeMap<Came, usize> = BTreeMap::new();
    for row in rows {
        *came.entry(row.came).or_default() += 1;
    }
    let came: Vec<String> = came.iter().map(|(came, count)| format!("{} {count}", came.word())).collect();
    let tried = rows.iter().filter(|row| row.fired > 0).count();
    let broken = rows.iter().filter(|row| row.is_broken()).count();
    let operations: BTreeSet<_> =
        rows.iter().map(|row| (row.situation.function, &row.trial.service, &row.trial.operation)).collect();
    format!(
        "{} rows, {tried} of them tried, over {} operations of functions: {}. Rows in which something that must hold did \
         not: {broken}.",
        rows.len(),
        operations.len(),
        came.join(", ")
    )
}

/// The tables of all functions, in Markdown.
fn tables(rows: &[Row]) -> String {
    let mut functions: Vec<&'static str> = Vec::new();
    for row in rows {
        if !functions.contains(&row.situation.function) {
            functions.push(row.situation.function);
        }
    }
    let mut text = String::new();
    for function in functions {
        let own: Vec<&Row> = rows.iter().filter(|row| row.situation.function == function).collect();
        let _ = writeln!(text, "### {function}\n\n{}", table(&own));
    }
    text
}

/// A line for each operation, a column for each fault.
fn table(rows: &[&Row]) -> String {
    let mut operations: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        let operation = (row.trial.service.as_str(), row.trial.operation.as_str());
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    operations.sort_unstable();
    let head: Vec<String> =
        std::iter::once("operation".to_owned()).chain(Kind::ALL.map(|kind| kind.name().to_owned())).collect();
    let line = |(service, operation): &(&str, &str)| {
        let cell = |kind: Kind| {
            let came: BTreeSet<Came> = rows
                .iter()
                .filter(|row| (row.trial.service.as_str(), row.trial.operation.as_str()) == (service, operation))
                .filter(|row| row.trial.kind == kind)
                .map(|row| row.came)
                .collect();
            came.into_iter().map(Came::word).collect::<Vec<_>>().join(", ")
        };
        std::iter::once(format!("{service} {operation}")).chain(Kind::ALL.map(cell)).collect()
    };
    markdown(&head, &operations.iter().map(line).collect::<Vec<_>>())
}

/// Writes the tables into a document, between its two marks.
///
/// # Errors
/// Where the document has no marks, or can't be written.
pub fn write(document: &Path, rows: &[Row]) -> io::Result<()> {
    let text = fs::read_to_string(document)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.ok_or_else(|| io::Error::other(format!("{} has no place for the table", document.display())))?;
    let tables = tables(rows);
    fs::write(document, format!("{before}{BEGIN}\n\n{}\n\n{tables}{END}{after}", counted(rows)))
}

/// Everything that was to be seen, in lines; of what was printed, what names an operation.
#[must_use]
pub fn details(seen: &Seen, operation: &str) -> Vec<String> {
    let mut lines = vec![
        format!("  changes {:?}", seen.changes),
        format!("  answers {:?}, unanswered {:?}", seen.answers, seen.unanswered),
        format!("  decided {:?}", seen.decided),
        format!("  told {:?}", seen.told),
        format!("  waiting {:?}, errors {:?}", seen.waiting, seen.errors),
    ];
    let records = seen.lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let whys: BTreeSet<String> = records.filter_map(|record| Some(record["why"].as_str()?.to_owned())).collect();
    lines.extend(whys.iter().rev().take(MOST_LINES).map(|why| format!("  why: {why}")));
    let named: BTreeSet<&str> = seen.about(operation).map(|line| about(line, operation)).collect();
    lines.extend(named.into_iter().take(MOST_LINES).map(|line| format!("  says ...{line}...")));
    if let Some(after) = &seen.after {
        lines.push(format!("  after changes {:?}, waiting {:?}, told {:?}", after.changes, after.waiting, after.told));
    }
    lines
}

/// Lines that are told of one row.
const MOST_LINES: usize = 6;

/// What is around an operation's name in a line.
fn about<'a>(line: &'a str, operation: &str) -> &'a str {
    const BEFORE: usize = 60;
    const AFTER: usize = 200;
    let at = line.find(operation).unwrap_or(0);
    let from = (0..=at.saturating_sub(BEFORE)).rev().find(|from| line.is_char_boundary(*from)).unwrap_or(0);
    let until = (at + AFTER).min(line.len());
    let until = (until..=line.len()).find(|until| line.is_char_boundary(*until)).unwrap_or(line.len());
    &line[from..until]
}
