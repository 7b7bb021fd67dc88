//! What single values of a policy document mean.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};

use crate::mode::Mode;
pub(super) use crate::yaml::values::truth;
use crate::yaml::values::{letters, text, whole, word};
use crate::yaml::{Fault, Node, Value};

use super::super::finding::Severity;
use super::super::pattern::Pattern;
use super::super::policy::{InDoubt, Suppressed};

/// What severities can be chosen: those that say how severe something is.
const SEVERITIES: [(&str, Severity); 5] = [
    ("INFORMATIONAL", Severity::Informational),
    ("LOW", Severity::Low),
    ("MEDIUM", Severity::Medium),
    ("HIGH", Severity::High),
    ("CRITICAL", Severity::Critical),
];

/// `off`, `shadow` or `on`.
pub(super) fn mode(node: &Node) -> Result<Mode, Fault> {
    word(node, &[Mode::Off, Mode::Shadow, Mode::On].map(|mode| (mode.as_str(), mode)))
}

/// `accept` or `count`.
pub(super) fn suppressed(node: &Node) -> Result<Suppressed, Fault> {
    word(node, &[("accept", Suppressed::Accept), ("count", Suppressed::Count)])
}

/// `block` or `warn`.
pub(super) fn in_doubt(node: &Node) -> Result<InDoubt, Fault> {
    word(node, &[("block", InDoubt::Block), ("warn", InDoubt::Warn)])
}

/// A severity.
pub(super) fn severity(node: &Node) -> Result<Severity, Fault> {
    word(node, &SEVERITIES)
}

/// A severity, or `none`.
pub(super) fn threshold(node: &Node) -> Result<Option<Severity>, Fault> {
    let words = SEVERITIES.map(|(name, severity)| (name, Some(severity)));
    word(node, &[words.as_slice(), &[("none", None)]].concat())
}

/// Whether a value is the word `off`.
pub(super) fn is_off(node: &Node) -> bool {
    matches!(&node.value, Value::Text { text, .. } if text == Mode::Off.as_str())
}

/// A number from 0 to 1, not in quotes.
pub(super) fn share(node: &Node) -> Result<f64, Fault> {
    let read = match &node.value {
        Value::Text { text, plain: true } => text.parse().ok(),
        _ => None,
    };
    let share = read.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| node.fault("must be a number from 0 to 1, such as 0.5, without quotes"))
}

/// Whole days within a range, such as `7d`.
pub(super) fn days(node: &Node, least: u32, most: u32) -> Result<u32, Fault> {
    let rule = format!("must be whole days from {least}d to {most}d, such as 7d");
    let days = letters(node, &rule)?.strip_suffix('d').and_then(whole);
    days.filter(|days| (least..=most).contains(days)).ok_or_else(|| node.fault(rule))
}

/// Whole minutes or hours, such as `10m`. An image is waited for as long as its message is kept, which is two hours: what
/// would take longer would end without a verdict.
pub(super) fn minutes(node: &Node) -> Result<u32, Fault> {
    const LONGEST: u32 = 90;
    let rule = "must be whole minutes or hours up to 90m, such as 10m: after two hours no image is waited for";
    let text = letters(node, rule)?;
    let minutes = match (text.strip_suffix('m'), text.strip_suffix('h')) {
        (Some(minutes), _) => whole(minutes),
        (_, Some(hours)) => whole(hours).and_then(|hours| hours.checked_mul(60)),
        _ => None,
    };
    minutes.filter(|minutes| *minutes <= LONGEST).ok_or_else(|| node.fault(rule))
}

/// Why something is so, in somebody's words.
pub(super) fn reason(node: &Node) -> Result<&str, Fault> {
    text(node).map(str::trim)
}

/// The id of a vulnerability, as scans write it.
pub(super) fn vulnerability(node: &Node) -> Result<&str, Fault> {
    let rule = "must be one vulnerability as the scan writes it, such as CVE-2026-12345";
    let id = text(node)?;
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '*';
    let is_cve = |id: &str| {
        let parts: Vec<&str> = id.split('-').collect();
        let digits = |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        matches!(parts.as_slice(), ["CVE", year, number] if year.len() == 4 && digits(year) && digits(number))
    };
    let cve = id.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("cve"));
    if id.contains(odd) || cve && !is_cve(id) { Err(node.fault(rule)) } else { Ok(id) }
}

/// A moment: RFC 3339.
pub(super) fn moment(node: &Node) -> Result<Timestamp, Fault> {
    let rule = "must be a time such as 2026-12-31T18:00:00Z";
    rfc3339(letters(node, rule)?).ok_or_else(|| node.fault(rule))
}

/// A moment; a date counts through the end of that day in UTC.
pub(super) fn until(node: &Node) -> Result<Timestamp, Fault> {
    let rule = "must be a date such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z";
    let text = letters(node, rule)?;
    rfc3339(text).or_else(|| end_of_day(text)).ok_or_else(|| node.fault(rule))
}

/// RFC 3339 to the letter: what jiff reads beyond it, other readers of the document may not.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let has = |index: usize, byte: u8| bytes.get(index) == Some(&byte);
    let apart = has(4, b'-') && has(7, b'-') && has(10, b'T') && has(13, b':') && has(16, b':');
    let offset = bytes.len().checked_sub(6).is_some_and(|at| (has(at, b'+') || has(at, b'-')) && has(at + 3, b':'));
    let known = bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:T.Z+".contains(byte));
    text.parse().ok().filter(|_| apart && known && (text.ends_with('Z') || offset))
}

/// The end of a day in UTC.
fn end_of_day(text: &str) -> Option<Timestamp> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let next = text.parse::<Date>().ok().filter(|_| shape)?.tomorrow().ok()?;
    Offset::UTC.to_timestamp(next.to_datetime(civil::Time::midnight())).ok()
}

/// At least one of something, by name or pattern.
pub(super) fn list(node: &Node) -> Result<&[Node], Fault> {
    match &node.value {
        Value::List(items) if !items.is_empty() => Ok(items),
        _ => Err(node.fault("must be a list with at least one name or pattern")),
    }
}

/// A repository's name, or a pattern of names.
pub(super) fn repository(node: &Node) -> Result<Pattern, Fault> {
    let name = text(node)?;
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./*".contains(&byte);
    if name.split('/').next().is_some_and(|host| host.contains(".dkr")) {
        return Err(node.fault("must be the repository's name without its registry, such as team-a/shop"));
    }
    if name.bytes().all(known) {
        Ok(Pattern::new(name))
    } else {
        Err(node.fault("must be a repository's name or a pattern, such as shop or team-a/*"))
    }
}

/// A package's name, or a pattern of names.
pub(super) fn package(node: &Node) -> Result<Pattern, Fault> {
    let name = text(node)?;
    if name.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Err(node.fault("must be a package's name or a pattern, such as openssl*"));
    }
    Ok(Pattern::new(name))
}
