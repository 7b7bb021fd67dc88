//! The arithmetic of evidence: e-processes over the counts of each minute.
//!
//! An e-process is a bet against a hypothesis: while that is true, its expected value is at most 1 at whatever moment it
//! is looked at, so it passes `1 / alpha` with a chance of at most `alpha`, however often one looks (Ville's inequality).
//! Everything is in logarithms, as the bets over millions of events leave the range of a float.
//!
//! Given that something bad happened in a minute in which the canary had the share `rho` of the requests, it happened to
//! the canary with the chance `theta(x) = rho x / (rho x + 1 - rho)` where its rate is `x` times the baseline's. What
//! changes both rates alike (a dependency, a traffic peak) drops out.
//!
//! Sources: Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", `NeurIPS` 2022,
//! <https://arxiv.org/abs/2011.03567>; Ramdas and others, "Game-theoretic statistics and safe anytime-valid inference",
//! Statistical Science 2023, <https://arxiv.org/abs/2210.01948>.

/// Rate ratios that are bet on, beyond what is acceptable. Nobody knows how bad a bad release is.
const RATIOS: [f64; 8] = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0];

/// Shares of the rate that is called low, that are bet on.
const LOW_SHARES: [f64; 4] = [0.0, 0.1, 0.25, 0.5];

/// One class of events in one minute with both versions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Bad events of the canary.
    pub canary_bad: f64,
    /// Bad events of the baseline.
    pub baseline_bad: f64,
    /// The canary's share of the requests, from 0 to 1.
    pub share: f64,
}

/// One class of events of the canary in one minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trials {
    /// Bad events.
    pub bad: f64,
    /// Requests.
    pub requests: f64,
}

/// The natural logarithm of the e-value against "the canary's rate is at most `margin` times the baseline's".
///
/// `dispersion` is the variance over the mean of the events; the bets are raised to its reciprocal, as events that come
/// in clumps say no more than their clumps.
#[must_use]
pub fn worse(minutes: &[Split], margin: f64, dispersion: f64) -> f64 {
    mean_of(&RATIOS.map(|ratio| against(minutes, margin, margin * ratio) / dispersion))
}

/// The natural logarithm of the e-value against "the canary's rate is at least twice `margin` times the baseline's".
#[must_use]
pub fn not_twice(minutes: &[Split], margin: f64, dispersion: f64) -> f64 {
    let twice = 2.0 * margin;
    mean_of(&RATIOS.map(|ratio| against(minutes, twice, twice / ratio) / dispersion))
}

/// The natural logarithm of the e-value against "the canary's rate is at least `rate`", from 0 to 1.
#[must_use]
pub fn low(minutes: &[Trials], rate: f64, dispersion: f64) -> f64 {
    if rate <= 0.0 || rate >= 1.0 {
        return 0.0;
    }
    let (bad, requests) = minutes.iter().fold((0.0, 0.0), |(b, n), minute| (b + minute.bad, n + minute.requests));
    mean_of(&LOW_SHARES.map(|share| low_bet(bad, requests, rate, share) / dispersion))
}

fn low_bet(bad: f64, requests: f64, rate: f64, share: f64) -> f64 {
    // 0 times the logarithm of 0 is nothing, and not "not a number".
    let hits = if bad > 0.0 { bad * share.ln() } else { 0.0 };
    hits + (requests - bad).max(0.0) * ((-rate * share).ln_1p() - (-rate).ln_1p())
}

/// The bet on the ratio `bet` against the ratio `held`.
fn against(minutes: &[Split], held: f64, bet: f64) -> f64 {
    minutes.iter().map(|minute| factor(minute, held, bet)).sum()
}

fn factor(minute: &Split, held: f64, bet: f64) -> f64 {
    let share = minute.share;
    // One version alone can't be compared, and most minutes have no events.
    if !(share > 0.0 && share < 1.0) || minute.canary_bad + minute.baseline_bad <= 0.0 {
        return 0.0;
    }
    // theta(bet) / theta(held) and (1 - theta(bet)) / (1 - theta(held)) have the same denominators.
    let normal = (share.mul_add(held, 1.0 - share) / share.mul_add(bet, 1.0 - share)).ln();
    minute.canary_bad * ((bet / held).ln() + normal) + minute.baseline_bad * normal
}

/// The logarithm of the mean of numbers that are given by their logarithms.
pub(super) fn mean_of(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (sum, count) = logs.iter().fold((0.0, 0.0), |(sum, count), log| (sum + (log - largest).exp(), count + 1.0));
    if largest == f64::NEG_INFINITY { largest } else { largest + (sum / count).ln() }
}

/// How many further requests of the canary take an e-value to `goal` (a logarithm), where each of its bets goes on as it
/// is expected to. None where no number does.
///
/// `bets` are the logarithms of the bets so far, and what each gains with a request.
fn until<const N: usize>(bets: [(f64, f64); N], goal: f64) -> Option<f64> {
    let at = |requests: f64| mean_of(&bets.map(|(now, gain)| gain.mul_add(requests, now)));
    if at(0.0) >= goal {
        return Some(0.0);
    }
    let mut most = 1.0;
    while at(most) < goal {
        most *= 2.0;
        if most > MOST_REQUESTS {
            return None;
        }
    }
    let mut least = 0.0;
    while most - least > 1.0 {
        let middle = f64::midpoint(least, most);
        if at(middle) < goal { least = middle } else { most = middle }
    }
    Some(most)
}

/// Nobody waits for more.
const MOST_REQUESTS: f64 = 1e12;

/// Requests of the canary until [`not_twice`] reaches `goal`, were it as good as the baseline with the rate `rate` and the
/// share `share`.
#[must_use]
pub fn requests_until_not_twice(
    minutes: &[Split],
    margin: f64,
    dispersion: f64,
    (rate, share): (f64, f64),
    goal: f64,
) -> Option<f64> {
    let twice = 2.0 * margin;
    let expected = Split { canary_bad: rate, baseline_bad: rate * (1.0 - share) / share, share };
    let bet = |ratio: &f64| {
        let bet = twice / ratio;
        (against(minutes, twice, bet) / dispersion, factor(&expected, twice, bet) / dispersion)
    };
    until(RATIOS.map(|ratio| bet(&ratio)), goal)
}

/// Requests of the canary until [`worse`] reaches `goal`, were its rate `times` the baseline's, which is `rate`, with the
/// share `share`, and its events independent.
#[must_use]
pub fn requests_until_worse(margin: f64, times: f64, (rate, share): (f64, f64), goal: f64) -> Option<f64> {
    let expected = Split { canary_bad: rate * times, baseline_bad: rate * (1.0 - share) / share, share };
    until(RATIOS.map(|ratio| (0.0, factor(&expected, margin, margin * ratio))), goal)
}

/// Requests of the canary until [`low`] reaches `goal`, were its rate `expected`.
#[must_use]
pub fn requests_until_low(minutes: &[Trials], rate: f64, dispersion: f64, expected: f64, goal: f64) -> Option<f64> {
    if rate <= 0.0 || rate >= 1.0 {
        return None;
    }
    let (bad, requests) = minutes.iter().fold((0.0, 0.0), |(b, n), minute| (b + minute.bad, n + minute.requests));
    let bet = |share: &f64| {
        (low_bet(bad, requests, rate, *share) / dispersion, low_bet(expected, 1.0, rate, *share) / dispersion)
    };
    until(LOW_SHARES.map(|share| bet(&share)), goal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(canary_bad: f64, baseline_bad: f64, share: f64) -> Split {
        Split { canary_bad, baseline_bad, share }
    }

    #[test]
    fn a_bet_is_the_ratio_of_the_likelihoods() {
        // One event of the canary with a tenth of the traffic: theta(2) / theta(1) = (0.2 / 1.1) / 0.1.
        let canary = factor(&split(1.0, 0.0, 0.1), 1.0, 2.0);
        assert!((canary.exp() - 0.2 / 1.1 / 0.1).abs() < 1e-12);
        let baseline = factor(&split(0.0, 1.0, 0.1), 1.0, 2.0);
        assert!((baseline.exp() - (1.0 - 0.2 / 1.1) / 0.9).abs() < 1e-12);
    }

    #[test]
    fn at_the_accepted_ratio_a_bet_is_worth_one_on_average() {
        for (share, margin, ratio) in [(0.01, 1.0, 50.0), (0.1, 1.5, 2.0), (0.5, 1.0, 1.25), (0.9, 3.0, 10.0)] {
            let theta = share * margin / (share * margin + 1.0 - share);
            let won = factor(&split(1.0, 0.0, share), margin, margin * ratio).exp();
            let lost = factor(&split(0.0, 1.0, share), margin, margin * ratio).exp();
            assert!((theta * won + (1.0 - theta) * lost - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn one_version_alone_is_no_evidence() {
        let minutes = [split(50.0, 0.0, 1.0), split(0.0, 9.0, 0.0)];
        assert!(worse(&minutes, 1.5, 1.0).abs() < 1e-12 && not_twice(&minutes, 1.5, 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_billion_events_and_extreme_shares_stay_finite() {
        for share in [1e-9, 0.5, 1.0 - 1e-9] {
            for minute in [split(1e9, 0.0, share), split(0.0, 1e9, share), split(5e8, 5e8, share)] {
                assert!(worse(&[minute], 1.5, 1.0).is_finite() && not_twice(&[minute], 1.5, 1.0).is_finite());
            }
        }
        assert!(low(&[Trials { bad: 1e9, requests: 1e12 }], 0.001, 1.0).is_finite());
    }

    #[test]
    fn no_errors_are_evidence_too() {
        // -ln(1 - 0.001) a request, of which the mean over four bets takes its part.
        let none = |requests| low(&[Trials { bad: 0.0, requests }], 0.001, 1.0).exp();
        assert!(none(3000.0) < 20.0 && none(6000.0) > 20.0);
        let needed = requests_until_low(&[], 0.001, 1.0, 0.0, 20.0_f64.ln()).unwrap_or_default();
        assert!(none(needed) >= 20.0 && none(needed - 1.0) < 20.0);
    }
}
