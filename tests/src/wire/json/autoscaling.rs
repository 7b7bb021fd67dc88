//! Application Auto Scaling.

use serde_json::{Value, json};

use super::{Answer, Refusal, texts};
use crate::world::Account;

pub(super) fn describe_scalable_targets(account: &Account, input: &Value) -> Answer {
    let ids = texts(&input["ResourceIds"]);
    if ids.len() > 50 {
        return Err(Refusal::new("ValidationException", "at most 50 resource ids"));
    }
    let target = |id: &String| {
        let target = account.scalable_targets.get(id)?;
        Some(json!({
            "ServiceNamespace": "ecs", "ResourceId": id, "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": target.min, "MaxCapacity": target.max, "RoleARN": "arn:aws:iam::123456789012:role/aas",
            "CreationTime": 1.0,
        }))
    };
    Ok(json!({"ScalableTargets": ids.iter().filter_map(target).collect::<Vec<_>>()}))
}
