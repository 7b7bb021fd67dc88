//! The Mann-Whitney judge of Kayenta (`NetflixACAJudge`), with its defaults, and its one metric critical: High stops.
//!
//! The interval is the true one. Kayenta's own finds its ends to 1e-4 only, whatever the scale, which for rates of errors
//! is noise.

use super::super::numbers::{length, real};
use super::super::release::{Arms, Release};
use super::super::{Judge, looks};
use super::{Looks, Metric, metrics};

/// The 99th percentile of the normal distribution, for a two-sided interval of 98 %.
const Z: f64 = 2.326_347_874_040_841;

/// The interval has to be further from 0 than this part of the estimate.
const TOLERANCE: f64 = 0.25;

/// The least ratio of the means that is an increase.
const ALLOWED_INCREASE: f64 = 1.0;

/// With fewer minutes the normal approximation is none. Spinnaker asks for 50, which is what one look at the end has.
const FEWEST_MINUTES: usize = 10;

/// The test, and when it is made.
pub struct MannWhitney(pub Looks);

impl Judge for MannWhitney {
    fn name(&self) -> String {
        self.0.name("Kayenta")
    }

    fn rule(&self) -> String {
        let rule =
            "the Mann-Whitney judge of Netflix and Spinnaker with its defaults, on the rates of the minutes so far";
        self.0.rule(rule)
    }

    fn stops_at(&self, release: &Release) -> Option<usize> {
        looks(release)
            .filter(|(look, _)| self.0.include(*look))
            .find(|(_, settled)| metrics(release).iter().any(|metric| high(settled, *metric)))
            .map(|(look, _)| look)
    }
}

fn high(minutes: &[Arms], metric: Metric) -> bool {
    // A minute without requests has no rate, and is left out.
    let rates = |counts: &dyn Fn(&Arms) -> tidegate_core::canary::facts::Counts| -> Vec<f64> {
        let counts = minutes.iter().map(counts).filter(|counts| counts.requests > 0);
        counts.map(|counts| metric(&counts) / real(counts.requests)).collect()
    };
    let (canary, baseline) = (rates(&|minute| minute.canary), rates(&|minute| minute.baseline));
    if canary.len().min(baseline.len()) < FEWEST_MINUTES {
        return false;
    }
    let effect = mean(&canary) / mean(&baseline);
    if effect < ALLOWED_INCREASE {
        return false;
    }
    let shift = Shift::of(&canary, &baseline);
    // Most releases end here, before anything is sorted: the interval reaches 0.
    shift.is_above_zero(Z) && shift.at_least(Z).is_some_and(|least| least > TOLERANCE * shift.estimate().abs())
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / length(of.len())
}

/// By how much one sample lies above another.
struct Shift {
    /// Each value of the one less each of the other.
    differences: Vec<f64>,
    /// The standard error of the number of differences above a shift.
    error: f64,
}

impl Shift {
    fn of(one: &[f64], other: &[f64]) -> Self {
        let differences = one.iter().flat_map(|x| other.iter().map(move |y| x - y)).collect();
        // Once shifted, values of different samples are level at single points only; within a sample they stay level.
        let error = standard_error(one.len(), other.len(), ties(one) + ties(other));
        Self { differences, error }
    }

    /// Whether so many differences above a shift are `z` standard errors more than half, with R's continuity correction.
    fn are_many(&self, above: usize, z: f64) -> bool {
        length(above) - length(self.differences.len()) / 2.0 - 0.5 > z * self.error
    }

    fn is_above_zero(&self, z: f64) -> bool {
        self.are_many(self.differences.iter().filter(|difference| **difference > 0.0).count(), z)
    }

    /// The lower end of the interval, `z` standard errors down; absent where the samples are too small to have one.
    ///
    /// R looks for the shift at which the statistic crosses `z`. It falls by steps, one at each difference, so the
    /// crossing is one of them.
    fn at_least(&self, z: f64) -> Option<f64> {
        let mut ranked = (1..).zip(self.largest_first());
        ranked.find(|(above, _)| self.are_many(*above, z)).map(|(_, difference)| difference)
    }

    /// The Hodges-Lehmann estimate: the median of the differences.
    fn estimate(&self) -> f64 {
        let (sorted, middle) = (self.largest_first(), self.differences.len() / 2);
        if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
    }

    fn largest_first(&self) -> Vec<f64> {
        let mut sorted = self.differences.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        sorted
    }
}

/// The sum of `t^3 - t` over the groups of equal values.
fn ties(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let sizes = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|group| length(group.len()));
    sizes.map(|size| size.powi(3) - size).sum()
}

fn standard_error(one: usize, other: usize, ties: f64) -> f64 {
    let (one, other) = (length(one), length(other));
    let all = one + other;
    (one * other / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ozone in New York in May and in August 1973, which the manual of R's `wilcox.test` compares.
    const MAY: [f64; 26] = [
        41.0, 36.0, 12.0, 18.0, 28.0, 23.0, 19.0, 8.0, 7.0, 16.0, 11.0, 14.0, 18.0, 14.0, 34.0, 6.0, 30.0, 11.0, 1.0,
        11.0, 4.0, 32.0, 23.0, 45.0, 115.0, 37.0,
    ];
    const AUGUST: [f64; 26] = [
        39.0, 9.0, 16.0, 78.0, 35.0, 66.0, 122.0, 89.0, 110.0, 44.0, 28.0, 65.0, 22.0, 59.0, 23.0, 31.0, 44.0, 21.0,
        9.0, 45.0, 168.0, 73.0, 76.0, 118.0, 84.0, 85.0,
    ];

    #[test]
    fn the_example_of_r() {
        // W = 127.5, p-value = 0.0001208, which is 3.8445 standard errors after the continuity correction.
        let shift = Shift::of(&MAY, &AUGUST);
        let wins = |difference: &f64| match difference.total_cmp(&0.0) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        let w: f64 = shift.differences.iter().map(wins).sum();
        assert!((w - 127.5).abs() < 1e-9);
        let both = [MAY, AUGUST].concat();
        let z = (w - 338.0 + 0.5) / standard_error(26, 26, ties(&both));
        assert!((z + 3.844_481).abs() < 1e-6, "{z}");

        // conf.int = TRUE: -53 to -15 at 95 %, estimate -32 (R says -52.99996, -14.99998 and -31.99996).
        let z = 1.959_963_984_540_054;
        assert_eq!(shift.at_least(z), Some(-53.0));
        assert!((Shift::of(&AUGUST, &MAY).at_least(z).expect("an interval") - 15.0).abs() < 1e-9);
        assert!((shift.estimate() + 32.0).abs() < 1e-9);
    }

    #[test]
    fn a_sample_that_is_moved_has_its_interval_moved() {
        let moved = MAY.map(|value| value + 64.0);
        let (there, here) = (Shift::of(&moved, &AUGUST), Shift::of(&MAY, &AUGUST));
        assert_eq!(there.at_least(Z), here.at_least(Z).map(|least| least + 64.0));
        assert!((there.estimate() - here.estimate() - 64.0).abs() < 1e-9);
    }

    #[test]
    fn few_values_have_no_interval_and_rare_errors_none_above_zero() {
        // Four against four: all sixteen wins are 2.17 standard errors.
        assert_eq!(Shift::of(&[5.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 3.0, 4.0]).at_least(Z), None);
        let mut rare = [0.0; 30];
        rare[..9].fill(0.02);
        assert_eq!(Shift::of(&rare, &[0.0; 30]).at_least(Z), Some(0.0));
    }
}
