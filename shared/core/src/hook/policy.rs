//! What a deployment has to keep to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::break_glass::BreakGlass;
use crate::mode::Mode;
use crate::smoke::Request;

use super::rule::{Rule, Weight};

/// The policy of one service. Every field has the default of an installation that says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How far the hook may go.
    pub mode: Mode,
    /// How far a scan verdict goes: `shadow` makes it a warning, whatever the hook's own mode.
    pub images: Mode,
    /// What breaches of configuration come to.
    pub preflight: Preflight,
    /// Seconds that one stage waits for tasks, targets and whatever could not be read.
    pub patience_s: u32,
    /// A target that is healthy counts once its task has been running for so many seconds.
    pub steady_s: u32,
    /// Names of alarms that stop this service's deployments, beside the deployment's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// What the new version is asked, once it has the test traffic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<Request>,
    /// The SSM parameter that has them in the long form; absent where the tag has them itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoke_parameter: Option<String>,
    /// Opens the gate; `null` for closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            images: Mode::On,
            preflight: Preflight::default(),
            patience_s: 600,
            steady_s: 30,
            alarms: Vec::new(),
            smoke: Vec::new(),
            smoke_parameter: None,
            break_glass: None,
        }
    }
}

impl Policy {
    /// What lets everything pass at this moment.
    #[must_use]
    pub fn opened(&self, now: Timestamp) -> Option<&BreakGlass> {
        self.break_glass.as_ref().filter(|glass| glass.is_open(now))
    }
}

/// What a breach comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing: it is not looked at.
    Off,
    /// It is told.
    #[default]
    Warn,
    /// The deployment does not go on.
    Block,
}

impl Level {
    /// The level that a word says.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "warn" => Some(Self::Warn),
            "block" => Some(Self::Block),
            _ => None,
        }
    }
}

/// What breaches of configuration come to: all of them, and single rules otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preflight {
    /// All rules that are not named.
    pub level: Level,
    /// Rules that are, in the order in which they were; the last one that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Named>,
}

/// A rule with a level of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The rule.
    pub rule: Rule,
    /// For this container only; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What its breach comes to.
    pub level: Level,
}

impl Preflight {
    /// What the breach of a rule comes to, in a container where it is about one.
    #[must_use]
    pub fn level(&self, rule: Rule, container: Option<&str>) -> Level {
        let fits =
            |named: &&Named| named.rule == rule && named.container.as_deref().is_none_or(|own| Some(own) == container);
        match (self.rules.iter().rev().find(fits), rule.weight()) {
            (Some(named), _) => named.level,
            (None, Weight::State) => Level::Block,
            (None, Weight::CannotStart) if self.level != Level::Off => Level::Block,
            (None, Weight::Advice) => self.level.min(Level::Warn),
            (None, Weight::CannotStart | Weight::Breach) => self.level,
        }
    }
}
