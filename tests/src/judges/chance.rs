//! Whether a count can be chance.

use super::numbers::real;

/// The chance that at least `count` of `trials` come out so, where each does with this chance.
#[must_use]
pub fn at_least(count: u64, trials: u64, chance: f64) -> f64 {
    let choose = ln_gamma(real(trials) + 1.0);
    let term = |hits: u64| {
        let (hits, misses) = (real(hits), real(trials - hits));
        let ways = choose - ln_gamma(hits + 1.0) - ln_gamma(misses + 1.0);
        (ways + hits * chance.ln() + misses * (-chance).ln_1p()).exp()
    };
    if count == 0 {
        return 1.0;
    }
    // The smaller of the two sums, so that nothing is lost in the difference from 1.
    if real(count) > real(trials) * chance {
        (count..=trials).map(term).take_while(|term| *term > 0.0).sum::<f64>().min(1.0)
    } else {
        (1.0 - (0..count).map(term).sum::<f64>()).max(0.0)
    }
}

/// The logarithm of the gamma function, above 0: Stirling's series, where it is exact to the last digits.
#[must_use]
pub fn ln_gamma(of: f64) -> f64 {
    let (mut x, mut below) = (of, 0.0);
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0)))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - below
}

/// The value in the middle; of an even number, the lower of the two.
pub fn median<T: Ord + Copy>(of: &[T]) -> Option<T> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get(of.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_gamma_is_the_logarithm_of_a_factorial() {
        let mut factorial = 0.0;
        for number in 1_u32..40 {
            assert!((ln_gamma(f64::from(number)) - factorial).abs() < 1e-11 * (1.0 + factorial), "{number}");
            factorial += f64::from(number).ln();
        }
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-11);
    }

    #[test]
    fn a_fair_coin() {
        assert!((at_least(8, 10, 0.5) - 56.0 / 1024.0).abs() < 1e-12);
        assert!((at_least(3, 10, 0.5) - 968.0 / 1024.0).abs() < 1e-12);
        assert!((at_least(0, 10, 0.5) - 1.0).abs() < 1e-12);
        assert!((at_least(10, 10, 0.5) * 1024.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_middle_one() {
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[4, 1, 2, 3]), Some(2));
        assert_eq!(median::<u32>(&[]), None);
    }
}
