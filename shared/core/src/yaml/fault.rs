//! What is wrong with a document, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value is shown up to this many letters.
const SHOWN: usize = 60;

/// Something in a document that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// Where in the document, such as `thresholds.fixable` or `exceptions[0].until`; empty for the document itself.
    pub path: String,
    /// What stands there, as messages show it; absent where the value is not what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it should be.
    pub rule: String,
}

impl Fault {
    /// A fault of the document itself.
    pub(crate) fn of_document(line: usize, rule: impl Into<String>) -> Self {
        Self { line, path: String::new(), value: None, rule: rule.into() }
    }

    /// A fault without its line: `thresholds.fixable is "HIHG": must be ...`.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { path, value, rule, .. } = self;
        match (path.as_str(), value) {
            ("", _) => format!("the document {rule}"),
            (path, Some(value)) => format!("{path} is {value}: {rule}"),
            (path, None) => format!("{path} {rule}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.told())
    }
}

impl std::error::Error for Fault {}

/// A text as messages show it.
pub(crate) fn shown(text: &str) -> String {
    format!("{:?}", short(text))
}

/// A text that does not fill a message.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The faults of one reading.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// One more.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// What was read; None, and one more fault, where it could not be.
    pub(crate) fn keep<T>(&mut self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.add(fault)).ok()
    }

    /// Sets what is said, and was read.
    pub(crate) fn set<T>(&mut self, place: &mut T, read: Option<Result<T, Fault>>) {
        if let Some(read) = read.and_then(|read| self.keep(read)) {
            *place = read;
        }
    }

    /// What was read from a text, where nothing is wrong; the faults in the order of their lines, one for a place.
    pub(crate) fn finish<T>(mut self, text: &str, read: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() {
            return Ok(read);
        }
        // What is missing at the end is missing in the last line that says something.
        let last = 1 + text.trim_end().split('\n').skip(1).count();
        self.0.iter_mut().for_each(|fault| fault.line = fault.line.min(last));
        // What is wrong with how a value is written comes before what is wrong with the value, and is enough to know.
        self.0.sort_by_key(|fault| fault.line);
        self.0.dedup_by(|fault, before| (fault.line, &fault.path) == (before.line, &before.path));
        Err(self.0)
    }
}
