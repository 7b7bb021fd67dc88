//! What no deployment and no policy can have, so that the arithmetic can be done.

use jiff::Timestamp;

use super::facts::Facts;
use super::policy::Policy;

/// 2200: well within what a timestamp can be reckoned with.
const FAR: Timestamp = Timestamp::constant(7_258_118_400, 0);

/// More requests than any load balancer serves in a minute.
const MOST_REQUESTS: u64 = 1_000_000_000_000;

/// A year: longer than anything here lasts.
const LONGEST_S: u32 = 366 * 24 * 3600;

impl Facts {
    /// What no deployment can have: the field, the value and the rule. None where all can be.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        let deployment = &self.deployment;
        let known = Timestamp::UNIX_EPOCH..=FAR;
        let times = [Some(now), Some(deployment.started_at), deployment.waiting_since, deployment.full_since];
        let times = times.into_iter().flatten().chain(deployment.hook_ends_at);
        let times = times.chain(self.minutes.iter().map(|minute| minute.at));
        let times = times.chain(self.before.iter().map(|minute| minute.at));
        let times = times.chain(self.hosts.iter().map(|minute| minute.at));
        let mut times = times.chain(self.metrics.values().flatten().map(|point| point.at));
        if let Some(at) = times.find(|at| !known.contains(at)) {
            return Some(format!("{at} is no time of a deployment; it must be from 1970 to 2200"));
        }
        let percents = [deployment.weight_percent, Some(deployment.previous_percent)];
        if let Some(percent) = percents.into_iter().flatten().find(|percent| !(0.0..=100.0).contains(percent)) {
            return Some(format!("a weight is {percent}; it must be from 0 to 100"));
        }
        let arms = self.minutes.iter().flat_map(|minute| [minute.canary, minute.baseline]).flatten();
        let mut counts = arms.chain(self.before.iter().map(|minute| minute.counts)).chain(self.day_before);
        let wrong = counts.find_map(|counts| {
            let bad = [counts.errors, counts.unanswered, counts.slow.unwrap_or(0)];
            let most = bad.into_iter().max().unwrap_or(0);
            match counts.requests {
                requests if requests > MOST_REQUESTS => {
                    Some(format!("a minute has {requests} requests; it must be at most {MOST_REQUESTS}"))
                }
                requests if most > requests => Some(format!("a minute has {requests} requests and {most} bad ones")),
                _ => None,
            }
        });
        wrong.or_else(|| {
            let minutes = deployment.platform_bake_minutes;
            (minutes > LONGEST_S / 60)
                .then(|| format!("platform_bake_minutes is {minutes}; it must be at most a year's"))
        })
    }
}

impl Policy {
    /// What makes no sense in this policy, whatever the deployment: the field, the value and the rule.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let slow = self.slow.unwrap_or(super::policy::Slow { ms: 1.0, max_ratio: 1.0 });
        let dials = [
            ("max_ratio", self.max_ratio, 1.0, 1e6),
            ("min_excess_percent", self.min_excess_percent, 0.0, 100.0),
            ("alpha", self.alpha, 1e-9, 0.5),
            ("beta", self.beta, 1e-9, 0.5),
            ("ok_rate_percent", self.ok_rate_percent, 0.0, 100.0),
            ("ceilings.error_percent", self.ceilings.error_percent, 0.0, 100.0),
            ("ceilings.slow_times", self.ceilings.slow_times, 1.0, 1e6),
            ("ceilings.response_ms", self.ceilings.response_ms.unwrap_or(0.0), 0.0, 1e9),
            ("slow.ms", slow.ms, 0.0, 1e9),
            ("slow.max_ratio", slow.max_ratio, 1.0, 1e6),
        ];
        let dial = dials.into_iter().find_map(|(name, value, least, most)| {
            let within = (least..=most).contains(&value);
            (!within).then(|| format!("{name} is {value}; it must be a number from {least} to {most}"))
        });
        let lengths = [
            ("warm_up_s", self.warm_up_s),
            ("patience_s", self.patience_s),
            ("bake_s", self.bake_s),
            ("settle_s", self.settle_s),
        ];
        dial.or_else(|| {
            let (name, length) = lengths.into_iter().find(|(_, length)| *length > LONGEST_S)?;
            Some(format!("{name} is {length}; it must be at most {LONGEST_S}"))
        })
    }
}
