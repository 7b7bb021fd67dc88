//! A trace as JSON: minutes, one a line or in one array, or the facts of a decision record.

use anyhow::{Context, Result, anyhow, bail, ensure};
use canary_gate::report::FUNCTION;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Deserializer, Value};
use tidegate_core::canary::facts::{Counts, Minute};
use tidegate_core::canary::{Facts, Policy};
use tidegate_core::words::nearest;

use super::rows::{COUNTS, Row};
use crate::trace;

/// What a text in JSON is.
#[derive(Clone, Debug)]
pub enum Read {
    /// Minutes.
    Rows(Vec<Row>),
    /// Facts by themselves, or with what a record has beside them.
    Facts(Box<Whole>),
}

/// Facts, and what a record has beside them.
#[derive(Clone, Debug)]
pub struct Whole {
    /// What was looked at.
    pub facts: Facts,
    /// What it was judged by; the default where that is not said.
    pub policy: Policy,
    /// The service, where that is said.
    pub service: Option<String>,
}

/// A minute as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    at: Value,
    #[serde(default)]
    canary: Option<Value>,
    #[serde(default)]
    baseline: Option<Value>,
    #[serde(default)]
    weight: Option<f64>,
}

/// Reads a text.
///
/// # Errors
/// Where it is not JSON, or neither minutes nor facts.
pub fn read(text: &str) -> Result<Read> {
    let mut values: Vec<Value> =
        Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().context("the trace is not JSON")?;
    if let [Value::Array(items)] = values.as_mut_slice() {
        values = std::mem::take(items);
    }
    ensure!(!values.is_empty(), "the trace has no minutes");
    let whole = |value: &Value| value.get("facts").is_some() || value.get("deployment").is_some();
    if values.iter().any(whole) {
        let count = values.len();
        let [value] = <[Value; 1]>::try_from(values).map_err(|_| anyhow!("there are {count} records: must be one"))?;
        return facts(value);
    }
    let numbered = values.into_iter().enumerate();
    let rows = numbered.map(|(index, value)| {
        let (place, shown) = (format!("minute {}", index + 1), value.to_string());
        row(value, &place).map_err(|rule| anyhow!("{place} is {shown}: {rule}"))
    });
    rows.collect::<Result<_>>().map(Read::Rows)
}

/// Facts by themselves, or within a record or a question.
fn facts(mut value: Value) -> Result<Read> {
    let Some(facts) = value.get_mut("facts").map(Value::take) else {
        let facts = serde_json::from_value(value).context("these facts can't be read")?;
        return Ok(Read::Facts(Box::new(Whole { facts, policy: Policy::default(), service: None })));
    };
    if let Some(function) = value.get("function").and_then(Value::as_str).filter(|function| *function != FUNCTION) {
        bail!("this is a record of {function:?}: must be one of {FUNCTION:?}");
    }
    let facts = serde_json::from_value(facts).context("the facts of this record can't be read")?;
    let policy = value.get_mut("policy").map(Value::take).filter(|policy| !policy.is_null());
    let policy = policy.map(serde_json::from_value).transpose().context("the policy of this record can't be read")?;
    let service = value.get("service").and_then(Value::as_str).map(str::to_owned);
    Ok(Read::Facts(Box::new(Whole { facts, policy: policy.unwrap_or_default(), service })))
}

/// The row that a value makes; the rule that it breaks otherwise.
fn row(value: Value, place: &str) -> Result<Row, String> {
    let written: Written = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let minute = Minute {
        at: time(&written.at)?,
        canary: counts("canary", written.canary)?,
        baseline: counts("baseline", written.baseline)?,
    };
    let row = Row { place: place.to_owned(), minute, weight: written.weight };
    row.fault().map_or(Ok(row), Err)
}

fn time(at: &Value) -> Result<Timestamp, String> {
    let text = at.as_str().map_or_else(|| at.to_string(), str::to_owned);
    trace::time(&text).ok_or_else(|| format!("at is {at}: must be {}{}", trace::TIME, trace::hint_of_time(&text)))
}

fn counts(arm: &str, value: Option<Value>) -> Result<Option<Counts>, String> {
    let Some(value) = value else { return Ok(None) };
    // The facts take what they don't know for somebody else's; here it is a slip of the pen.
    let named = value.as_object().into_iter().flat_map(|fields| fields.keys());
    if let Some(name) = named.into_iter().find(|name| !COUNTS.contains(&name.as_str())) {
        let meant = match nearest(name, COUNTS) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("must be one of {}", COUNTS.join(", ")),
        };
        return Err(format!("{arm} has {name:?}, and there is no such count; {meant}"));
    }
    serde_json::from_value(value).map(Some).map_err(|error| format!("{arm}: {error}"))
}
