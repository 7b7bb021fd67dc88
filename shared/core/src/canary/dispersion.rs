//! How much more the old version's bad events vary from minute to minute than independent ones would.
//!
//! Errors come in clumps: retries, one bad client, one bad task. A test that takes each for independent stops good
//! releases far more often than it says. The measure is variance over mean: 1 where events are independent, about 3 where they
//! come in clumps of three.
//!
//! Source: Cox, "Some remarks on overdispersion", Biometrika 70 (1983), 269-274, <https://doi.org/10.1093/biomet/70.1.269>.

use super::facts::Before;

/// With fewer minutes of the old version the dispersion can't be told.
const FEWEST_MINUTES: usize = 30;

/// What is taken for the dispersion then: clumps of three.
pub const UNKNOWN: f64 = 3.0;

/// A minute with this many requests and more than the ceiling of errors, in a row of such, is an outage of the old version
/// and says nothing of how its errors come.
const OUTAGE_REQUESTS: u64 = 100;
const OUTAGE_MINUTES: usize = 3;

/// So many events of the old version would be as good a guess as [`UNKNOWN`] is.
const GUESS: f64 = 2.0;

/// How much bad events vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// As the old version's minutes have it: variance over mean, at least 1.
    pub observed: f64,
    /// The events that it was observed in.
    pub events: f64,
}

impl Dispersion {
    /// The dispersion to stop a release by: a few events say little of how they come.
    #[must_use]
    pub fn careful(self) -> f64 {
        (self.observed * self.events + UNKNOWN * GUESS) / (self.events + GUESS)
    }
}

/// Variance over mean of the bad events of each minute, corrected for the requests of each minute (Pearson's chi-squared
/// over its degrees of freedom); at least 1.
///
/// `bad` counts the events of one class. `ceiling` is a rate from 0 to 1 above which a row of minutes is an outage.
#[must_use]
pub fn dispersion(before: &[Before], bad: impl Fn(&Before) -> Option<u64>, ceiling: f64) -> Dispersion {
    let mut minutes: Vec<(i64, f64, f64, bool)> = before
        .iter()
        .filter(|minute| minute.counts.requests > 0)
        .filter_map(|minute| {
            let (requests, bad) = (super::float(minute.counts.requests), super::float(bad(minute)?));
            let out = minute.counts.requests >= OUTAGE_REQUESTS && bad > ceiling * requests;
            Some((minute.at.as_second(), requests, bad, out))
        })
        .collect();
    minutes.sort_by_key(|(at, ..)| *at);
    let calm: Vec<(f64, f64)> = minutes
        .chunk_by(|a, b| a.3 == b.3)
        .filter(|chunk| !chunk[0].3 || chunk.len() < OUTAGE_MINUTES)
        .flatten()
        .map(|(_, requests, bad, _)| (*requests, *bad))
        .collect();
    if calm.len() < FEWEST_MINUTES {
        return Dispersion { observed: UNKNOWN, events: 0.0 };
    }
    let (requests, bad) = calm.iter().fold((0.0, 0.0), |(n, b), minute| (n + minute.0, b + minute.1));
    if bad <= 0.0 {
        return Dispersion { observed: 1.0, events: 0.0 };
    }
    let rate = bad / requests;
    let squares: f64 = calm.iter().map(|(requests, bad)| (bad - requests * rate).powi(2) / (requests * rate)).sum();
    #[expect(clippy::cast_precision_loss, reason = "minutes of two hours")]
    let freedom = (calm.len() - 1) as f64;
    Dispersion { observed: (squares / freedom).max(1.0), events: bad }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::facts::Counts;
    use jiff::Timestamp;

    fn minutes(errors: impl Fn(i64) -> u64) -> Vec<Before> {
        let minute = |index: i64| Before {
            at: Timestamp::from_second(1_795_255_200 + 60 * index).unwrap_or_default(),
            counts: Counts { requests: 1000, errors: errors(index), ..Counts::default() },
        };
        (0..120).map(minute).collect()
    }

    fn of(before: &[Before]) -> f64 {
        dispersion(before, |minute| Some(minute.counts.errors), 0.05).observed
    }

    #[test]
    fn clumps_of_five_have_a_dispersion_of_five() {
        // One clump in every tenth minute.
        let clumps = of(&minutes(|index| if index % 10 == 0 { 5 } else { 0 }));
        assert!((4.0..5.0).contains(&clumps), "{clumps}");
    }

    #[test]
    fn it_is_never_below_one() {
        assert!((of(&minutes(|_| 0)) - 1.0).abs() < 1e-9 && (of(&minutes(|_| 7)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_few_events_are_no_proof_that_they_come_alone() {
        let careful = |observed, events| Dispersion { observed, events }.careful();
        assert!((careful(1.0, 0.0) - UNKNOWN).abs() < 1e-9, "none at all is taken for clumps of three");
        assert!((careful(1.0, 2.0) - 2.0).abs() < 1e-9 && careful(1.0, 60.0) < 1.1);
    }

    #[test]
    fn too_few_minutes_are_taken_for_clumps_of_three() {
        assert!((of(&minutes(|_| 1)[..20]) - UNKNOWN).abs() < 1e-9);
    }

    #[test]
    fn an_outage_of_the_old_version_does_not_blind_the_judge() {
        let steady = |index: i64| u64::from(index % 2 == 0);
        let outage = of(&minutes(|index| if (40..50).contains(&index) { 300 } else { steady(index) }));
        let one_minute = of(&minutes(|index| if index == 40 { 60 } else { steady(index) }));
        assert!(outage < 1.1, "{outage}");
        assert!(one_minute > 20.0, "one bad minute is a clump: {one_minute}");
    }
}
