//! How fast a run may ask, after what else of the scaler is at work at the same time.

use tidegate_aws::pace::{Bucket, Pace};

/// A run's paces.
#[derive(Debug)]
pub struct Paces {
    /// Reads of services.
    pub reads: Pace,
    /// Changes of services.
    pub writes: Pace,
    /// Reads of task definitions.
    pub sizes: Pace,
}

impl Paces {
    /// Of a run by itself. Of reads it uses half of what the account has: the rest is for whatever else reads.
    #[must_use]
    pub fn alone() -> Self {
        Self::each(Pace::new)
    }

    /// Of one of several parts that may run at once.
    #[must_use]
    pub fn shared(workers: u32) -> Self {
        Self::each(|bucket| Pace::shared(bucket, workers))
    }

    /// Of the run that has handed on parts, for what nobody took: the parts use what comes into the buckets, and it what
    /// they hold when they are full.
    #[must_use]
    pub fn beside_parts() -> Self {
        Self::each(|bucket| Pace::new(Bucket { per_second: 0, ..bucket }))
    }

    fn each(pace: impl Fn(Bucket) -> Pace) -> Self {
        Self {
            reads: pace(Bucket::ECS_SERVICE_READ.half()),
            writes: pace(Bucket::ECS_SERVICE_MODIFY),
            sizes: pace(Bucket::ECS_TASK_DEFINITION_READ.half()),
        }
    }
}
