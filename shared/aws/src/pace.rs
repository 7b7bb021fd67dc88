//! Keeping within the token buckets that the account shares with everything else in it.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket of AWS's: so many calls at once, then so many a second.
///
/// Sources: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>,
/// <https://docs.aws.amazon.com/general/latest/gr/cw_region.html>
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Calls at once.
    pub burst: u32,
    /// Calls a second after that.
    pub per_second: u32,
}

impl Bucket {
    /// Reads of ECS services.
    pub const ECS_SERVICE_READ: Self = Self { burst: 100, per_second: 20 };
    /// Changes of ECS services.
    pub const ECS_SERVICE_MODIFY: Self = Self { burst: 50, per_second: 5 };
    /// Reads of ECS task definitions.
    pub const ECS_TASK_DEFINITION_READ: Self = Self { burst: 50, per_second: 20 };

    /// Half of it: the rest is for whatever else the account does.
    #[must_use]
    pub fn half(self) -> Self {
        Self { burst: self.burst / 2, per_second: self.per_second / 2 }
    }
}

/// Spends a bucket, one token a call.
///
/// It is kept as the time at which everything that was spent has come in again (the generic cell rate algorithm): a call
/// waits while that is further ahead than what the bucket holds.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    holds: Duration,
    spent_until: Cell<Instant>,
}

impl Pace {
    /// A bucket that is full when a run begins.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        let every = Duration::from_secs(1) / bucket.per_second.max(1);
        Self { every, holds: every * bucket.burst, spent_until: Cell::new(Instant::now()) }
    }

    /// The share that one of several workers has, who may all be at work at once. It has nothing of what the bucket holds
    /// when it is full: each of them would spend that again, and so would whoever comes after it. So together they never
    /// make more than `per_second`, whenever each of them begins.
    #[must_use]
    pub fn shared(bucket: Bucket, workers: u32) -> Self {
        let whole = Self::new(bucket);
        Self { every: whole.every * workers.max(1), holds: Duration::ZERO, ..whole }
    }

    /// Waits for a token.
    pub async fn turn(&self) {
        let now = Instant::now();
        let spent_until = self.spent_until.get().max(now) + self.every;
        self.spent_until.set(spent_until);
        let wait = spent_until.duration_since(now).saturating_sub(self.holds);
        if wait > Duration::ZERO {
            tokio::time::sleep_until(now + wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds until each of so many turns.
    async fn turns(pace: &Pace, count: u32) -> Vec<u64> {
        let began = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..count {
            pace.turn().await;
            turns.push(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_by_itself_spends_the_full_bucket_first_and_it_fills_again() {
        let pace = Pace::new(Bucket { burst: 2, per_second: 10 });
        assert_eq!(turns(&pace, 5).await, [0, 0, 100, 200, 300]);
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(turns(&pace, 4).await, [0, 0, 100, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn workers_share_what_comes_in_and_have_nothing_of_what_is_there() {
        let bucket = Bucket::ECS_SERVICE_READ.half();
        let workers = [Pace::shared(bucket, 2), Pace::shared(bucket, 2)];
        assert_eq!(turns(&workers[0], 3).await, [200, 400, 600]);
        // Whoever had other things to do has not saved anything.
        assert_eq!(turns(&workers[1], 3).await, [200, 400, 600]);
    }
}
