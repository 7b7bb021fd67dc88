//! The environment of the scaler, checked once, all faults reported together.

use std::time::Duration;

use tidegate_aws::clock::ClockSource;
use tidegate_aws::settings::{Reader, SettingFaults};
use tidegate_core::mode::Mode;
use tidegate_core::prices::PriceOverride;
use tidegate_core::scaling::enrolment;
use tidegate_core::scaling::policy::{Policy, RatePair};
use tidegate_core::scaling::rates::Rate;
use tidegate_core::scaling::{CPU, MEMORY, REQUESTS};

/// How this installation scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// As far as any service may be scaled.
    pub mode: Mode,
    /// The clusters that are looked at.
    pub clusters: Clusters,
    /// The policy of a service whose tags say nothing else.
    pub defaults: Policy,
    /// Percent of its tasks' cost that the queries of a service may cost.
    pub query_percent: f64,
    /// Calls that may be under way at once.
    pub concurrency: usize,
    /// Where people are told.
    pub topic_arn: Option<String>,
    /// What messages look like.
    pub message_format: MessageFormat,
    /// Prices in place of the table's.
    pub prices: Vec<PriceOverride>,
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

impl Clusters {
    /// Whether a cluster is among them.
    #[must_use]
    pub fn include(&self, cluster: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == cluster),
        }
    }
}

/// What messages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFormat {
    /// For mail.
    Text,
    /// For chat channels, as Amazon Q Developer in chat applications (AWS Chatbot) reads it.
    Chatbot,
}

/// Which decisions are logged in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Changes and errors; what stays as it is shares the summary.
    Changes,
    /// Every one.
    All,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that can't be used, with its value and the rule.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFaults> {
        let mut reader = Reader::new(source);
        let seconds = Duration::from_secs;
        let mode = reader.parsed("TIDEGATE_MODE", "must be off, shadow or on", Mode::On, Mode::from_word);
        let clusters = reader.parsed("TIDEGATE_CLUSTERS", "must be all, or cluster names", Clusters::All, clusters);

        let mut defaults = Policy { mode, ..Policy::default() };
        for (variable, metric) in [("TIDEGATE_CPU", CPU), ("TIDEGATE_MEMORY", MEMORY), ("TIDEGATE_REQUESTS", REQUESTS)]
        {
            let rule = enrolment::target(metric, "").err().unwrap_or_default();
            let present = defaults.targets.remove(metric);
            let target = reader.parsed(variable, &rule, present, |text| enrolment::target(metric, text).ok());
            defaults.targets.extend(target.map(|target| (metric.to_owned(), target)));
        }
        let settle = reader.duration("TIDEGATE_SETTLE", seconds(60), seconds(600), seconds(defaults.settle_s.into()));
        defaults.settle_s = u32::try_from(settle.as_secs()).unwrap_or(u32::MAX);
        defaults.rates = Some(rates(&mut reader));

        let query_percent = reader.number("TIDEGATE_QUERY_PERCENT", 0.1, 100.0, 2.0);
        let concurrency = reader.parsed("TIDEGATE_CONCURRENCY", "must be a whole number from 1 to 50", 10, |text| {
            text.parse().ok().filter(|calls| (1..=50).contains(calls))
        });
        let topic_arn = reader.parsed("TIDEGATE_TOPIC_ARN", "must be the ARN of an SNS topic", None, |text| {
            (text.starts_with("arn:") && text.contains(":sns:")).then(|| Some(text.to_owned()))
        });
        let message_format = reader.parsed(
            "TIDEGATE_MESSAGE_FORMAT",
            "must be text or chatbot",
            MessageFormat::Text,
            |text| match text {
                "text" => Some(MessageFormat::Text),
                "chatbot" => Some(MessageFormat::Chatbot),
                _ => None,
            },
        );
        let price = "must be region/x86_64 or arm64/on_demand or spot=dollars per vCPU-hour/dollars per GB-hour, \
                     separated by commas";
        let prices = reader.parsed("TIDEGATE_PRICES", price, Vec::new(), |text| {
            text.split(',').map(|price| price.trim().parse().ok()).collect()
        });
        let records =
            reader.parsed("TIDEGATE_RECORDS", "must be changes or all", Records::Changes, |text| match text {
                "changes" => Some(Records::Changes),
                "all" => Some(Records::All),
                _ => None,
            });
        let loopback = "must be http:// and a loopback address with its port; it is for tests only";
        let clock = reader.parsed("TIDEGATE_CLOCK", loopback, ClockSource::System, ClockSource::from_url);
        reader.finish(Self {
            mode,
            clusters,
            defaults,
            query_percent,
            concurrency,
            topic_arn,
            message_format,
            prices,
            records,
            clock,
        })
    }
}

fn clusters(text: &str) -> Option<Clusters> {
    if text == "all" {
        return Some(Clusters::All);
    }
    let names: Vec<String> = text.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let plain = |name: &String| name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
    (!names.is_empty() && names.iter().all(plain)).then_some(Clusters::Named(names))
}

fn rates(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> RatePair {
    let mut rates = RatePair::default();
    let variables = [
        (&mut rates.up.policies, "TIDEGATE_UP_PERCENT", "TIDEGATE_UP_TASKS"),
        (&mut rates.down.policies, "TIDEGATE_DOWN_PERCENT", "TIDEGATE_DOWN_TASKS"),
    ];
    for (policies, percent, tasks) in variables {
        for policy in policies {
            match policy {
                Rate::Percent { value, .. } => *value = reader.number(percent, 0.0, 1000.0, *value),
                Rate::Tasks { value, .. } => {
                    *value = reader.parsed(tasks, "must be a whole number from 0 to 1000", *value, |text| {
                        text.parse().ok().filter(|tasks| *tasks <= 1000)
                    });
                }
            }
        }
    }
    rates
}
