//! The Bayes factor of Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data" (2022): which version an
//! error comes from, given that there is one. Valid however often it is looked at, for errors that come one by one.

use super::super::chance::ln_gamma;
use super::super::numbers::real;
use super::super::release::Release;
use super::super::{Judge, looks};
use super::metrics;

/// How much the prior weighs, in errors.
const PRIOR: f64 = 10.0;

/// Stops at a Bayes factor of one over this.
pub struct BayesFactor(pub f64);

impl Judge for BayesFactor {
    fn name(&self) -> String {
        "Bayes factor".to_owned()
    }

    fn rule(&self) -> String {
        format!("Lindon and Malek's Bayes factor for counts is {:.0} or more, once a minute", 1.0 / self.0)
    }

    fn stops_at(&self, release: &Release) -> Option<usize> {
        let share = release.setting.canary_share;
        looks(release)
            .find(|(_, settled)| {
                metrics(release).iter().any(|metric| {
                    let canary: f64 = settled.iter().map(|minute| metric(&minute.canary)).sum();
                    let baseline: f64 = settled.iter().map(|minute| metric(&minute.baseline)).sum();
                    let requests: u64 = settled.iter().map(|minute| minute.canary.requests).sum();
                    let requests_of_old: u64 = settled.iter().map(|minute| minute.baseline.requests).sum();
                    canary * real(requests_of_old) > baseline * real(requests)
                        && ln_factor(share, canary, baseline) >= -self.0.ln()
                })
            })
            .map(|(look, _)| look)
    }
}

/// The logarithm of the Bayes factor against equal rates.
fn ln_factor(share: f64, canary: f64, baseline: f64) -> f64 {
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (of_new, of_old) = (PRIOR * share, PRIOR * (1.0 - share));
    ln_beta(of_new + canary, of_old + baseline)
        - ln_beta(of_new, of_old)
        - canary * share.ln()
        - baseline * (1.0 - share).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_weighs_nothing_and_then_the_canary_is_more_and_more_likely() {
        // One error comes from the canary with the prior's own mean, which is its share.
        assert!(ln_factor(0.1, 1.0, 0.0).abs() < 1e-9);
        // The second with (1 + 1) / (10 + 1) instead of 0.1.
        assert!((ln_factor(0.1, 2.0, 0.0).exp() - 2.0 / 1.1).abs() < 1e-9);
        assert!((ln_factor(0.1, 3.0, 0.0).exp() - 2.0 / 1.1 * 3.0 / 1.2).abs() < 1e-9);
    }
}
