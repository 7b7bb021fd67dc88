//! A simulated deployment: what the load balancer counts of both versions, minute by minute.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use rand_distr::{Binomial, Distribution, Normal, Poisson};
use tidegate_core::canary::facts::Counts;

use super::clumps::Clumps;
use super::numbers::{real, whole};

/// How long the canary has its share, and so the number of looks.
pub const MINUTES: usize = 60;

/// The old version's minutes before, that the dispersion is estimated from.
pub const BEFORE: usize = 120;

/// A minute is looked at when it ended so long ago, by every judge.
pub const SETTLE_MINUTES: usize = 2;

/// How much the traffic of a minute differs from that of the next, as the standard deviation of its logarithm.
const TRAFFIC_NOISE: f64 = 0.1;

/// One release in so many crashed requests never got a connection.
const CRASHES_PER_CONNECTION_ERROR: u64 = 2;

/// The service that is deployed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Requests of both versions.
    pub requests_per_minute: f64,
    /// The canary's share of them.
    pub canary_share: f64,
    /// The old version's 5xx answers among its requests.
    pub error_rate: f64,
    /// The old version's slow answers among its requests; absent where nobody counts them.
    pub slow_rate: Option<f64>,
    /// How errors, and slow answers, come.
    pub clumps: Clumps,
}

/// What is the matter with the release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    /// Nothing: the new version is as good as the old one.
    Good,
    /// It has so many times the old version's errors.
    Errors(f64),
    /// It has so many times the old version's slow answers.
    Slow(f64),
    /// It leaves this share of its requests without an answer: the load balancer answers, so no target counts a 5xx.
    Crashes(f64),
    /// Nothing, but both versions have so many times the errors for ten minutes: something that both need is down.
    CommonOutage(f64),
}

/// The minutes of a common outage.
const OUTAGE: std::ops::Range<usize> = 20..30;

/// One minute of both versions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arms {
    /// The new one.
    pub canary: Counts,
    /// The old one.
    pub baseline: Counts,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Of what.
    pub setting: Setting,
    /// The old version alone, before.
    pub before: Vec<Counts>,
    /// Both, from the start on.
    pub minutes: Vec<Arms>,
}

impl Release {
    /// The release of this number: the same one each time.
    ///
    /// # Panics
    /// Where the setting has a share that is none.
    #[must_use]
    pub fn new(setting: Setting, scenario: Scenario, number: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(number);
        let before = (0..BEFORE)
            .map(|_| {
                let requests = requests(setting, &mut random);
                counts(setting, Scenario::Good, requests, 1.0, &mut random)
            })
            .collect();
        let minutes = (0..MINUTES)
            .map(|minute| {
                let requests = requests(setting, &mut random);
                let canary = Binomial::new(requests, setting.canary_share).expect("a share").sample(&mut random);
                let times = match scenario {
                    Scenario::CommonOutage(times) if OUTAGE.contains(&minute) => times,
                    _ => 1.0,
                };
                Arms {
                    canary: counts(setting, scenario, canary, times, &mut random),
                    baseline: counts(setting, Scenario::Good, requests - canary, times, &mut random),
                }
            })
            .collect();
        Self { setting, before, minutes }
    }

    /// The minutes that are settled at a look.
    #[must_use]
    pub fn settled(&self, look: usize) -> &[Arms] {
        &self.minutes[..look.saturating_sub(SETTLE_MINUTES)]
    }

    /// The canary's requests until a look: those that could have been hurt.
    #[must_use]
    pub fn canary_requests(&self, look: usize) -> u64 {
        self.minutes[..look].iter().map(|minute| minute.canary.requests).sum()
    }
}

fn requests(setting: Setting, random: &mut impl Rng) -> u64 {
    let noise: f64 = Normal::new(0.0, TRAFFIC_NOISE).expect("a deviation").sample(random);
    whole(Poisson::new(setting.requests_per_minute * noise.exp()).expect("traffic above 0").sample(random))
}

/// One minute of one version, in which errors are so many times as frequent as usual.
fn counts(setting: Setting, scenario: Scenario, requests: u64, times: f64, random: &mut impl Rng) -> Counts {
    let unanswered = match scenario {
        Scenario::Crashes(share) => Clumps::Independent.bad(requests, share, random),
        _ => 0,
    };
    let answered = requests - unanswered;
    let errors = if let Scenario::Errors(more) = scenario { times * more } else { times };
    let slow = if let Scenario::Slow(more) = scenario { more } else { 1.0 };
    Counts {
        requests,
        errors: setting.clumps.bad(answered, setting.error_rate * errors, random),
        connection_errors: unanswered / CRASHES_PER_CONNECTION_ERROR,
        unanswered,
        slow: setting.slow_rate.map(|rate| setting.clumps.bad(answered, rate * slow, random)),
        response_ms: None,
    }
}

/// Requests that somebody was let down by: a 5xx, or no answer at all.
#[must_use]
pub fn failed(counts: &Counts) -> f64 {
    real(counts.errors + counts.unanswered)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting = Setting {
        requests_per_minute: 1_000.0,
        canary_share: 0.1,
        error_rate: 0.01,
        slow_rate: Some(0.01),
        clumps: Clumps::Of(3),
    };

    fn sum(release: &Release, of: impl Fn(&Arms) -> u64) -> f64 {
        real(release.minutes.iter().map(of).sum())
    }

    #[test]
    fn a_number_names_one_release() {
        let release = Release::new(SETTING, Scenario::Good, 7);
        assert_eq!(release, Release::new(SETTING, Scenario::Good, 7));
        assert_ne!(release, Release::new(SETTING, Scenario::Good, 8));
    }

    #[test]
    fn minutes_settle_after_two() {
        let release = Release::new(SETTING, Scenario::Good, 7);
        assert_eq!([2, 3, MINUTES].map(|look| release.settled(look).len()), [0, 1, MINUTES - 2]);
    }

    #[test]
    fn the_canary_has_its_share_and_its_fault() {
        let bad = Release::new(SETTING, Scenario::Errors(5.0), 1);
        let share = sum(&bad, |minute| minute.canary.requests) / 60_000.0;
        assert!((share / 0.1 - 1.0).abs() < 0.1, "{share}");
        let errors = sum(&bad, |minute| minute.canary.errors) / sum(&bad, |minute| minute.canary.requests);
        assert!((errors / 0.05 - 1.0).abs() < 0.4, "{errors}");

        let crashing = Release::new(SETTING, Scenario::Crashes(0.05), 1);
        assert!(sum(&crashing, |minute| minute.canary.unanswered) > 200.0);
        assert!(sum(&crashing, |minute| minute.baseline.unanswered) < 1.0);
    }

    #[test]
    fn a_common_outage_is_in_both_versions_and_ends() {
        let release = Release::new(SETTING, Scenario::CommonOutage(20.0), 1);
        let errors = |minutes: &[Arms]| -> u64 { minutes.iter().map(|minute| minute.baseline.errors).sum() };
        assert!(errors(&release.minutes[OUTAGE]) > 10 * errors(&release.minutes[..OUTAGE.start]) / 2);
        assert!(release.minutes[OUTAGE].iter().map(|minute| minute.canary.errors).sum::<u64>() > 100);
    }
}
