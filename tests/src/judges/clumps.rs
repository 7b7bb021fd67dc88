//! How bad events come: one by one, or several with one cause.

use rand::Rng;
use rand_distr::{Binomial, Distribution, Gamma, Poisson};

use super::numbers::{real, whole};

/// How many requests one cause spoils; they are of one version and one minute, like those of a client that retries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clumps {
    /// Each request for itself.
    Independent,
    /// Always so many.
    Of(u32),
    /// One more with the same chance each time, so many in the mean.
    Geometric(f64),
}

impl Clumps {
    /// Every kind that is tried.
    pub const ALL: [Self; 4] = [Self::Independent, Self::Of(3), Self::Of(10), Self::Geometric(5.0)];

    /// In words.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Independent => "independent".to_owned(),
            Self::Of(size) => format!("clumps of {size}"),
            Self::Geometric(mean) => format!("clumps, geometric, mean {mean}"),
        }
    }

    /// Bad ones among `requests`, of which this share is bad in the mean.
    ///
    /// # Panics
    /// Where a geometric mean is not above 1.
    pub fn bad(self, requests: u64, rate: f64, random: &mut impl Rng) -> u64 {
        let rate = rate.clamp(0.0, 1.0);
        let mean = real(requests) * rate;
        let bad = match self {
            Self::Independent => Binomial::new(requests, rate).expect("a share").sample(random),
            Self::Of(size) => causes(mean / f64::from(size), random) * u64::from(size),
            Self::Geometric(size) => {
                let causes = causes(mean / size, random);
                causes + beyond_the_first(causes, size, random)
            }
        };
        bad.min(requests)
    }
}

fn causes(mean: f64, random: &mut impl Rng) -> u64 {
    if mean > 0.0 { whole(Poisson::new(mean).expect("a mean above 0").sample(random)) } else { 0 }
}

/// The sum of `causes` geometric sizes less one each: negative binomial, drawn as a Poisson number with a gamma mean.
fn beyond_the_first(causes: u64, size: f64, random: &mut impl Rng) -> u64 {
    if causes == 0 {
        return 0;
    }
    let mean: f64 = Gamma::new(real(causes), size - 1.0).expect("sizes above 1").sample(random);
    self::causes(mean, random)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn the_mean_is_the_rate_and_the_variance_is_the_clumps() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        // Variance over mean of a compound Poisson number: the mean of the squared sizes over the mean size.
        for (clumps, dispersion) in
            [(Clumps::Independent, 0.99), (Clumps::Of(3), 3.0), (Clumps::Of(10), 10.0), (Clumps::Geometric(5.0), 9.0)]
        {
            let drawn: Vec<f64> = (0..40_000).map(|_| real(clumps.bad(10_000, 0.01, &mut random))).collect();
            let mean = drawn.iter().sum::<f64>() / 40_000.0;
            let variance = drawn.iter().map(|bad| (bad - mean).powi(2)).sum::<f64>() / 40_000.0;
            assert!((mean / 100.0 - 1.0).abs() < 0.01, "{clumps:?}: {mean}");
            assert!((variance / mean / dispersion - 1.0).abs() < 0.05, "{clumps:?}: {}", variance / mean);
        }
    }
}
