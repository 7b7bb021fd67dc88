//! What single values mean, whatever document they stand in.

use crate::words::nearest;

use super::fault::Fault;
use super::tree::{Node, Value};

/// The letters of a value; the rule otherwise.
pub(crate) fn letters<'n>(node: &'n Node, rule: &str) -> Result<&'n str, Fault> {
    match &node.value {
        Value::Text { text, .. } => Ok(text),
        _ => Err(node.fault(rule)),
    }
}

/// One of a few words, in quotes or not.
pub(crate) fn word<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Fault> {
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
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("must be {} or {last}", names.join(", ")),
        _ => format!("must be {}", names.concat()),
    }
}

/// `; did you mean ...?`, or nothing.
pub(crate) fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}

/// `true` or `false`, not in quotes.
pub(crate) fn truth(node: &Node) -> Result<bool, Fault> {
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

/// A number as people write it: digits, the first of which is no 0 unless it is the only one.
pub(crate) fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| digits)
}

/// A text that says something. What YAML takes for a number or nothing has to be in quotes, so that every reader of the
/// document sees the same.
pub(crate) fn text(node: &Node) -> Result<&str, Fault> {
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

/// Whether YAML 1.2 takes letters without quotes for nothing, a truth or a number.
pub(crate) fn is_no_string(text: &str) -> bool {
    let number = || {
        let text = text.trim_start_matches(['-', '+']);
        let based = text.strip_prefix("0x").or_else(|| text.strip_prefix("0o"));
        let decimal = text.contains(|letter: char| letter.is_ascii_digit()) && text.parse::<f64>().is_ok();
        decimal || based.is_some_and(|digits| i64::from_str_radix(digits, 16).is_ok())
    };
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "~" | "null" | "true" | "false" | ".inf" | "-.inf" | "+.inf" | ".nan") || number()
}
