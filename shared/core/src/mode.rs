//! Off, shadow, on.

use serde::{Deserialize, Serialize};

/// How far a function may go with a service. The order is that of force: the least of several modes is the effective
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Not looked at.
    Off,
    /// Decided, logged and published, never acted on.
    Shadow,
    /// Acted on.
    On,
}

impl Mode {
    /// The word that tags, settings and records use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::On => "on",
        }
    }

    /// Reads the word; None for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Off, Self::Shadow, Self::On].into_iter().find(|mode| mode.as_str() == word)
    }
}
