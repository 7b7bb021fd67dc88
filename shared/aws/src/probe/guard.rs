//! Where smoke requests may go: to a load balancer of AWS's, or, in a local world, to loopback. The name comes from what AWS
//! describes; it is checked once more because the copy inside a VPC is told it by whoever invokes it.

use std::net::IpAddr;

/// Under which AWS has its load balancers.
const DOMAINS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];

/// Whether requests may go there.
pub(super) fn check(dns_name: &str, local: bool) -> Result<(), String> {
    if is_load_balancer(dns_name) || local && is_loopback(dns_name) {
        return Ok(());
    }
    Err(format!("{dns_name:?} is no load balancer of AWS's: its name must end in .elb.amazonaws.com or its like"))
}

/// `name.region.elb.amazonaws.com` of an Application Load Balancer, `name.elb.region.amazonaws.com` of a Network Load
/// Balancer.
fn is_load_balancer(dns_name: &str) -> bool {
    let name = dns_name.to_ascii_lowercase();
    let Some(name) = DOMAINS.iter().find_map(|domain| name.strip_suffix(domain)) else { return false };
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let labels: Vec<&str> = name.split('.').collect();
    let is_elb = matches!(labels.as_slice(), [_, .., "elb"] | [_, .., "elb", _]);
    is_elb && labels.len() >= 3 && labels.into_iter().all(label)
}

fn is_loopback(dns_name: &str) -> bool {
    dns_name == "localhost" || dns_name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_balancers_of_aws_and_a_local_world_are_asked_and_nobody_else_is() {
        for name in [
            "shop-1234567890.eu-west-1.elb.amazonaws.com",
            "internal-shop-1234567890.eu-west-1.elb.amazonaws.com",
            "Shop-1234567890.us-gov-west-1.elb.amazonaws.com",
            "shop-0123456789abcdef.elb.eu-west-1.amazonaws.com",
            "dualstack.shop-1234567890.eu-west-1.elb.amazonaws.com",
            "shop-1234567890.cn-north-1.elb.amazonaws.com.cn",
            "shop-1234567890.eusc-de-east-1.elb.amazonaws.eu",
        ] {
            assert_eq!(check(name, false), Ok(()), "{name}");
        }
        for name in ["127.0.0.1", "::1", "localhost"] {
            assert_eq!(check(name, true), Ok(()), "{name}");
            assert!(check(name, false).is_err(), "{name}");
        }
        for name in [
            "",
            "elb.amazonaws.com",
            ".elb.amazonaws.com",
            "eu-west-1.elb.amazonaws.com",
            "..elb.amazonaws.com",
            "shop.eu-west-1.elb.amazonaws.com.",
            "shop.eu-west-1.elb.amazonaws.com.evil.example",
            "shop.eu-west-1.elb-amazonaws.com",
            "shop.eu-west-1.elb.evilamazonaws.com",
            "evil.example/.eu-west-1.elb.amazonaws.com",
            "evil.example:80@shop.eu-west-1.elb.amazonaws.com",
            "bucket.s3.eu-west-1.amazonaws.com",
            "169.254.169.254",
            "169.254.170.2",
            "10.0.0.7",
            "0.0.0.0",
            "2130706433",
            "localhost.evil.example",
        ] {
            assert!(check(name, true).is_err(), "{name}");
        }
    }

    #[test]
    fn a_refusal_names_what_was_asked_for_and_the_rule() {
        let rule = "is no load balancer of AWS's: its name must end in .elb.amazonaws.com or its like";
        assert_eq!(check("169.254.169.254", false), Err(format!(r#""169.254.169.254" {rule}"#)));
    }
}
