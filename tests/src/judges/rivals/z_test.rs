//! The z test for two proportions, two-sided at 5 %, on everything counted so far.

use super::super::numbers::real;
use super::super::release::{Arms, Release};
use super::super::{Judge, looks};
use super::{Looks, Metric, metrics};

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The test, and when it is made.
pub struct ZTest(pub Looks);

impl Judge for ZTest {
    fn name(&self) -> String {
        self.0.name("z test")
    }

    fn rule(&self) -> String {
        self.0.rule("two-sided z test of two proportions at 5 %, on everything so far")
    }

    fn stops_at(&self, release: &Release) -> Option<usize> {
        looks(release)
            .filter(|(look, _)| self.0.include(*look))
            .find(|(_, settled)| metrics(release).iter().any(|metric| z(settled, *metric) > Z))
            .map(|(look, _)| look)
    }
}

/// The difference of the rates in standard errors; positive where the canary is worse.
fn z(minutes: &[Arms], metric: Metric) -> f64 {
    let sum = |of: &dyn Fn(&Arms) -> f64| -> f64 { minutes.iter().map(of).sum() };
    let (bad, requests) = (sum(&|minute| metric(&minute.canary)), sum(&|minute| real(minute.canary.requests)));
    let (bad_of_old, requests_of_old) =
        (sum(&|minute| metric(&minute.baseline)), sum(&|minute| real(minute.baseline.requests)));
    let pooled = (bad + bad_of_old) / (requests + requests_of_old);
    let error = (pooled * (1.0 - pooled) * (1.0 / requests + 1.0 / requests_of_old)).sqrt();
    // Without a bad event there is no error to measure by: 0 / 0, which is above nothing.
    (bad / requests - bad_of_old / requests_of_old) / error
}

#[cfg(test)]
mod tests {
    use tidegate_core::canary::facts::Counts;

    use super::super::super::release::failed;
    use super::*;

    #[test]
    fn a_worked_example() {
        let counts = |requests, errors| Counts { requests, errors, ..Counts::default() };
        // 30 of 200 against 10 of 200: pooled 0.1, standard error 0.03, difference 0.1.
        let minute = |canary, baseline| Arms { canary, baseline };
        let minutes = [minute(counts(150, 20), counts(50, 10)), minute(counts(50, 10), counts(150, 0))];
        assert!((z(&minutes, failed) - 0.1 / 0.03).abs() < 1e-9);
        assert!(z(&[minute(counts(100, 0), counts(100, 0))], failed).is_nan());
    }
}
