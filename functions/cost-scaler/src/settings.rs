//! The environment of the scaler, checked once, all faults reported together.

use std::time::Duration;

use tidegate_aws::settings::{Reader, SettingFaults};
use tidegate_core::prices::PriceOverride;
use tidegate_core::scaling::enrolment;
use tidegate_core::scaling::policy::{Policy, RatePair};
use tidegate_core::scaling::rates::Rate;
use tidegate_core::scaling::{CPU, MEMORY, REQUESTS};
use tidegate_lambda::settings::Common;

/// How this installation scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What every function is told.
    pub common: Common,
    /// The policy of a service whose tags say nothing else.
    pub defaults: Policy,
    /// Percent of its tasks' cost that the queries of a service may cost.
    pub query_percent: f64,
    /// Prices in place of the table's.
    pub prices: Vec<PriceOverride>,
    /// Services that one run of the schedule looks at by itself; more are handed on in parts.
    pub reach: usize,
    /// Where parts are handed on; without it one run does what it reaches.
    pub parts_queue: Option<String>,
}

/// It takes ten seconds to read so many at half of what the account has for it: the most that fits the shortest timeout
/// which the template allows (30 s, of which half is for reading), with a quarter to spare.
const REACH: usize = 1500;

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that can't be used, with its value and the rule.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, SettingFaults> {
        let mut reader = Reader::new(source);
        let seconds = Duration::from_secs;
        let common = Common::read(&mut reader);

        let mut defaults = Policy { mode: common.mode, ..Policy::default() };
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
        let price = "must be region/x86_64 or arm64/on_demand or spot=dollars per vCPU-hour/dollars per GB-hour, \
                     separated by commas";
        let prices = reader.parsed("TIDEGATE_PRICES", price, Vec::new(), |text| {
            text.split(',').map(|price| price.trim().parse().ok()).collect()
        });
        let reach = reader.parsed("TIDEGATE_REACH", "must be a whole number from 100 to 9999", REACH, |text| {
            text.parse().ok().filter(|services| (100..=9999).contains(services))
        });
        let url = "must be the URL of an SQS queue";
        let parts_queue = reader.parsed("TIDEGATE_PARTS_QUEUE", url, None, |text| {
            let is_url = text.starts_with("https://") || text.starts_with("http://");
            is_url.then(|| Some(text.to_owned()))
        });
        reader.finish(Self { common, defaults, query_percent, prices, reach, parts_queue })
    }
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
