//! What an operator asks that is answered in awsJson: EventBridge, SQS, CodeDeploy's groups, CloudWatch Logs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Refusal, page, text, texts};
use crate::world::Account;

/// Smaller than the API's own, so that tests see more than one page.
const PER_PAGE: u64 = 2;

pub(super) fn describe_rule(account: &Account, input: &Value) -> Answer {
    let name = text(&input["Name"]);
    let enabled = account.deployed.rules.get(&name);
    let gone = || Refusal::new("ResourceNotFoundException", format!("Rule {name} does not exist on EventBus default."));
    let state = if *enabled.ok_or_else(gone)? { "ENABLED" } else { "DISABLED" };
    Ok(json!({"Name": name, "State": state, "ScheduleExpression": "rate(1 minute)", "EventBusName": "default"}))
}

pub(super) fn get_queue_attributes(account: &Account, input: &Value) -> Answer {
    let gone = || Refusal::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.");
    let count = account.deployed.waiting.get(&text(&input["QueueUrl"])).ok_or_else(gone)?;
    Ok(json!({"Attributes": {"ApproximateNumberOfMessages": count.to_string()}}))
}

pub(super) fn list_applications(account: &Account, input: &Value) -> Value {
    let all = account.applications();
    let (shown, next) = page(&all, input, PER_PAGE);
    json!({"applications": shown, "nextToken": next})
}

pub(super) fn list_deployment_groups(account: &Account, input: &Value) -> Value {
    let application = text(&input["applicationName"]);
    let all: Vec<String> = account.ecs_groups(&application).into_iter().map(|group| group.name).collect();
    let (shown, next) = page(&all, input, PER_PAGE);
    json!({"applicationName": application, "deploymentGroups": shown, "nextToken": next})
}

pub(super) fn batch_get_deployment_groups(account: &Account, input: &Value) -> Value {
    let names = texts(&input["deploymentGroupNames"]);
    let groups = account.ecs_groups(&text(&input["applicationName"])).into_iter();
    let infos = groups.filter(|group| names.contains(&group.name)).map(|group| {
        let services = group.services.iter().filter_map(|service| service.split_once('/'));
        let services: Vec<Value> =
            services.map(|(cluster, name)| json!({"clusterName": cluster, "serviceName": name})).collect();
        let last = |id: &Option<String>| id.as_ref().map(|id| json!({"deploymentId": id}));
        json!({
            "applicationName": group.application, "deploymentGroupName": group.name, "computePlatform": "ECS",
            "ecsServices": services, "lastAttemptedDeployment": last(&group.last),
            "lastSuccessfulDeployment": last(&group.last_successful),
        })
    });
    json!({"deploymentGroupsInfo": infos.collect::<Vec<_>>()})
}

pub(super) fn filter_log_events(account: &Account, input: &Value) -> Answer {
    let time = |value: &Value| Timestamp::from_millisecond(value.as_i64().unwrap_or_default()).unwrap_or_default();
    let between = (time(&input["startTime"]), time(&input["endTime"]));
    let found = account.filter_log_events(&text(&input["logGroupName"]), &text(&input["filterPattern"]), between);
    let gone = || Refusal::new("ResourceNotFoundException", "The specified log group does not exist.");
    let found = found.ok_or_else(gone)?;
    let (shown, next) = page(&found, input, PER_PAGE);
    let events: Vec<Value> = shown.iter().map(|line| json!({"message": line, "logStreamName": "a"})).collect();
    Ok(json!({"events": events, "nextToken": next, "searchedLogStreams": []}))
}
