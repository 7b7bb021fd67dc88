//! Elastic Load Balancing: listeners, and the load balancers that they belong to.

use crate::bare::xml::{Read, Tag, elements, members, number, text};
use crate::error::{Kind, PortError, unless_gone};
use crate::sdk::Aws;

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

impl Listeners for Aws {
    async fn listener(&self, arn: &str) -> Result<Option<Listener>, PortError> {
        const OPERATION: &str = "DescribeListeners";
        let mut found = Vec::new();
        let read = |name: &str, tag: &mut Tag<'_, '_>| {
            if name == "Listeners" {
                found = members(tag, listener)?;
            }
            Ok(())
        };
        let asked = self.asks_elb(OPERATION, &[("ListenerArns.member.1".to_owned(), arn)], read).await;
        unless_gone(asked)?;
        let incomplete =
            || PortError::new(OPERATION, Kind::Garbled, format!("{arn} has no load balancer, port or protocol"));
        found.into_iter().next().map(|found| found.ok_or_else(incomplete)).transpose()
    }

    async fn load_balancer(&self, arn: &str) -> Result<Option<LoadBalancer>, PortError> {
        const OPERATION: &str = "DescribeLoadBalancers";
        let mut found = Vec::new();
        let read = |name: &str, tag: &mut Tag<'_, '_>| {
            if name == "LoadBalancers" {
                found = members(tag, load_balancer)?;
            }
            Ok(())
        };
        let asked = self.asks_elb(OPERATION, &[("LoadBalancerArns.member.1".to_owned(), arn)], read).await;
        unless_gone(asked)?;
        let incomplete = || PortError::new(OPERATION, Kind::Garbled, format!("{arn} has no DNS name"));
        found.into_iter().next().map(|found| found.ok_or_else(incomplete)).transpose()
    }
}

/// None for a Gateway Load Balancer's, which has neither a port nor a protocol.
fn listener(tag: &mut Tag<'_, '_>) -> Read<Option<Listener>> {
    let (mut arn, mut balancer, mut port, mut protocol) = (None, None, None, None);
    elements(tag, |name, tag| {
        match name {
            "ListenerArn" => arn = Some(text(tag)?),
            "LoadBalancerArn" => balancer = Some(text(tag)?),
            "Port" => port = u16::try_from(number(tag)?).ok(),
            "Protocol" => protocol = Some(text(tag)?),
            _ => {}
        }
        Ok(())
    })?;
    let whole = || Some(Listener { arn: arn?, load_balancer: balancer?, port: port?, protocol: protocol? });
    Ok(whole())
}

/// None where it has no name yet, or never will.
fn load_balancer(tag: &mut Tag<'_, '_>) -> Read<Option<LoadBalancer>> {
    let (mut arn, mut dns_name, mut internal) = (None, None, false);
    elements(tag, |name, tag| {
        match name {
            "LoadBalancerArn" => arn = Some(text(tag)?),
            "DNSName" => dns_name = Some(text(tag)?).filter(|name| !name.is_empty()),
            "Scheme" => internal = text(tag)? == "internal",
            _ => {}
        }
        Ok(())
    })?;
    Ok(arn.zip(dns_name).map(|(arn, dns_name)| LoadBalancer { arn, dns_name, internal }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188";
    const LISTENER: &str =
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";

    #[test]
    fn a_rule_belongs_to_the_listener_that_its_arn_names() {
        let rule = format!("{}/9683b2d02a6cabee", LISTENER.replace(":listener/", ":listener-rule/"));
        assert_eq!(listener_of(&rule).as_deref(), Some(LISTENER));
        assert_eq!(listener_of(LISTENER).as_deref(), Some(LISTENER), "a Network Load Balancer has no rules");
        assert_eq!(listener_of(BALANCER), None);
        assert_eq!(listener_of(""), None);
    }

    fn listeners(members: &str) -> String {
        format!(
            "<DescribeListenersResponse><DescribeListenersResult><Listeners><member>{members}</member></Listeners></DescribeListenersResult></DescribeListenersResponse>"
        )
    }

    fn balancers(members: &str) -> String {
        format!(
            "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers><member>{members}</member></LoadBalancers></DescribeLoadBalancersResult></DescribeLoadBalancersResponse>"
        )
    }

    fn gone(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>not found</Message></Error></ErrorResponse>"
        )
    }

    #[tokio::test]
    async fn a_listener_has_a_port_a_protocol_and_a_load_balancer() {
        let https = format!(
            "<ListenerArn>{LISTENER}</ListenerArn><LoadBalancerArn>{BALANCER}</LoadBalancerArn><Port>8443</Port><Protocol>HTTPS</Protocol>"
        );
        let gateway = format!("<ListenerArn>{LISTENER}</ListenerArn><LoadBalancerArn>{BALANCER}</LoadBalancerArn>");
        let answers = [(200, listeners(&https)), (400, gone("ListenerNotFound")), (200, listeners(&gateway))];
        let (aws, canned) = Canned::aws(answers.iter().map(|(status, body)| (*status, &**body))).await;
        let expected = Listener {
            arn: LISTENER.to_owned(),
            load_balancer: BALANCER.to_owned(),
            port: 8443,
            protocol: "HTTPS".to_owned(),
        };
        assert_eq!(aws.listener(LISTENER).await, Ok(Some(expected)));
        assert_eq!(aws.listener(LISTENER).await, Ok(None), "it is gone");
        assert_eq!(aws.listener(LISTENER).await.map_err(|error| error.kind), Err(Kind::Garbled));
        let asked = canned.asked();
        assert!(asked.iter().all(|call| call.operation == "DescribeListeners"), "{asked:?}");
        assert!(asked[0].body.contains("ListenerArns.member.1=arn%3Aaws%3Aelasticloadbalancing"), "{asked:?}");
    }

    #[tokio::test]
    async fn a_load_balancer_has_a_name_and_is_internal_or_not() {
        let named = |scheme: &str| {
            format!(
                "<LoadBalancerArn>{BALANCER}</LoadBalancerArn><DNSName>shop-1.eu-west-1.elb.amazonaws.com</DNSName><Scheme>{scheme}</Scheme>"
            )
        };
        let answers = [
            (200, balancers(&named("internal"))),
            (200, balancers(&named("internet-facing"))),
            (400, gone("LoadBalancerNotFound")),
            (200, balancers(&format!("<LoadBalancerArn>{BALANCER}</LoadBalancerArn>"))),
        ];
        let (aws, _) = Canned::aws(answers.iter().map(|(status, body)| (*status, &**body))).await;
        for internal in [true, false] {
            let found = aws.load_balancer(BALANCER).await.expect("an answer").expect("a load balancer");
            assert_eq!((found.internal, &*found.dns_name), (internal, "shop-1.eu-west-1.elb.amazonaws.com"));
        }
        assert_eq!(aws.load_balancer(BALANCER).await, Ok(None), "it is gone");
        assert_eq!(aws.load_balancer(BALANCER).await.map_err(|error| error.kind), Err(Kind::Garbled));
    }

    #[tokio::test]
    async fn who_may_not_ask_is_told_which_action_is_missing() {
        let said = "User: gate is not authorized to perform: elasticloadbalancing:DescribeListeners";
        let denied = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>"
        );
        let (aws, _) = Canned::aws([(403, &*denied)]).await;
        let error = aws.listener(LISTENER).await.expect_err("an error");
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.to_string().contains(said), "{error}");
    }
}
