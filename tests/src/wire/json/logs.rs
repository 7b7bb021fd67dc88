//! CloudWatch Logs.

use serde_json::{Value, json};

use super::page;
use crate::world::{ACCOUNT, Account, REGION};

/// Smaller than the API's own, so that tests see more than one page.
const PER_PAGE: u64 = 2;

pub(super) fn describe_log_groups(account: &Account, input: &Value) -> Value {
    let prefix = input["logGroupNamePrefix"].as_str().unwrap_or_default();
    let all: Vec<&String> = account.log_groups.iter().filter(|name| name.starts_with(prefix)).collect();
    let (shown, next) = page(&all, input, PER_PAGE);
    let group = |name: &&String| {
        let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*");
        json!({"logGroupName": name, "arn": arn, "storedBytes": 0, "metricFilterCount": 0})
    };
    json!({"logGroups": shown.iter().map(group).collect::<Vec<_>>(), "nextToken": next})
}
