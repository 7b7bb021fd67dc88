//! One finding of a scan, in one shape for basic and enhanced scanning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::defaults::is_default;

/// A vulnerability in an image, as the scan tells it. What a scan does not tell is absent, never assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The vulnerability, such as `CVE-2026-12345`.
    pub id: String,
    /// As the scan rates it.
    pub severity: Severity,
    /// Whether somebody decided about it centrally.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: Status,
    /// Whether an update removes it.
    #[serde(default)]
    pub fix: Fix,
    /// Where it is.
    #[serde(default)]
    pub packages: Vec<Package>,
    /// When the vulnerability was published, by whoever maintains the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// When it was first seen in this image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<Timestamp>,
    /// Whether an exploit is to be had; absent where the scan does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit_available: Option<bool>,
    /// Whether it is in CISA's catalogue of known exploited vulnerabilities; absent where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_exploited: Option<bool>,
    /// EPSS: the chance that it is exploited within 30 days, from 0 to 1 (<https://www.first.org/epss/>); absent where
    /// nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<f64>,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Inspector's ARN of it, under which it is asked for more; absent for basic scanning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

/// How severe a finding is. The order is that of severity; the two words for "nobody has said yet" come first, and have
/// a rule of their own in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Basic scanning's word for no rating.
    Undefined,
    /// Enhanced scanning's word for no rating.
    Untriaged,
    /// Not a weakness by itself.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All of them, in their order.
    pub const ALL: [Self; 7] =
        [Self::Undefined, Self::Untriaged, Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word that AWS and the policy use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Untriaged => "UNTRIAGED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// Reads the word; None for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }

    /// Whether the scan says how severe it is.
    #[must_use]
    pub fn is_rated(self) -> bool {
        self >= Self::Informational
    }
}

/// Whether somebody decided about a finding centrally, in Inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It stands.
    #[default]
    Active,
    /// A suppression rule of Inspector's covers it.
    Suppressed,
    /// It is there no more.
    Closed,
}

impl Status {
    /// Reads Inspector's word. A finding whose status is any other stands: nobody is known to have decided about it.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "SUPPRESSED" => Self::Suppressed,
            "CLOSED" => Self::Closed,
            _ => Self::Active,
        }
    }
}

/// Whether an update removes a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// For every package.
    Yes,
    /// For some of them.
    Partial,
    /// For none.
    No,
    /// The scan does not say, as basic scanning never does.
    #[default]
    Unknown,
}

impl Fix {
    /// Reads Inspector's word. Where there is none, or one that nobody knows, the packages tell: an update removes the
    /// finding if there is one for every package.
    #[must_use]
    pub fn told(word: Option<&str>, packages: &[Package]) -> Self {
        match word {
            Some("YES") => Self::Yes,
            Some("PARTIAL") => Self::Partial,
            Some("NO") => Self::No,
            _ if !packages.is_empty() && packages.iter().all(|package| package.fixed.is_some()) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// Whether there is something to update to.
    #[must_use]
    pub fn is_there(self) -> bool {
        matches!(self, Self::Yes | Self::Partial)
    }
}

/// A package that is vulnerable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
    /// The version that is not vulnerable any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Such as `OS` or `PYTHON`, as Inspector writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// Where the file is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Digest of the layer that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

impl Package {
    /// A version as people know it, from the parts in which Inspector tells it: `epoch:version-release`, without an
    /// epoch of 0 and without a release that is none.
    #[must_use]
    pub fn version(epoch: i64, version: &str, release: Option<&str>) -> String {
        let epoch = if epoch > 0 { format!("{epoch}:") } else { String::new() };
        let release = release.filter(|release| !release.is_empty()).map_or_else(String::new, |part| format!("-{part}"));
        format!("{epoch}{version}{release}")
    }

    /// The version that fixes it, from the word in its place and without an epoch of 0; None where that says that there is
    /// none.
    #[must_use]
    pub fn fixed_in(word: &str) -> Option<String> {
        let version = word.strip_prefix("0:").unwrap_or(word);
        (!version.is_empty() && version != NOT_AVAILABLE).then(|| version.to_owned())
    }
}

/// What Inspector writes where no version fixes it.
const NOT_AVAILABLE: &str = "NotAvailable";

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed_in(word: &str) -> Package {
        Package { fixed: Package::fixed_in(word), ..Package::default() }
    }

    #[test]
    fn a_version_is_told_as_people_know_it() {
        assert_eq!(Package::version(0, "2.9.14+dfsg", Some("1.3~deb12u1")), "2.9.14+dfsg-1.3~deb12u1");
        assert_eq!(Package::version(1, "1.1.1k", Some("7.el8")), "1:1.1.1k-7.el8");
        assert_eq!(Package::version(0, "2.31.0", None), "2.31.0");
        assert_eq!(Package::version(0, "2.31.0", Some("")), "2.31.0");
    }

    #[test]
    fn no_version_fixes_what_is_not_available() {
        assert_eq!(["NotAvailable", "", "0:"].map(Package::fixed_in), [None, None, None]);
    }

    #[test]
    fn a_fix_has_its_epoch_where_the_installed_version_has_one() {
        for (word, version) in [
            ("1.2.4", "1.2.4"),
            ("0:3.0.15-1~deb12u1", "3.0.15-1~deb12u1"),
            ("1:1.1.1k-9.el8", "1:1.1.1k-9.el8"),
            ("10:2.0", "10:2.0"),
        ] {
            assert_eq!(Package::fixed_in(word).as_deref(), Some(version));
        }
    }

    #[test]
    fn the_word_says_more_than_the_packages() {
        let fixed = [fixed_in("1.2.4")];
        let words = [Some("YES"), Some("PARTIAL"), Some("NO")];
        assert_eq!(words.map(|word| Fix::told(word, &fixed)), [Fix::Yes, Fix::Partial, Fix::No]);
    }

    #[test]
    fn without_a_word_a_fix_is_there_if_every_package_has_one() {
        assert_eq!(Fix::told(None, &[fixed_in("1.2.4"), fixed_in("3.1")]), Fix::Yes);
        assert_eq!(Fix::told(None, &[fixed_in("1.2.4"), fixed_in("NotAvailable")]), Fix::Unknown);
        assert_eq!(Fix::told(None, &[]), Fix::Unknown);
        assert_eq!(Fix::told(Some("MAYBE"), &[fixed_in("NotAvailable")]), Fix::Unknown);
    }

    #[test]
    fn a_status_that_nobody_knows_does_not_take_a_finding_away() {
        let words = ["ACTIVE", "SUPPRESSED", "CLOSED", "", "ARCHIVED"];
        let read = [Status::Active, Status::Suppressed, Status::Closed, Status::Active, Status::Active];
        assert_eq!(words.map(Status::from_word), read);
    }
}
