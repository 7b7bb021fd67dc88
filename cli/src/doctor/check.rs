//! One thing that was looked at, and what it came to.

use serde::Serialize;
use tidegate_aws::error::{Kind, PortError};

use super::rights::action;

/// What it came to, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Something that has to be mended.
    Fault,
    /// It could not be looked at.
    Unknown,
    /// Something that somebody should know.
    Warning,
    /// As it should be.
    Ok,
}

impl Mark {
    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fault => "FAULT",
            Self::Unknown => "not known",
            Self::Warning => "warning",
            Self::Ok => "ok",
        }
    }
}

/// What it is about, in the order in which it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The stack.
    Stack,
    /// Its functions, and what wakes them.
    Functions,
    /// Its queues.
    Queues,
    /// Its alarms, and who is told.
    Alarms,
    /// ECS services and their tags.
    Services,
    /// Who calls the functions when something is deployed.
    Hooks,
}

impl Area {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::Stack, Self::Functions, Self::Queues, Self::Alarms, Self::Services, Self::Hooks];

    /// As it is printed.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Stack => "Stack",
            Self::Functions => "Functions",
            Self::Queues => "Queues",
            Self::Alarms => "Alarms",
            Self::Services => "Services",
            Self::Hooks => "Hooks",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// What it came to.
    pub mark: Mark,
    /// A stable word for it.
    pub code: &'static str,
    /// What was looked at: a function, a service, a queue.
    pub subject: String,
    /// What was found, and why that matters.
    pub what: String,
    /// What mends it; absent where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

impl Check {
    /// As it should be.
    pub fn ok(area: Area, subject: impl Into<String>, code: &'static str, what: impl Into<String>) -> Self {
        Self { area, mark: Mark::Ok, code, subject: subject.into(), what: what.into(), to_do: None }
    }

    /// Something that somebody should know.
    pub fn warning(area: Area, subject: impl Into<String>, code: &'static str, what: impl Into<String>) -> Self {
        Self { mark: Mark::Warning, ..Self::ok(area, subject, code, what) }
    }

    /// Something that has to be mended.
    pub fn fault(area: Area, subject: impl Into<String>, code: &'static str, what: impl Into<String>) -> Self {
        Self { mark: Mark::Fault, ..Self::ok(area, subject, code, what) }
    }

    /// A call that failed: not known, with the right that is missing where that is why.
    pub fn unknown(area: Area, subject: impl Into<String>, error: &PortError) -> Self {
        let check = Self { mark: Mark::Unknown, ..Self::ok(area, subject, "not_known", error.to_string()) };
        match action(error.operation).filter(|_| error.kind == Kind::Denied) {
            Some(action) => Self { code: "not_allowed", ..check }.to_do(format!("allow yourself {action}")),
            None => check.to_do("run it again"),
        }
    }

    /// With what mends it.
    #[must_use]
    pub fn to_do(self, what: impl Into<String>) -> Self {
        Self { to_do: Some(what.into()), ..self }
    }
}
