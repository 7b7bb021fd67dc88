//! Elastic Load Balancing: listeners, and the load balancers that they belong to.

use crate::error::PortError;

/// The calls that are used.
pub trait Listeners {
    /// `DescribeListeners` by ARN. None where it is gone.
    async fn listener(&self, arn: &str) -> Result<Option<Listener>, PortError>;

    /// `DescribeLoadBalancers` by ARN. None where it is gone.
    async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>, PortError>;
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// ARN of its load balancer.
    pub load_balancer: String,
    /// Its port.
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS` and their like, as the load balancer writes it.
    pub protocol: String,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// Its DNS name.
    pub dns_name: String,
    /// Whether it has private addresses only.
    pub internal: bool,
}

/// The listener that a rule belongs to, by their ARNs; a listener's own ARN is that listener.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>
#[must_use]
pub fn listener_of(rule: &str) -> Option<String> {
    if rule.contains(":listener/") {
        return Some(rule.to_owned());
    }
    let (account, path) = rule.split_once(":listener-rule/")?;
    let (listener, _) = path.rsplit_once('/')?;
    Some(format!("{account}:listener/{listener}"))
}
