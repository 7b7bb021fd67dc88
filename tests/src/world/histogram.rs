//! How samples are spread, as CloudWatch keeps it: counts in buckets that grow by a tenth, and answers read between them.

/// Counts by bucket, or nothing at all where there was no sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram(Vec<f64>);

/// Each bucket is wider than the one before by this factor.
const GROWTH: f64 = 1.1;

/// The bucket that begins at 1. The first one begins at 0.07 ms, in seconds, and the last one at a month.
const ONE: i32 = 100;

const BUCKETS: usize = 256;

impl Histogram {
    /// Adds samples; what is not above zero has no bucket.
    pub fn add(&mut self, samples: &[f64]) {
        self.0.resize(BUCKETS, 0.0);
        for sample in samples.iter().filter(|sample| **sample > 0.0) {
            #[expect(clippy::cast_possible_truncation, reason = "a few hundred buckets")]
            let bucket = (sample.ln() / GROWTH.ln()).floor() as i32 + ONE;
            self.0[usize::try_from(bucket).unwrap_or(0).min(BUCKETS - 1)] += 1.0;
        }
    }

    /// Adds another one's counts.
    pub fn merge(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0.0);
        self.0.iter_mut().zip(&other.0).for_each(|(own, more)| *own += more);
    }

    /// The same spread with a share of the samples.
    #[must_use]
    pub fn scaled(&self, share: f64) -> Self {
        Self(self.0.iter().map(|count| count * share).collect())
    }

    /// `TC(low:high)`, of which either may be left out: samples above `low` and not above `high`. None for any other
    /// statistic.
    #[must_use]
    pub fn trimmed_count(&self, stat: &str) -> Option<f64> {
        let (low, high) = stat.strip_prefix("TC(")?.strip_suffix(')')?.split_once(':')?;
        let bound = |text: &str, open: f64| if text.is_empty() { Some(open) } else { text.parse().ok() };
        let (low, high): (f64, f64) = (bound(low, 0.0)?, bound(high, f64::INFINITY)?);
        let within = |(bucket, count): (i32, &f64)| {
            let from = GROWTH.powi(bucket);
            let width = from * (GROWTH - 1.0);
            let covered = (high.min(from + width) - low.max(from)).max(0.0);
            count * covered / width
        };
        Some((-ONE..).zip(&self.0).map(within).sum())
    }
}
