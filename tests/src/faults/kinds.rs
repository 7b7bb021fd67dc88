//! The ways in which a call fails, and what microburst is told to do for each.

use serde_json::{Value, json};

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first call is throttled.
    ThrottledOnce,
    /// Every call is.
    Throttled,
    /// The first call is answered with status 500.
    BrokenOnce,
    /// Every call is answered with status 503.
    Unavailable,
    /// The role may not make the call.
    Denied,
    /// The first answer takes longer than an attempt may.
    LateOnce,
    /// As many answers are late as there are attempts within one operation's time.
    Late,
    /// The first connection is reset.
    ResetOnce,
    /// Every connection is.
    Reset,
    /// Half of each answer is there.
    Truncated,
    /// The bytes of each answer are others.
    Corrupt,
    /// There is nothing in any answer.
    Empty,
    /// Each answer says that it is HTML.
    WrongType,
}

/// Longer than an attempt may take, which is three seconds.
const LATE_MS: u32 = 3400;

/// Within ten seconds, which an operation may take.
const LATE_ATTEMPTS: u32 = 4;

/// More flips than there are bytes in most answers, so that no client could take one for an answer. A single wrong digit
/// is for TLS to see: no client can.
const FLIPS: u32 = 4096;

impl Kind {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::ThrottledOnce,
        Self::Throttled,
        Self::BrokenOnce,
        Self::Unavailable,
        Self::Denied,
        Self::LateOnce,
        Self::Late,
        Self::ResetOnce,
        Self::Reset,
        Self::Truncated,
        Self::Corrupt,
        Self::Empty,
        Self::WrongType,
    ];

    /// As the table's head has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ThrottledOnce => "throttled ×1",
            Self::Throttled => "throttled",
            Self::BrokenOnce => "500 ×1",
            Self::Unavailable => "503",
            Self::Denied => "denied",
            Self::LateOnce => "late ×1",
            Self::Late => "late ×4",
            Self::ResetOnce => "reset ×1",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::Empty => "empty",
            Self::WrongType => "HTML type",
        }
    }

    /// Whether it strikes once, so that a further attempt must absorb it.
    #[must_use]
    pub fn is_once(self) -> bool {
        matches!(self, Self::ThrottledOnce | Self::BrokenOnce | Self::LateOnce | Self::ResetOnce)
    }

    /// Whether the call reaches AWS, and only its answer is lost: a write has been made all the same.
    #[must_use]
    pub fn reaches_aws(self) -> bool {
        matches!(self, Self::LateOnce | Self::Late | Self::Truncated | Self::Corrupt | Self::Empty | Self::WrongType)
    }

    /// Words of which a record has one that tells of it. Attempts that fail one after the other can use up a call's time.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::ThrottledOnce | Self::Throttled => &["was throttled", "timed out"],
            Self::BrokenOnce | Self::Unavailable | Self::ResetOnce | Self::Reset => &["is unavailable", "timed out"],
            Self::Denied => &["is not allowed"],
            Self::LateOnce | Self::Late => &["timed out", "had no time left"],
            Self::Truncated | Self::Corrupt | Self::Empty | Self::WrongType => {
                &["was answered with something unreadable"]
            }
        }
    }

    /// The rule that makes it strike an operation of a service, in calls that are signed with a key.
    #[must_use]
    pub fn rule(self, service: &str, operation: &str, key: &str) -> Value {
        let error = |(code, status): (&str, u16), message: &str| json!({"error": {"code": code, "status": status, "message": message}});
        let effect = match self {
            Self::ThrottledOnce | Self::Throttled => error(throttled(service), "Rate exceeded"),
            Self::BrokenOnce => error(("InternalFailure", 500), "an internal error"),
            Self::Unavailable => error(("ServiceUnavailable", 503), "the service is unavailable"),
            Self::Denied => {
                let said = format!("User: tidegate is not authorized to perform: {service}:{operation}");
                error(denied(service), &said)
            }
            Self::LateOnce | Self::Late => json!({"latency": LATE_MS}),
            Self::ResetOnce | Self::Reset => json!({"reset": true}),
            Self::Truncated => json!({"response": {"truncate_frac": 0.5}}),
            Self::Corrupt => json!({"response": {"corrupt_bytes": FLIPS}}),
            Self::Empty => json!({"response": {"truncate_bytes": 0}}),
            Self::WrongType => json!({"response": {"set_headers": {"Content-Type": "text/html"}}}),
        };
        let mut rule = json!({"service": service, "operation": operation, "headers": super::proxy::signed_with(key)});
        if let (Value::Object(rule), Value::Object(effect)) = (&mut rule, effect) {
            rule.extend(effect);
            let times = if self == Self::Late { LATE_ATTEMPTS } else { 1 };
            if self.is_once() || self == Self::Late {
                rule.insert("times".to_owned(), times.into());
            }
        }
        rule
    }
}

/// Every service has its own word for it. Each is in the service's model, which the SDKs are made from:
/// <https://github.com/boto/botocore/tree/develop/botocore/data>
fn throttled(service: &str) -> (&'static str, u16) {
    match service {
        "sns" => ("Throttled", 429),
        "elbv2" => ("Throttling", 400),
        "lambda" => ("TooManyRequestsException", 429),
        "inspector2" => ("ThrottlingException", 429),
        "s3" => ("SlowDown", 503),
        _ => ("ThrottlingException", 400),
    }
}

fn denied(service: &str) -> (&'static str, u16) {
    match service {
        "sns" => ("AuthorizationError", 403),
        "elbv2" | "s3" => ("AccessDenied", 403),
        "lambda" | "inspector2" => ("AccessDeniedException", 403),
        _ => ("AccessDeniedException", 400),
    }
}
