//! What an operator asks that is answered in XML: CloudFormation, and SNS's subscriptions.

use tidegate_aws::operator::stacks::{Resource, Stack};
use tidegate_aws::operator::waiting::Subscription;

use super::{Refusal, field, list, text};
use crate::world::Account;

/// Smaller than the API's own, so that tests see more than one page.
const PER_PAGE: usize = 20;

pub(super) fn describe_stacks(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    let stack = stack(account, body)?;
    let output = |(key, value): (&String, &String)| [text("OutputKey", key), text("OutputValue", value)].concat();
    let outputs = list("Outputs", stack.outputs.iter().map(output));
    let why = stack.why.as_ref().map_or_else(String::new, |why| text("StackStatusReason", why));
    let described = [text("StackName", &stack.name), text("StackStatus", &stack.status), why, outputs].concat();
    Ok(list("Stacks", [described].into_iter()))
}

pub(super) fn list_stack_resources(account: &Account, body: &[u8]) -> Result<String, Refusal> {
    stack(account, body)?;
    let resource = |one: &Resource| {
        [
            text("LogicalResourceId", &one.logical),
            text("PhysicalResourceId", &one.physical),
            text("ResourceType", &one.kind),
            text("ResourceStatus", &one.status),
        ]
        .concat()
    };
    let from: usize = field(body, "NextToken").parse().unwrap_or(0);
    let all = &account.deployed.resources;
    let shown = list("StackResourceSummaries", all.iter().skip(from).take(PER_PAGE).map(resource));
    let next = (from + PER_PAGE < all.len()).then(|| text("NextToken", &(from + PER_PAGE).to_string()));
    Ok(shown + &next.unwrap_or_default())
}

pub(super) fn list_subscriptions_by_topic(account: &Account, body: &[u8]) -> String {
    let subscription = |one: &Subscription| {
        let arn = if one.confirmed { "arn:aws:sns:eu-west-1:123456789012:topic:1" } else { "PendingConfirmation" };
        [text("SubscriptionArn", arn), text("Protocol", &one.protocol), text("Endpoint", &one.endpoint)].concat()
    };
    let own = account.deployed.subscriptions.get(&field(body, "TopicArn"));
    list("Subscriptions", own.into_iter().flatten().map(subscription))
}

fn stack<'a>(account: &'a Account, body: &[u8]) -> Result<&'a Stack, Refusal> {
    let name = field(body, "StackName");
    let gone = || Refusal::new("ValidationError", format!("Stack with id {name} does not exist"));
    account.deployed.stack.as_ref().filter(|stack| stack.name == name).ok_or_else(gone)
}
