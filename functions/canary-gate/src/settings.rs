//! The environment of the gate, checked once, all faults reported together.

use std::time::Duration;

use tidegate_aws::settings::{Reader, SettingFaults};
use tidegate_core::canary::Policy;
use tidegate_core::canary::enrolment;
use tidegate_core::mode::Mode;
use tidegate_core::tags::{PREFIX, Tags};
use tidegate_lambda::settings::Common;

/// How this installation judges.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What every function is told.
    pub common: Common,
    /// The policy of a service whose tags say nothing else.
    pub defaults: Policy,
}

/// Variables that are defaults of tags, and their tags.
pub const OF_TAGS: [(&str, &str); 10] = [
    ("TIDEGATE_MAX_RATIO", "max-ratio"),
    ("TIDEGATE_MIN_EXCESS", "min-excess"),
    ("TIDEGATE_MAX_ERROR_RATE", "max-error-rate"),
    ("TIDEGATE_SLOW_MS", "slow-ms"),
    ("TIDEGATE_WARM_UP", "warm-up"),
    ("TIDEGATE_ALPHA", "alpha"),
    ("TIDEGATE_BETA", "beta"),
    ("TIDEGATE_PATIENCE", "patience"),
    ("TIDEGATE_ON_INCONCLUSIVE", "on-inconclusive"),
    ("TIDEGATE_BAKE", "bake"),
];

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that can't be used, with its value and the rule.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFaults> {
        let mut reader = Reader::new(source);
        let common = Common::read(&mut reader);
        let seconds = Duration::from_secs;
        let mut defaults = Policy { mode: common.mode, ..Policy::default() };
        for (variable, tag) in OF_TAGS {
            // A default is what the tag would be, and broken where the tag would be.
            let rule = enrolment::read(&one_tag(tag, "?"), &Tags::default(), &defaults, jiff::Timestamp::UNIX_EPOCH);
            let rule = rule.err().and_then(|faults| Some(faults.first()?.rule.clone())).unwrap_or_default();
            let before = defaults.clone();
            defaults = reader.parsed(variable, &rule, before.clone(), |text| {
                let read = enrolment::read(&one_tag(tag, text), &Tags::default(), &before, jiff::Timestamp::UNIX_EPOCH);
                read.ok().map(|policy| Policy { mode: before.mode, ..policy })
            });
        }
        let settle = reader.duration("TIDEGATE_SETTLE", seconds(60), seconds(600), seconds(defaults.settle_s.into()));
        defaults.settle_s = u32::try_from(settle.as_secs()).unwrap_or(u32::MAX);
        reader.finish(Self { common, defaults })
    }
}

fn one_tag(tag: &str, value: &str) -> Tags {
    Tags::new([(format!("{PREFIX}{tag}"), value), (format!("{PREFIX}{}", enrolment::GATE), Mode::On.as_str())])
}
