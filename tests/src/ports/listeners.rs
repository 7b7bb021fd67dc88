//! Elastic Load Balancing: listeners, and the load balancers that they belong to.

use tidegate_aws::error::{PortError, unless_gone};
use tidegate_aws::listeners::{Listener, Listeners, LoadBalancer};

use super::refused;
use crate::world::World;
use crate::world::balancer as simulated;

impl Listeners for World {
    async fn listener(&self, arn: &str) -> Result<Option<Listener>, PortError> {
        const OPERATION: &str = "DescribeListeners";
        self.call(OPERATION).await?;
        let account = self.lock();
        let listener = |(found, balancer): (&simulated::Listener, &simulated::Balancer)| Listener {
            arn: found.arn.clone(),
            load_balancer: balancer.arn.clone(),
            port: found.port,
            protocol: found.protocol.to_owned(),
        };
        unless_gone(account.describe_listener(arn).map(listener).map_err(refused(OPERATION)))
    }

    async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>, PortError> {
        const OPERATION: &str = "DescribeLoadBalancers";
        self.call(OPERATION).await?;
        let account = self.lock();
        let balancer = |found: &simulated::Balancer| LoadBalancer {
            arn: found.arn.clone(),
            dns_name: found.dns_name.clone(),
            internal: found.internal,
        };
        unless_gone(account.describe_load_balancer(arn).map(balancer).map_err(refused(OPERATION)))
    }
}
