//! The short form, as the tag `tidegate:smoke` has it.

use std::collections::BTreeMap;

use super::document::MOST_REQUESTS;
use super::parts;
use super::request::{Expected, Request};

/// What the tag says.
#[derive(Clone, Debug, PartialEq)]
pub enum SmokeTag {
    /// These requests, in this order.
    Requests(Vec<Request>),
    /// The long form is in the parameter of this name.
    Parameter(String),
}

const RULE: &str = "must be a method and a path, and perhaps a status, a time and a host, such as GET /health 200 500ms \
                    host=shop.example.com; several with ` + ` between them; or the name of an SSM parameter";

/// Reads `GET /health 200 500ms host=shop.example.com`, several with ` + ` between them, or a parameter's name.
///
/// # Errors
/// The rule that is broken, with the word that breaks it.
pub fn read_tag(text: &str) -> Result<SmokeTag, String> {
    let text = text.trim();
    if !text.contains(char::is_whitespace) {
        return parameter(text);
    }
    let requests: Vec<Request> = text.split(" + ").map(request).collect::<Result<_, _>>()?;
    match requests.len() {
        count if count > MOST_REQUESTS => Err(format!("has {count} requests: must have at most {MOST_REQUESTS}")),
        _ => Ok(SmokeTag::Requests(requests)),
    }
}

/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>
fn parameter(text: &str) -> Result<SmokeTag, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let is_name = !text.is_empty() && text.bytes().all(known) && parts::method(text).is_err();
    if is_name { Ok(SmokeTag::Parameter(text.to_owned())) } else { Err(RULE.to_owned()) }
}

fn request(text: &str) -> Result<Request, String> {
    let mut words = text.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(RULE.to_owned()) };
    let wrong = |word: &str, rule: String| format!("{word:?} {rule}");
    let mut request = Request {
        method: parts::method(method).map_err(|rule| wrong(method, rule))?,
        path: parts::path(path).map_err(|rule| wrong(path, rule))?,
        host: None,
        headers: BTreeMap::new(),
        body: None,
        expected: Expected::default(),
    };
    let (mut has_status, mut has_time) = (false, false);
    for word in words {
        let again = if let Some(host) = word.strip_prefix("host=") {
            request.host.replace(parts::host(host).map_err(|rule| wrong(host, rule))?).is_some()
        } else if word.ends_with('s') && word.starts_with(|letter: char| letter.is_ascii_digit()) {
            request.expected.within_ms = parts::within(word).map_err(|rule| wrong(word, rule))?;
            std::mem::replace(&mut has_time, true)
        } else if word.bytes().all(|byte| byte.is_ascii_digit()) {
            request.expected.status = parts::status(word).map_err(|rule| wrong(word, rule))?;
            std::mem::replace(&mut has_status, true)
        } else {
            return Err(wrong(word, "must be a status such as 200, a time such as 500ms, or host=".to_owned()));
        };
        if again {
            return Err(wrong(word, "must be said once".to_owned()));
        }
    }
    Ok(request)
}
