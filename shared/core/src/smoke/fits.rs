//! Whether an answer is the one that is expected.

use std::time::Duration;

use crate::yaml::short;

use super::answer::{Answer, Tried};
use super::request::{Expected, Request};

/// How often a request is sent at most, until one answer fits: a target that has just come may be missing in a node of the
/// load balancer for a moment.
pub const ATTEMPTS: usize = 4;

/// Between two attempts.
pub const PAUSE: Duration = Duration::from_secs(5);

/// A body that nobody compares is kept so far, in letters: enough to see what it is.
const KEPT: usize = 300;

/// Whether an answer is as it should be.
///
/// # Errors
/// One sentence: what was expected, and what came.
pub fn fits(request: &Request, answer: &Answer) -> Result<(), String> {
    let expected = &request.expected;
    let (status, took_ms, body, cut, location) = match answer {
        Answer::Failed { why } => return Err(why.clone()),
        Answer::Answered { status, took_ms, body, cut, location } => (*status, *took_ms, body, *cut, location),
    };
    if status != expected.status {
        let came = match location {
            Some(location) => format!("a redirect to {} came, which is not followed", short(location)),
            None if body.trim().is_empty() => "no body came with it".to_owned(),
            None => format!("its body begins with {:?}", short(body.trim())),
        };
        return Err(format!("expected status {}, and {status} came: {came}", expected.status));
    }
    if took_ms > expected.within_ms {
        return Err(format!("expected an answer within {} ms, and it took {took_ms} ms", expected.within_ms));
    }
    if let Some(text) = expected.text.as_ref().filter(|text| !body.contains(text.as_str())) {
        let begins = short(body.trim());
        let too_long = if cut { " is too long to be read to its end, and" } else { "" };
        return Err(format!("expected {text:?} in the body, which{too_long} begins with {begins:?}"));
    }
    if expected.json.is_empty() {
        return Ok(());
    }
    if cut {
        return Err("expected values in a body of JSON, which is too long to be read".to_owned());
    }
    let Ok(found) = serde_json::from_str::<serde_json::Value>(body) else {
        return Err(format!("expected a body of JSON, and it begins with {:?}", short(body.trim())));
    };
    for (pointer, value) in &expected.json {
        let is = found.pointer(pointer).map(text);
        if is.as_ref() != Some(value) {
            let is = is.map_or_else(|| "not there".to_owned(), |is| format!("{:?}", short(&is)));
            return Err(format!("expected {value:?} at {pointer}, and it is {is}"));
        }
    }
    Ok(())
}

/// A value as text: a string is its letters, everything else is as JSON writes it.
fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Tried {
    /// Whether it is sent once more: no answer fits yet, and there are attempts left.
    #[must_use]
    pub fn is_sent_again(&self) -> bool {
        let fits = |answer| fits(&self.request, answer).is_ok();
        self.attempts.len() < ATTEMPTS && !self.attempts.last().is_some_and(fits)
    }

    /// As a record keeps it: bodies that nobody compares are shortened, and the judgement is the same.
    #[must_use]
    pub fn kept(mut self) -> Self {
        let last = self.attempts.len().saturating_sub(1);
        let Expected { text, json, .. } = &self.request.expected;
        let compared = text.is_some() || !json.is_empty();
        for (at, answer) in self.attempts.iter_mut().enumerate() {
            if let Answer::Answered { body, cut, .. } = answer
                && !(compared && at == last)
                && let Some((end, _)) = body.trim_start().char_indices().nth(KEPT)
            {
                *body = body.trim_start().get(..end).unwrap_or_default().to_owned();
                *cut = true;
            }
        }
        self
    }
}

impl Request {
    /// As a person would say it: `GET shop.example.com/health`.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} {}{}", self.method, self.host.as_deref().unwrap_or_default(), self.path)
    }
}
