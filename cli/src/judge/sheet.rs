//! A trace as CSV: a header that names the columns, and a row a minute.

use anyhow::{Context, Result, bail, ensure};
use csv::{Position, ReaderBuilder, StringRecord, Trim};
use tidegate_core::canary::facts::{Counts, Minute};
use tidegate_core::words::nearest;

use super::rows::{COUNTS, Row};
use crate::trace;

/// Columns that every sheet has.
const REQUIRED: [&str; 3] = ["time", "canary_requests", "canary_errors"];

/// The header that messages show.
const USUAL: &str = "time,canary_requests,canary_errors,baseline_requests,baseline_errors";

/// The rows of a sheet.
///
/// # Errors
/// The first line that can't be read, with its number, its text and the rule.
pub fn read(text: &str) -> Result<Vec<Row>> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let mut lines = reader.records();
    let header =
        lines.next().with_context(|| format!("the trace is empty: must begin with a header such as {USUAL}"))?;
    let columns = columns(&header.context("the trace is not CSV")?)?;
    let rows: Vec<Row> = lines
        .map(|cells| {
            let cells = cells.context("the trace is not CSV")?;
            let place = format!("line {}", cells.position().map_or(0, Position::line));
            row(&columns, &cells, &place).map_err(|rule| anyhow::anyhow!("{place} is {:?}: {rule}", shown(&cells)))
        })
        .collect::<Result<_>>()?;
    ensure!(!rows.is_empty(), "the trace has a header and no rows");
    Ok(rows)
}

fn shown(cells: &StringRecord) -> String {
    cells.iter().collect::<Vec<_>>().join(",")
}

/// The names in the header.
fn columns(header: &StringRecord) -> Result<Vec<String>> {
    let named: Vec<&str> = header.iter().collect();
    if let Some(first) = named.first().filter(|first| trace::time(first).is_some()) {
        bail!("the first line begins with {first:?}: must be a header that names the columns, such as {USUAL}");
    }
    if let [one] = named.as_slice()
        && one.contains([';', '\t'])
    {
        bail!("the header is {one:?}: its columns must be separated by commas");
    }
    let arms = ["canary", "baseline"].iter().flat_map(|arm| COUNTS.map(|count| format!("{arm}_{count}")));
    let known: Vec<String> =
        REQUIRED[..1].iter().map(|name| (*name).to_owned()).chain(arms).chain(["weight".to_owned()]).collect();
    for (index, name) in named.iter().enumerate() {
        if !known.iter().any(|known| known == name) {
            let meant = match nearest(name, known.iter().map(String::as_str)) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("must be one of {}", known.join(", ")),
            };
            bail!("the header names {name:?}, and there is no such column; {meant}");
        }
        ensure!(!named[..index].contains(name), "the header names {name:?} twice: must be one column each");
    }
    let mut required: Vec<&str> = REQUIRED.into();
    // Without any count of the old version the release is judged by itself; with some, all that it takes.
    if named.iter().any(|name| name.starts_with("baseline")) {
        required.extend(["baseline_requests", "baseline_errors"]);
    }
    for name in required {
        ensure!(named.contains(&name), "the header is {:?}: must also name {name:?}", named.join(","));
    }
    Ok(named.into_iter().map(str::to_owned).collect())
}

/// The row that the cells make; the rule that they break otherwise.
fn row(columns: &[String], cells: &StringRecord, place: &str) -> Result<Row, String> {
    if cells.len() != columns.len() {
        return Err(format!("has {} cells: must have the {} of the header", cells.len(), columns.len()));
    }
    let cell = |name: &str| {
        let index = columns.iter().position(|column| column == name)?;
        cells.get(index).filter(|text| !text.is_empty())
    };
    let at = cell("time").unwrap_or_default();
    let at =
        trace::time(at).ok_or_else(|| format!("time is {at:?}: must be {}{}", trace::TIME, trace::hint_of_time(at)))?;
    let minute = Minute { at, canary: counts("canary", &cell)?, baseline: counts("baseline", &cell)? };
    let weight = number("weight", &cell)?;
    let row = Row { place: place.to_owned(), minute, weight };
    row.fault().map_or(Ok(row), Err)
}

/// The counts of an arm; none without requests.
fn counts<'a>(arm: &str, cell: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<Counts>, String> {
    let count = |name: &str| {
        let name = format!("{arm}_{name}");
        let Some(text) = cell(&name) else { return Ok(None) };
        whole(text).map(Some).ok_or_else(|| format!("{name} is {text:?}: must be a whole number"))
    };
    let [requests, errors, connection_errors, unanswered, slow] =
        [count("requests")?, count("errors")?, count("connection_errors")?, count("unanswered")?, count("slow")?];
    let response_ms = number(&format!("{arm}_response_ms"), cell)?;
    let Some(requests) = requests else {
        let told = [errors, connection_errors, unanswered, slow].into_iter().flatten().any(|count| count > 0);
        return if told {
            Err(format!("{arm}_requests is empty: must be a count, as others of the {arm} are"))
        } else {
            Ok(None)
        };
    };
    let or_none = Option::unwrap_or_default;
    Ok(Some(Counts {
        requests,
        errors: or_none(errors),
        connection_errors: or_none(connection_errors),
        unanswered: or_none(unanswered),
        slow,
        response_ms,
    }))
}

fn number<'a>(name: &str, cell: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<f64>, String> {
    let Some(text) = cell(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.map(Some).ok_or_else(|| format!("{name} is {text:?}: must be a number of at least 0"))
}

/// A count; spreadsheets write 12 as 12.0.
fn whole(text: &str) -> Option<u64> {
    let digits = text
        .split_once('.')
        .map_or(text, |(whole, fraction)| if fraction.bytes().all(|b| b == b'0') { whole } else { text });
    digits.parse().ok()
}
