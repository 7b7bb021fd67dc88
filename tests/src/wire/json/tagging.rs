//! The tagging API.

use serde_json::{Value, json};

use super::{Answer, Refusal, text, texts};
use crate::world::Account;

pub(super) fn get_resources(account: &Account, input: &Value) -> Answer {
    if texts(&input["ResourceTypeFilters"]) != ["ecs:service"] {
        return Err(Refusal::new("InvalidParameterException", "only ecs:service is known here"));
    }
    let page = text(&input["PaginationToken"]).parse().unwrap_or(0);
    let (services, next) = account.get_resources(&text(&input["TagFilters"][0]["Key"]), page);
    let tags = |tags: Vec<(String, String)>| -> Vec<Value> {
        tags.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    };
    let services: Vec<Value> =
        services.into_iter().map(|(arn, own)| json!({"ResourceARN": arn, "Tags": tags(own)})).collect();
    Ok(json!({
        "PaginationToken": next.map_or_else(String::new, |page| page.to_string()),
        "ResourceTagMappingList": services,
    }))
}
