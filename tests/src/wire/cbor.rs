//! Smithy RPC v2 CBOR: CloudWatch.

use ciborium::Value;
use jiff::Timestamp;

use super::Refusal;
use crate::world::api::Query;
use crate::world::faults::Fault;
use crate::world::metrics::Metric;
use crate::world::{Account, Alarm, World};

/// The tag of a time in seconds since 1970.
const TIME: u64 = 1;

/// Datapoints of one answer; more come with the next page.
const PER_PAGE: usize = 100_800;

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    bytes(&map([("__type", text(&refusal.code)), ("message", text(&refusal.message))]))
}

pub(super) fn answer(operation: &str, body: &[u8], world: &World, fault: Option<&Fault>) -> Result<Vec<u8>, Refusal> {
    let refused = |message: &str| Refusal::new("ValidationError", message);
    let input: Value = ciborium::from_reader(body).map_err(|_| refused("the body is not CBOR"))?;
    let account = world.lock();
    match operation {
        "GetMetricData" => get_metric_data(&account, &input, fault).ok_or_else(|| refused("the queries make no sense")),
        "DescribeAlarms" => Ok(bytes(&describe_alarms(&account, &input))),
        other => Err(Refusal::new("UnknownOperationException", format!("{other} is not known here"))),
    }
}

fn get_metric_data(account: &Account, input: &Value, fault: Option<&Fault>) -> Option<Vec<u8>> {
    let asked = get(input, "MetricDataQueries")?.as_array()?;
    if asked.len() > 500 {
        return None;
    }
    let (from, to) = (moment(get(input, "StartTime")?)?, moment(get(input, "EndTime")?)?);
    let queries: Vec<Query> = asked.iter().map(query).collect::<Option<_>>()?;
    let page: usize = get(input, "NextToken").and_then(Value::as_text).and_then(|page| page.parse().ok()).unwrap_or(0);
    let empty = match fault {
        Some(Fault::EmptyPages(pages)) => *pages as usize,
        _ => 0,
    };
    let data = account.metric_data(&queries, from, to);
    let last = data.iter().map(|points| points.len().div_ceil(PER_PAGE)).max().unwrap_or(0).max(1) - 1;
    let results = asked.iter().zip(&data).enumerate().map(|(index, (asked, points))| {
        let id = get(asked, "Id").cloned().unwrap_or_else(|| text(""));
        let partial = matches!(fault, Some(Fault::PartialData)) && index % 2 == 0;
        let more = page < empty || points.len() > (page + 1 - empty) * PER_PAGE;
        let mut shown: Vec<&(Timestamp, f64)> = points.iter().rev().collect();
        if page < empty {
            shown.clear();
        }
        let shown = shown.into_iter().skip(page.saturating_sub(empty) * PER_PAGE).take(PER_PAGE);
        let (times, values): (Vec<Value>, Vec<Value>) =
            shown.map(|(at, value)| (time(*at), Value::Float(*value))).unzip();
        map([
            ("Id", id),
            ("Label", text("label")),
            ("Timestamps", Value::Array(times)),
            ("Values", Value::Array(values)),
            ("StatusCode", text(if partial || more { "PartialData" } else { "Complete" })),
        ])
    });
    let results = ("MetricDataResults", Value::Array(results.collect()));
    let next = ("NextToken", text(&(page + 1).to_string()));
    let output = if page < empty + last { map([results, next]) } else { map([results]) };
    Some(bytes(&output))
}

fn query(asked: &Value) -> Option<Query> {
    let stat = get(asked, "MetricStat")?;
    let metric = get(stat, "Metric")?;
    let dimensions = get(metric, "Dimensions").and_then(Value::as_array).into_iter().flatten();
    let dimensions: Vec<(&str, &str)> = dimensions
        .map(|dimension| Some((get(dimension, "Name")?.as_text()?, get(dimension, "Value")?.as_text()?)))
        .collect::<Option<_>>()?;
    Some(Query {
        metric: Metric::new(get(metric, "Namespace")?.as_text()?, get(metric, "MetricName")?.as_text()?, &dimensions),
        stat: get(stat, "Stat")?.as_text()?.to_owned(),
        period_s: get(stat, "Period")?.as_integer()?.try_into().ok()?,
    })
}

fn describe_alarms(account: &Account, input: &Value) -> Value {
    let page = get(input, "NextToken").and_then(Value::as_text).and_then(|page| page.parse().ok()).unwrap_or(0);
    if let Some(composite) = get(input, "ChildrenOfAlarmName").and_then(Value::as_text) {
        let children = account.alarm_children(composite);
        let shown = children.iter().skip(page * ALARMS_PER_PAGE).take(ALARMS_PER_PAGE);
        let shown = shown.map(|child| map([("AlarmName", text(child))])).collect();
        let lists = [("MetricAlarms", Value::Array(shown)), ("CompositeAlarms", Value::Array(Vec::new()))];
        return paged(lists, page, children.len());
    }
    let names = get(input, "AlarmNames").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = names.filter_map(|name| name.as_text().map(str::to_owned)).collect();
    let found = account.describe_alarms(&names);
    let total = found.len();
    let shown = found.into_iter().skip(page * ALARMS_PER_PAGE).take(ALARMS_PER_PAGE);
    let (composite, metric): (Vec<&Alarm>, Vec<&Alarm>) = shown.partition(|alarm| !alarm.children.is_empty());
    let composite = composite.into_iter().map(|alarm| {
        let rule = alarm.children.iter().map(|child| format!("ALARM(\"{child}\")")).collect::<Vec<_>>().join(" OR ");
        map(known(alarm).into_iter().chain([("AlarmRule", text(&rule))]))
    });
    let lists = [
        ("MetricAlarms", Value::Array(metric.into_iter().map(metric_alarm).collect())),
        ("CompositeAlarms", Value::Array(composite.collect())),
    ];
    paged(lists, page, total)
}

/// Smaller than CloudWatch's own, so that tests see more than one.
const ALARMS_PER_PAGE: usize = 3;

fn paged<const N: usize>(lists: [(&str, Value); N], page: usize, total: usize) -> Value {
    let next = (total > (page + 1) * ALARMS_PER_PAGE).then(|| ("NextToken", text(&(page + 1).to_string())));
    map(lists.into_iter().chain(next))
}

fn metric_alarm(alarm: &Alarm) -> Value {
    let dimensions = alarm.dimensions.iter().map(|(name, value)| map([("Name", text(name)), ("Value", text(value))]));
    let dimensions = Value::Array(dimensions.collect());
    let known = known(alarm);
    if alarm.math {
        let metric =
            map([("Namespace", text("AWS/ECS")), ("MetricName", text("CPUUtilization")), ("Dimensions", dimensions)]);
        let stat = map([("Metric", metric), ("Period", Value::Integer(60.into())), ("Stat", text("Average"))]);
        let metrics = Value::Array(vec![
            map([("Id", text("e1")), ("Expression", text("m1 * 2"))]),
            map([("Id", text("m1")), ("MetricStat", stat)]),
        ]);
        return map(known.into_iter().chain([("Metrics", metrics)]));
    }
    map(known.into_iter().chain([("Dimensions", dimensions), ("MetricName", text("CPUUtilization"))]))
}

/// What alarms of every kind have.
fn known(alarm: &Alarm) -> Vec<(&'static str, Value)> {
    let since = alarm.since.map(|since| ("StateUpdatedTimestamp", time(since)));
    let told = [("AlarmName", text(&alarm.name)), ("StateValue", text(&alarm.state))];
    told.into_iter().chain([("ActionsEnabled", Value::Bool(!alarm.muted))]).chain(since).collect()
}

fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value)
}

fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
fn time(at: Timestamp) -> Value {
    Value::Tag(TIME, Box::new(Value::Float(at.as_second() as f64)))
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
fn moment(value: &Value) -> Option<Timestamp> {
    let (_, seconds) = value.as_tag()?;
    let seconds = seconds.as_float().map(|float| float as i64).or_else(|| seconds.as_integer()?.try_into().ok())?;
    Timestamp::from_second(seconds).ok()
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory takes every byte");
    bytes
}
