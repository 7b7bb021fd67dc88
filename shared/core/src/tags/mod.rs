//! The `tidegate:` tags of an ECS service: read strictly, every fault named with its value and the rule.
//!
//! - [`table`]: every tag with its default and its meaning
//!
//! What a function makes of its tags is in the `enrolment` module beside its rules.

pub mod table;

pub use table::{KNOWN, TABLE, Tag};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mode::Mode;
use crate::words::nearest;

/// What all our tags begin with.
pub const PREFIX: &str = "tidegate:";

/// A tag that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{PREFIX}{tag} is {value:?}: {rule}")]
pub struct TagFault {
    /// The tag, without the prefix.
    pub tag: String,
    /// Its value.
    pub value: String,
    /// What it should be.
    pub rule: String,
}

/// The `tidegate:` tags of one resource, by name without the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// Keeps those of a resource's tags that are ours.
    pub fn new<K: AsRef<str>, V: Into<String>>(tags: impl IntoIterator<Item = (K, V)>) -> Self {
        let ours = |(key, value): (K, V)| Some((key.as_ref().strip_prefix(PREFIX)?.to_owned(), value.into()));
        Self(tags.into_iter().filter_map(ours).collect())
    }

    /// The value of a tag, without surrounding spaces.
    #[must_use]
    pub fn get(&self, tag: &str) -> Option<&str> {
        self.0.get(tag).map(|value| value.trim())
    }

    /// The mode that a function's tag says; off where there is none.
    ///
    /// # Errors
    /// [`TagFault`] for any other word.
    pub fn mode(&self, tag: &str) -> Result<Mode, TagFault> {
        // To the letter: IAM, which holds the scaler to this tag as well, does not trim.
        self.0.get(tag).map_or(Ok(Mode::Off), |word| {
            Mode::from_word(word).ok_or_else(|| self.fault(tag, "must be off, shadow or on"))
        })
    }

    /// A whole number within a range. None where there is no such tag.
    ///
    /// # Errors
    /// [`TagFault`] for anything else.
    pub fn whole(&self, tag: &str, least: u32, most: u32) -> Result<Option<u32>, TagFault> {
        let read = |text: &str| text.parse().ok().filter(|number| (least..=most).contains(number));
        let rule = || self.fault(tag, format!("must be a whole number from {least} to {most}"));
        self.get(tag).map(|text| read(text).ok_or_else(rule)).transpose()
    }

    /// The names in a tag, separated by spaces. Empty where there is no such tag.
    pub fn words(&self, tag: &str) -> impl Iterator<Item = &str> {
        self.get(tag).unwrap_or_default().split_whitespace()
    }

    /// A fault of one tag.
    #[must_use]
    pub fn fault(&self, tag: &str, rule: impl Into<String>) -> TagFault {
        TagFault { tag: tag.to_owned(), value: self.0.get(tag).cloned().unwrap_or_default(), rule: rule.into() }
    }

    /// Tags with our prefix that nobody knows.
    pub fn unknown(&self) -> impl Iterator<Item = TagFault> {
        self.0.keys().filter(|tag| !KNOWN.contains(&tag.as_str())).map(|tag| {
            let nearest = nearest(tag, KNOWN.iter().copied());
            let meant = nearest.map_or_else(String::new, |known| format!("; did you mean {PREFIX}{known}?"));
            self.fault(tag, format!("there is no such tag{meant}"))
        })
    }
}

/// A length of time in seconds, as tags and settings write it: `90s`, `2m`.
#[must_use]
pub fn seconds(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(each)
}

/// A number above 0, as tags and settings write it.
#[must_use]
pub fn positive(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|number: &f64| plain && number.is_finite() && *number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        Tags::new(tags.iter().map(|(key, value)| (*key, *value)))
    }

    #[test]
    fn only_our_tags_are_kept_and_a_slip_of_the_pen_is_named() {
        let tags = tags(&[("team", "shop"), ("tidegate:min", " 3 "), ("tidegate:mx", "9"), ("tidegate:banana", "")]);
        assert_eq!((tags.get("min"), tags.get("team")), (Some("3"), None));
        let unknown: Vec<String> = tags.unknown().map(|fault| fault.to_string()).collect();
        assert_eq!(
            unknown,
            [
                r#"tidegate:banana is "": there is no such tag"#,
                r#"tidegate:mx is "9": there is no such tag; did you mean tidegate:max?"#,
            ]
        );
    }

    #[test]
    fn a_mode_is_read_to_the_letter() {
        assert_eq!(tags(&[]).mode("scale"), Ok(Mode::Off));
        assert_eq!(tags(&[("tidegate:scale", "on")]).mode("scale"), Ok(Mode::On));
        let fault = tags(&[("tidegate:scale", " on")]).mode("scale").map_err(|fault| fault.to_string());
        assert_eq!(fault, Err(r#"tidegate:scale is " on": must be off, shadow or on"#.to_owned()));
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        assert_eq!(["90s", "2m", "1h", "0s"].map(seconds), [Some(90), Some(120), Some(3600), Some(0)]);
        assert_eq!(["90", "m", "-2m", "2 m", "2d", "99999999999s", "5000000m0"].map(seconds), [None; 7]);
    }

    #[test]
    fn numbers_are_plain_and_above_zero() {
        assert_eq!(["70", "0.5", "5."].map(positive), [Some(70.0), Some(0.5), Some(5.0)]);
        assert_eq!(["0", "-1", "1e3", "inf", "NaN", "", " 1", "7 0"].map(positive), [None; 8]);
        for wrong in ["0", "5001", "3.5", "-1", "many"] {
            assert!(tags(&[("tidegate:min", wrong)]).whole("min", 1, 5000).is_err(), "{wrong}");
        }
    }
}
