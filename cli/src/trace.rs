//! Reading a trace: CSV of time and value, with or without a header, in ISO times or seconds since 1970.

use std::io::Read;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::civil::DateTime;

/// What [`time`] reads, for messages.
pub const TIME: &str = "a time (ISO or seconds since 1970)";

/// The points of a trace, in the order of the file. A first line that is no point is taken for a header.
///
/// # Errors
/// The first line that can't be read, with its number, its text and the rule.
pub fn read(source: impl Read) -> Result<Vec<(Timestamp, f64)>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(source);
    let mut points = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row.context("the trace is not CSV in UTF-8")?;
        let line = row.position().map_or(0, csv::Position::line);
        let fields: Vec<&str> = row.iter().collect();
        let point = match fields.as_slice() {
            [at, value, ..] => time(at).zip(value.parse::<f64>().ok()),
            _ => None,
        };
        match point {
            Some(point) => points.push(point),
            None if index == 0 => {}
            None => {
                let hint = hint(&fields);
                bail!("line {line} is {:?}: must be {TIME} and a value{hint}", fields.join(","))
            }
        }
    }
    Ok(points)
}

/// What may have gone wrong with a line.
fn hint(fields: &[&str]) -> &'static str {
    match fields {
        [one] if one.contains([';', '\t']) => "; separate them with a comma",
        [at, ..] => hint_of_time(at),
        [] => "",
    }
}

/// What may have gone wrong with a time.
#[must_use]
pub fn hint_of_time(text: &str) -> &'static str {
    let past = text.parse::<f64>().is_ok_and(|seconds| seconds > LATEST_S);
    if past { "; the time looks like milliseconds" } else { "" }
}

/// The year 9999. Milliseconds since 1970 are past it.
const LATEST_S: f64 = 253_402_300_799.0;

/// Seconds since 1970, an RFC 3339 time, or a date and time taken for UTC.
#[must_use]
pub fn time(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "out of range is refused just below")]
        return Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok();
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_iso_times_and_epoch_seconds_are_read() {
        let cases = [
            "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n",
            "1397088240,94.0\n1397088540,56.0\n",
            "2014-04-10T00:04:00Z, 94\n2014-04-10T02:09:00+02:00, 56, more\n",
            "ts,v\r\n1397088240.0,94\r\n1397088540,56\r\n",
        ];
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for case in cases {
            assert_eq!(
                read(case.as_bytes()).unwrap(),
                [(at(1_397_088_240), 94.0), (at(1_397_088_540), 56.0)],
                "{case}"
            );
        }
    }

    #[test]
    fn a_line_that_is_no_point_is_named() {
        let error = read("time,value\n1397088240,94\nyesterday,5\n".as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"line 3 is "yesterday,5": must be a time (ISO or seconds since 1970) and a value"#
        );
    }
}
