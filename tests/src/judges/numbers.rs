//! Counts as numbers and back.

/// A count.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of simulated requests are far below 2^52")]
pub fn real(count: u64) -> f64 {
    count as f64
}

/// How many there are.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "lengths of vectors are far below 2^52")]
pub fn length(of: usize) -> f64 {
    of as f64
}

/// A drawn number, which is whole already.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and is never negative")]
pub fn whole(number: f64) -> u64 {
    number as u64
}
