//! The policy document, in its parameter.

use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_aws::parameters::Parameters;
use tidegate_core::scan::document::{self, Document};
use tidegate_core::words;

/// Why there is no policy document. Nothing passes by one that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDocument {
    /// It could not be read; another look may.
    Unreadable(String, PortError),
    /// It is not there, or is not what it should be: the sentence.
    Broken(String),
}

impl std::fmt::Display for NoDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(name, error) => write!(formatter, "the policy {name} could not be read: {error}"),
            Self::Broken(why) => formatter.write_str(why),
        }
    }
}

/// The policy document: that of a parameter, or the built-in one where none is named.
///
/// # Errors
/// What about it can't be read.
pub async fn document(
    ports: &impl Parameters,
    deadline: &Deadline,
    parameter: Option<&str>,
    now: Timestamp,
) -> Result<Document, NoDocument> {
    let Some(name) = parameter else { return Ok(Document::default()) };
    let text = deadline.bound("GetParameter", ports.parameter(name)).await;
    let text = text.map_err(|error| NoDocument::Unreadable(name.to_owned(), error))?;
    let missing = || NoDocument::Broken(format!("there is no policy: the SSM parameter {name} does not exist"));
    let text = text.ok_or_else(missing)?;
    let garbled = |why: String| NoDocument::Broken(format!("the policy {name} can't be read: {why}"));
    document::read(&text, now).map_err(|faults| garbled(words::faults(&faults)))
}

/// The rule for the name of a parameter.
pub const PARAMETER_NAME: &str = "must be the name of an SSM parameter: letters, digits and . - _ /";

/// Whether a text keeps to [`PARAMETER_NAME`].
#[must_use]
pub fn is_parameter_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte))
}
