//! What the parts of a request may be. The short form in a tag and the long form in a document are held to the same rules,
//! each told in one sentence.

use crate::words::nearest;

/// The methods that are sent. `CONNECT` and `TRACE` ask a load balancer for other things than an answer.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that the connection has need of, or that say who is asked: `host` has a field of its own.
const OWN_HEADERS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// An answer that takes longer than this has been given up by everybody else.
pub const LONGEST_MS: u32 = 30_000;

/// A request to a path is at most this long, in bytes. A load balancer takes 16 KB.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const LONGEST_PATH: usize = 2048;

/// One of the methods.
pub(super) fn method(text: &str) -> Result<String, String> {
    if METHODS.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(&text.to_ascii_uppercase(), METHODS);
    let hint = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    Err(format!("must be a method: {}{hint}", METHODS.join(", ")))
}

/// A path with its query.
pub(super) fn path(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/?".contains(&byte);
    let escaped = |(at, _): (usize, &str)| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.starts_with('/') {
        Err("must be a path, which begins with /".to_owned())
    } else if text.len() > LONGEST_PATH {
        Err(format!("must be at most {LONGEST_PATH} bytes long"))
    } else if !text.bytes().all(known) || !text.match_indices('%').all(escaped) {
        Err("must be a path as it is sent: what no URL has stands there as in %20".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A host name that a certificate could be for: no port, no address.
pub(super) fn host(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let known = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        known && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let address = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if text.len() <= 253 && text.split('.').all(label) && !address {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("must be a host name such as shop.example.com, without scheme, port and path".to_owned())
    }
}

/// A header's name.
pub(super) fn header_name(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = text.to_ascii_lowercase();
    if text.is_empty() || !text.bytes().all(known) {
        Err("must be a header's name such as x-request-id".to_owned())
    } else if name == "host" {
        Err("must not be among the headers: `host` is a key of the request itself".to_owned())
    } else if OWN_HEADERS.contains(&name.as_str()) {
        Err("must not be among the headers: the connection sets it".to_owned())
    } else {
        Ok(name)
    }
}

/// A header's value.
pub(super) fn header_value(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("must be one line of plain letters".to_owned())
    }
}

/// A status that an answer can end with: those below 200 are never the last.
pub(super) fn status(text: &str) -> Result<u16, String> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let status = text.parse().ok().filter(|status| digits && (200..=599).contains(status));
    status.ok_or_else(|| "must be a status from 200 to 599".to_owned())
}

/// A time, in milliseconds.
pub(super) fn within(text: &str) -> Result<u32, String> {
    let whole = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let ms = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(ms), _) => whole(ms),
        (None, Some(s)) => whole(s).and_then(|s: u32| s.checked_mul(1000)),
        (None, None) => None,
    };
    let rule = || format!("must be a time such as 500ms or 2s, at most {} s", LONGEST_MS / 1000);
    ms.filter(|ms| (1..=LONGEST_MS).contains(ms)).ok_or_else(rule)
}

/// An RFC 6901 pointer to a value. The empty one points at the whole body, which is no value to compare.
pub(super) fn pointer(text: &str) -> Result<String, String> {
    let escaped = text.match_indices('~').all(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
    if text.starts_with('/') && escaped {
        Ok(text.to_owned())
    } else {
        Err("must be a JSON pointer such as /status or /checks/0/state, with ~0 for ~ and ~1 for / in a name"
            .to_owned())
    }
}
