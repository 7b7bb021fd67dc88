//! Names by pattern, as repositories and packages are named in the policy: `*` stands for any number of letters.

use serde::{Deserialize, Serialize};

/// A name, or a pattern of names. A slash is a letter like any other, so `team-a/*` is everything below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for more than one name.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether a name is meant. To the letter, as repositories' names are.
    ///
    /// Takes the leftmost place for each part between the stars, which is enough: if any choice of places works, that one
    /// does. So it takes time by the product of the lengths at most, whatever the pattern.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_number_of_letters() {
        let matches = |pattern: &str, name: &str| Pattern::new(pattern).matches(name);
        for (pattern, name) in [
            ("shop", "shop"),
            ("*", ""),
            ("*", "team-a/shop"),
            ("team-a/*", "team-a/shop/web"),
            ("*/web", "team-a/shop/web"),
            ("team-*/w*b", "team-a/web"),
            ("lib*ssl*", "libssl3"),
            ("a*a", "aa"),
            ("**", "x"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("shop", "shops"),
            ("team-a/*", "team-b/shop"),
            ("*/web", "web"),
            ("a*a", "a"),
            ("", "x"),
            ("Shop", "shop"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
