//! The variables that every function has; each reads them from its own environment.

use tidegate_aws::clock::ClockSource;
use tidegate_aws::settings::Reader;
use tidegate_core::mode::Mode;

use crate::messages::MessageFormat;

/// What every function is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// As far as it may go with any service.
    pub mode: Mode,
    /// The clusters that are looked at.
    pub clusters: Clusters,
    /// Calls that may be under way at once.
    pub concurrency: usize,
    /// Where people are told.
    pub topic_arn: Option<String>,
    /// What messages look like.
    pub message_format: MessageFormat,
    /// Which decisions are logged in full.
    pub records: Records,
    /// Where the time comes from.
    pub clock: ClockSource,
}

/// The clusters that are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// Every one.
    All,
    /// Those with these names.
    Named(Vec<String>),
}

/// Which decisions are logged in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Changes and errors; what stays as it is shares the summary.
    Changes,
    /// Every one.
    All,
}

impl Common {
    /// Reads them; what can't be used is a fault that the reader keeps.
    pub fn read(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Self {
        let mode = reader.parsed("TIDEGATE_MODE", "must be off, shadow or on", Mode::On, Mode::from_word);
        let names = "must be all, or cluster names";
        let clusters = reader.parsed("TIDEGATE_CLUSTERS", names, Clusters::All, Clusters::from_words);
        let concurrency = reader.parsed("TIDEGATE_CONCURRENCY", "must be a whole number from 1 to 50", 10, |text| {
            text.parse().ok().filter(|calls| (1..=50).contains(calls))
        });
        let topic_arn = reader.parsed("TIDEGATE_TOPIC_ARN", "must be the ARN of an SNS topic", None, |text| {
            (text.starts_with("arn:") && text.contains(":sns:")).then(|| Some(text.to_owned()))
        });
        let formats = "must be text or chatbot";
        let message_format =
            reader.parsed("TIDEGATE_MESSAGE_FORMAT", formats, MessageFormat::Text, |text| match text {
                "text" => Some(MessageFormat::Text),
                "chatbot" => Some(MessageFormat::Chatbot),
                _ => None,
            });
        let records =
            reader.parsed("TIDEGATE_RECORDS", "must be changes or all", Records::Changes, |text| match text {
                "changes" => Some(Records::Changes),
                "all" => Some(Records::All),
                _ => None,
            });
        let loopback = "must be http:// and a loopback address with its port; it is for tests only";
        let clock = reader.parsed("TIDEGATE_CLOCK", loopback, ClockSource::System, ClockSource::from_url);
        Self { mode, clusters, concurrency, topic_arn, message_format, records, clock }
    }
}

impl Clusters {
    /// Whether a cluster is among them.
    #[must_use]
    pub fn include(&self, cluster: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == cluster),
        }
    }

    fn from_words(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        let names: Vec<String> = text.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let plain =
            |name: &String| name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
        (!names.is_empty() && names.iter().all(plain)).then_some(Self::Named(names))
    }
}
