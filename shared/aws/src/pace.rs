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

/// Spends a bucket that is full when a run begins, one token a call.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    burst: u32,
    taken: Cell<u32>,
    started: Instant,
}

impl Pace {
    /// A full bucket.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        let every = Duration::from_secs(1) / bucket.per_second.max(1);
        Self { every, burst: bucket.burst, taken: Cell::new(0), started: Instant::now() }
    }

    /// Waits for a token.
    pub async fn turn(&self) {
        let number = self.taken.get() + 1;
        self.taken.set(number);
        let waits = number.saturating_sub(self.burst);
        if waits > 0 {
            tokio::time::sleep_until(self.started + self.every * waits).await;
        }
    }
}
