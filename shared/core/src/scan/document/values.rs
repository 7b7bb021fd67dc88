//! What single values of a policy document mean.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};

use crate::mode::Mode;
use crate::words::nearest;

use super::super::finding::Severity;
use super::super::pattern::Pattern;
use super::super::policy::{InDoubt, Suppressed};
use super::fault::Fault;
use super::yaml::{Node, Value};

/// What severities can be chosen: those that say how severe something is.
const SEVERITIES: [(&str, Severity); 5] = [
    ("INFORMATIONAL", Severity::Informational),
    ("LOW", Severity::Low),
    ("MEDIUM", Severity::Medium),
    ("HIGH", Severity::High),
    ("CRITICAL", Severity::Critical),
];

/// The letters of a value; the rule otherwise.
fn letters<'n>(node: &'n Node, rule: &str) -> Result<&'n str, Fault> {
    match &node.value {
        Value::Text { text, .. } => Ok(text),
        _ => Err(node.fault(rule)),
    }
}

/// One of a few words, in quotes or not.
fn word<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Fault> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let rule = one_of(&names);
    let text = letters(node, &rule)?;
    let found = words.iter().find(|(name, _)| *name == text).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| {
        // A word that is all there but for its case is the nearest by far.
        let same = names.iter().copied().find(|name| name.eq_ignore_ascii_case(text));
        node.fault(format!("{rule}{}", meant(same.or_else(|| nearest(text, names.iter().copied())))))
    })
}

/// `must be a, b or c`.
fn one_of(names: &[&str]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("must be {} or {last}", names.join(", ")),
        _ => format!("must be {}", names.concat()),
    }
}

/// `; did you mean ...?`, or nothing.
pub(super) fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}

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

/// `true` or `false`, not in quotes.
pub(super) fn truth(node: &Node) -> Result<bool, Fault> {
    let known = match &node.value {
        Value::Text { text, plain: true } => match text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        },
        _ => None,
    };
    known.ok_or_else(|| node.fault("must be true or false, without quotes"))
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

/// A number as people write it: digits, the first of which is no 0 unless it is the only one.
fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| digits)
}

/// A text that says something. What YAML takes for a number or nothing has to be in quotes, so that every reader of the
/// document sees the same.
fn text(node: &Node) -> Result<&str, Fault> {
    let rule = "must be a text that says something";
    match &node.value {
        Value::Text { text, plain: true } if !text.is_empty() && is_no_string(text) => {
            Err(node.fault("must be a text; put it in quotes"))
        }
        _ => letters(node, rule).and_then(|text| match text.trim() {
            "" => Err(node.fault(rule)),
            _ => Ok(text),
        }),
    }
}

/// Why something is so, in somebody's words.
pub(super) fn reason(node: &Node) -> Result<&str, Fault> {
    text(node).map(str::trim)
}

/// Whether YAML 1.2 takes letters without quotes for nothing, a truth or a number.
fn is_no_string(text: &str) -> bool {
    let number = || {
        let text = text.trim_start_matches(['-', '+']);
        let based = text.strip_prefix("0x").or_else(|| text.strip_prefix("0o"));
        let decimal = text.contains(|letter: char| letter.is_ascii_digit()) && text.parse::<f64>().is_ok();
        decimal || based.is_some_and(|digits| i64::from_str_radix(digits, 16).is_ok())
    };
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "~" | "null" | "true" | "false" | ".inf" | "-.inf" | "+.inf" | ".nan") || number()
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
