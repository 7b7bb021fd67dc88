//! How many calls were made to AWS, by operation, retries included.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Calls by operation, such as `ECS.DescribeServices`.
pub type CallCounts = BTreeMap<String, u32>;

/// Counts its calls.
pub trait Counted {
    /// The calls since the last time this was asked.
    fn take_calls(&self) -> CallCounts;
}

impl Counted for crate::sdk::Aws {
    fn take_calls(&self) -> CallCounts {
        self.calls.take()
    }
}

/// A counter that all clients of a process share.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<CallCounts>>);

impl Calls {
    /// What was counted since the last time.
    #[must_use]
    pub fn take(&self) -> CallCounts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, operation: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
    }
}

#[dyn_dispatch_hint]
impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = cfg.load::<Metadata>() {
            self.count(format!("{}.{}", call.service(), call.name()));
        }
        Ok(())
    }
}
