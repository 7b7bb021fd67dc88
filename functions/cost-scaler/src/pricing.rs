//! What the tasks of a service cost. Sizes are read once for each task definition revision, which never changes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::pace::Pace;
use tidegate_core::prices::{Prices, TaskSize, UsdRange};

/// Prices, and the sizes that were read so far.
pub struct Pricing {
    /// The region's prices.
    pub prices: Prices,
    sizes: RefCell<BTreeMap<String, Option<TaskSize>>>,
}

impl Pricing {
    /// With no size known.
    #[must_use]
    pub fn new(prices: Prices) -> Self {
        Self { prices, sizes: RefCell::default() }
    }

    /// Reads the sizes of the tasks of these services, as far as they are not known yet. What can't be read stays
    /// without a price, and is asked for again next time.
    pub async fn read<'a>(
        &self,
        ports: &impl Ecs,
        deadline: &Deadline,
        pace: &Pace,
        concurrency: usize,
        services: impl Iterator<Item = &'a Service>,
    ) {
        let wanted: BTreeSet<&String> = services.filter_map(|service| service.task_definition.as_ref()).collect();
        let unknown: Vec<&String> = wanted.into_iter().filter(|arn| !self.sizes.borrow().contains_key(*arn)).collect();
        let calls = stream::iter(unknown).map(|arn| async move {
            let call = async {
                pace.turn().await;
                ports.describe_task_definition(arn).await
            };
            (arn, deadline.bound("DescribeTaskDefinition", call).await)
        });
        let read: Vec<_> = calls.buffer_unordered(concurrency).collect().await;
        for (arn, size) in read {
            match size {
                Ok(size) => drop(self.sizes.borrow_mut().insert(arn.clone(), size)),
                Err(error) => tracing::warn!(%error, arn, "a price is not known"),
            }
        }
    }

    /// What so many tasks of a service cost for a month. None where the size or the price is not known.
    #[must_use]
    pub fn month_usd(&self, service: &Service, tasks: u32) -> Option<UsdRange> {
        self.prices.month_usd(tasks, &self.size(service)?, service.capacity)
    }

    /// What one task of a service costs for an hour, in dollars; on demand where it runs on a mix.
    #[must_use]
    pub fn task_hour_usd(&self, service: &Service) -> Option<f64> {
        self.prices.task_hour_usd(&self.size(service)?, service.capacity.purchase()?)
    }

    fn size(&self, service: &Service) -> Option<TaskSize> {
        self.sizes.borrow().get(service.task_definition.as_ref()?).copied().flatten()
    }
}
