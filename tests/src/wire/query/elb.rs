//! Elastic Load Balancing.

use super::{Refusal, element, field, fields, list, text};
use crate::world::Account;
use crate::world::balancer::Listener;

pub(super) fn describe_target_groups(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let wanted = [fields(body, "Names"), fields(body, "TargetGroupArns")].concat();
    if wanted.is_empty() {
        return Err(Refusal::new("ValidationError", "nothing here should ask for every target group"));
    }
    if wanted.len() > 20 {
        return Err(Refusal::new("ValidationError", "You cannot describe more than '20' target groups at a time"));
    }
    let groups = account.describe_target_groups(&wanted)?;
    let groups = groups.into_iter().map(|(group, balancer)| {
        let balancers = list("LoadBalancerArns", [balancer.arn.clone()].into_iter());
        [text("TargetGroupArn", &group.arn), text("TargetGroupName", &group.name), balancers].concat()
    });
    Ok(list("TargetGroups", groups))
}

pub(super) fn describe_target_health(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let targets = account.describe_target_health(&field(body, "TargetGroupArn"))?;
    let targets = targets.into_iter().map(|target| {
        let address = [text("Id", &target.ip), text("Port", &target.port.to_string())].concat();
        let mut health = text("State", target.state);
        if !target.reason.is_empty() {
            health += &text("Reason", target.reason);
            health += &text("Description", target.description);
        }
        [element("Target", &address), element("TargetHealth", &health)].concat()
    });
    Ok(list("TargetHealthDescriptions", targets))
}

pub(super) fn describe_rules(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let mut rules = Vec::new();
    for arn in fields(body, "RuleArns") {
        let listener = account.describe_rule(&arn)?;
        rules.push([text("RuleArn", &arn), text("IsDefault", "false"), list("Actions", actions(listener))].concat());
    }
    Ok(list("Rules", rules.into_iter()))
}

pub(super) fn describe_listeners(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let mut listeners = Vec::new();
    for arn in fields(body, "ListenerArns") {
        let (listener, balancer) = account.describe_listener(&arn)?;
        let of = [text("ListenerArn", &arn), text("LoadBalancerArn", &balancer.arn)].concat();
        let speaks = [text("Port", &listener.port.to_string()), text("Protocol", listener.protocol)].concat();
        listeners.push([of, speaks, list("DefaultActions", actions(listener))].concat());
    }
    Ok(list("Listeners", listeners.into_iter()))
}

pub(super) fn describe_load_balancers(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let mut balancers = Vec::new();
    for arn in fields(body, "LoadBalancerArns") {
        let own = account.describe_load_balancer(&arn)?;
        let named = [text("LoadBalancerArn", &arn), text("DNSName", &own.dns_name)].concat();
        let scheme = text("Scheme", if own.internal { "internal" } else { "internet-facing" });
        balancers.push([named, scheme, text("Type", if own.application { "application" } else { "network" })].concat());
    }
    Ok(list("LoadBalancers", balancers.into_iter()))
}

/// A forward to one target group names it beside the list, too.
fn actions(listener: &Listener) -> impl Iterator<Item = String> {
    let group =
        |(arn, weight): &(String, u32)| [text("TargetGroupArn", arn), text("Weight", &weight.to_string())].concat();
    let groups = list("TargetGroups", listener.weights.iter().map(group));
    let alone = match listener.weights.as_slice() {
        [(arn, _)] => text("TargetGroupArn", arn),
        _ => String::new(),
    };
    [[text("Type", "forward"), text("Order", "1"), alone, element("ForwardConfig", &groups)].concat()].into_iter()
}
