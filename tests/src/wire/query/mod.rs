//! awsQuery with XML: SNS, Elastic Load Balancing, CloudFormation.

mod elb;
mod operator;
mod sns;

use super::Refusal;
use crate::world::World;

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    let whose = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let said = [text("Type", whose), text("Code", &refusal.code), text("Message", &refusal.message)].concat();
    let id = text("RequestId", "bc7da9a9-6b1e-4a3b-9b3f-0f0a5f7e9c11");
    element("ErrorResponse", &[element("Error", &said), id].concat()).into_bytes()
}

/// The operation that a form asks for.
pub(super) fn operation(body: &[u8]) -> String {
    field(body, "Action")
}

pub(super) fn answer(operation: &str, body: &[u8], world: &World) -> Result<Vec<u8>, Refusal> {
    let mut account = world.lock();
    let result = match operation {
        "Publish" => sns::publish(&mut account, body),
        "DescribeStacks" => operator::describe_stacks(&account, body),
        "ListStackResources" => operator::list_stack_resources(&account, body),
        "ListSubscriptionsByTopic" => Ok(operator::list_subscriptions_by_topic(&account, body)),
        "DescribeTargetGroups" => elb::describe_target_groups(&account, body),
        "DescribeTargetHealth" => elb::describe_target_health(&account, body),
        "DescribeRules" => elb::describe_rules(&account, body),
        "DescribeLoadBalancers" => elb::describe_load_balancers(&account, body),
        "DescribeListeners" => elb::describe_listeners(&account, body),
        other => Err(Refusal::new("InvalidAction", format!("{other} is not known here"))),
    }?;
    let result = element(&format!("{operation}Result"), &result);
    Ok(element(&format!("{operation}Response"), &result).into_bytes())
}

fn field(body: &[u8], name: &str) -> String {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
}

/// A list: `Names.member.1`, `Names.member.2` and so on.
fn fields(body: &[u8], name: &str) -> Vec<String> {
    let member = format!("{name}.member.");
    let members = form_urlencoded::parse(body).filter(|(key, _)| key.starts_with(&member));
    members.map(|(_, value)| value.into_owned()).collect()
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn text(name: &str, content: &str) -> String {
    element(name, &content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

fn list(name: &str, members: impl Iterator<Item = String>) -> String {
    element(name, &members.map(|member| element("member", &member)).collect::<String>())
}
