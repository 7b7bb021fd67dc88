//! What CloudWatch is asked and answers, in CBOR, and what that is in our words.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html>

use std::collections::BTreeMap;

use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use tidegate_core::metrics::MetricQuery;

use super::Alarm;
use crate::bare::cbor::{Read, fields, list, text};
use crate::convert::time;

/// `GetMetricData` for queries that are named `q0`, `q1` and so on.
pub(super) fn get_metric_data(queries: &[&MetricQuery], from: Timestamp, to: Timestamp, next: Option<&str>) -> Vec<u8> {
    let mut question = Encoder::new(Vec::with_capacity(256 * queries.len()));
    question.map(3 + usize::from(next.is_some()));
    question.str("MetricDataQueries").array(queries.len());
    for (index, query) in queries.iter().enumerate() {
        question.map(2).str("Id").str(&format!("q{index}")).str("MetricStat").map(3);
        question.str("Metric").map(3).str("Namespace").str(&query.namespace).str("MetricName").str(&query.name);
        question.str("Dimensions").array(query.dimensions.len());
        for (name, value) in &query.dimensions {
            question.map(2).str("Name").str(name).str("Value").str(value);
        }
        question.str("Period").integer(i32::try_from(query.period_s).unwrap_or(i32::MAX)).str("Stat").str(&query.stat);
    }
    question.str("StartTime").timestamp(&DateTime::from_secs(from.as_second()));
    question.str("EndTime").timestamp(&DateTime::from_secs(to.as_second()));
    if let Some(next) = next {
        question.str("NextToken").str(next);
    }
    question.into_writer()
}

/// Which alarms `DescribeAlarms` is about.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// Those of these names, of these types.
    Named(&'a [String], &'a [&'a str]),
    /// Those that a composite alarm is made of.
    Children(&'a str),
}

/// `DescribeAlarms`.
pub(super) fn describe_alarms(which: Which<'_>, most: usize, next: Option<&str>) -> Vec<u8> {
    let mut question = Encoder::new(Vec::new());
    question.begin_map();
    match which {
        Which::Named(names, types) => {
            for (list, texts) in
                [("AlarmNames", names.iter().map(String::as_str).collect()), ("AlarmTypes", types.to_vec())]
            {
                question.str(list).array(texts.len());
                for text in texts {
                    question.str(text);
                }
            }
        }
        Which::Children(composite) => {
            question.str("ChildrenOfAlarmName").str(composite);
        }
    }
    question.str("MaxRecords").integer(i32::try_from(most).unwrap_or(i32::MAX));
    if let Some(next) = next {
        question.str("NextToken").str(next);
    }
    question.end();
    question.into_writer()
}

/// A page of `GetMetricData`.
#[derive(Default)]
pub(super) struct Data {
    pub(super) results: Vec<DataResult>,
    pub(super) next: Option<String>,
}

/// The answer to one query, or a part of it.
#[derive(Default)]
pub(super) struct DataResult {
    pub(super) id: String,
    /// None for times that nobody can have.
    pub(super) times: Vec<Option<Timestamp>>,
    pub(super) values: Vec<f64>,
    pub(super) status: Option<String>,
}

pub(super) fn data(from: &mut Decoder<'_>) -> Read<Data> {
    let mut data = Data::default();
    fields(from, |name, from| {
        match name {
            "MetricDataResults" => data.results = list(from, data_result)?,
            "NextToken" => data.next = Some(text(from)?).filter(|token| !token.is_empty()),
            _ => from.skip()?,
        }
        Ok(())
    })?;
    Ok(data)
}

fn data_result(from: &mut Decoder<'_>) -> Read<DataResult> {
    let mut found = DataResult::default();
    fields(from, |name, from| {
        match name {
            "Id" => found.id = text(from)?,
            "Timestamps" => found.times = list(from, |from| from.timestamp().map(|at| time(&at)))?,
            "Values" => found.values = list(from, Decoder::double)?,
            "StatusCode" => found.status = Some(text(from)?),
            _ => from.skip()?,
        }
        Ok(())
    })?;
    Ok(found)
}

/// A page of `DescribeAlarms`.
pub(super) fn alarms(from: &mut Decoder<'_>) -> Read<(Vec<Alarm>, Option<String>)> {
    let (mut metric, mut composite, mut logs, mut next) = (Vec::new(), Vec::new(), Vec::new(), None);
    fields(from, |name, from| {
        match name {
            "MetricAlarms" => metric = list(from, |from| alarm(from, false))?,
            "CompositeAlarms" => composite = list(from, |from| alarm(from, true))?,
            "LogAlarms" => logs = list(from, |from| alarm(from, false))?,
            "NextToken" => next = Some(text(from)?).filter(|token| !token.is_empty()),
            _ => from.skip()?,
        }
        Ok(())
    })?;
    Ok((metric.into_iter().chain(composite).chain(logs).collect(), next))
}

fn alarm(from: &mut Decoder<'_>, composite: bool) -> Read<Alarm> {
    let (mut own, mut math) = (BTreeMap::new(), Vec::new());
    let mut alarm = Alarm {
        name: String::new(),
        in_alarm: false,
        since: None,
        actions_enabled: true,
        composite,
        dimensions: Vec::new(),
    };
    fields(from, |name, from| {
        match name {
            "AlarmName" => alarm.name = text(from)?,
            "StateValue" => alarm.in_alarm = from.str()? == "ALARM",
            "StateUpdatedTimestamp" => alarm.since = time(&from.timestamp()?),
            "ActionsEnabled" => alarm.actions_enabled = from.boolean()?,
            "Dimensions" => own = dimensions(from)?,
            // Metric math keeps its metrics apart.
            "Metrics" => math = list(from, queried)?,
            _ => from.skip()?,
        }
        Ok(())
    })?;
    alarm.dimensions = math.into_iter().flatten().chain(Some(own).filter(|own| !own.is_empty())).collect();
    Ok(alarm)
}

/// The dimensions of the metric that a query is about; None where it is an expression.
fn queried(from: &mut Decoder<'_>) -> Read<Option<BTreeMap<String, String>>> {
    let mut found = None;
    fields(from, |name, from| match name {
        "MetricStat" => fields(from, |name, from| match name {
            "Metric" => {
                let metric = found.insert(BTreeMap::new());
                fields(from, |name, from| match name {
                    "Dimensions" => dimensions(from).map(|own| *metric = own),
                    _ => from.skip(),
                })
            }
            _ => from.skip(),
        }),
        _ => from.skip(),
    })?;
    Ok(found)
}

fn dimensions(from: &mut Decoder<'_>) -> Read<BTreeMap<String, String>> {
    let pairs = list(from, |from| {
        let (mut key, mut value) = (None, None);
        fields(from, |name, from| {
            match name {
                "Name" => key = Some(text(from)?),
                "Value" => value = Some(text(from)?),
                _ => from.skip()?,
            }
            Ok(())
        })?;
        Ok(key.zip(value))
    })?;
    Ok(pairs.into_iter().flatten().collect())
}
