//! Application Auto Scaling: who else owns a count.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use tidegate_core::scaling::facts::ScalableTarget;

use crate::bare::{Ask, Service};
use crate::error::PortError;
use crate::pages::{all, page_of};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Autoscaling {
    /// `DescribeScalableTargets`: those of at most [`TARGETS_PER_CALL`] services, by resource id
    /// (`service/cluster/name`). A service without one is left out.
    async fn describe_scalable_targets(
        &self,
        resource_ids: &[String],
    ) -> Result<BTreeMap<String, ScalableTarget>, PortError>;
}

/// The API takes no more.
pub const TARGETS_PER_CALL: usize = 50;

pub(crate) const SERVICE: Service =
    Service { id: "Application Auto Scaling", host: "application-autoscaling", signed_for: "application-autoscaling" };

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 50;

/// What `DescribeScalableTargets` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    scalable_targets: Option<Vec<Target>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    resource_id: String,
    min_capacity: i64,
    max_capacity: i64,
}

impl Autoscaling for Aws {
    async fn describe_scalable_targets(
        &self,
        resource_ids: &[String],
    ) -> Result<BTreeMap<String, ScalableTarget>, PortError> {
        const OPERATION: &str = "DescribeScalableTargets";
        let question = json!({
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceIds": resource_ids,
        });
        let targets = all(OPERATION, MOST_PAGES, async |next| {
            let question = page_of(&question, "NextToken", next);
            let ask = Ask::rpc("AnyScaleFrontendService.DescribeScalableTargets", &question);
            let page: Described = self.autoscaling.json(OPERATION, ask).await?;
            Ok((page.scalable_targets.unwrap_or_default(), page.next_token))
        });
        let bound = |value: i64| u32::try_from(value).unwrap_or(0);
        let owned = |target: Target| {
            (target.resource_id, ScalableTarget { min: bound(target.min_capacity), max: bound(target.max_capacity) })
        };
        Ok(targets.await?.into_iter().map(owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::error::Kind;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[tokio::test]
    async fn targets_are_found_by_their_services_page_by_page() {
        let first = r#"{"ScalableTargets": [{"ServiceNamespace": "ecs", "ResourceId": "service/live/shop", "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 2, "MaxCapacity": 20, "RoleARN": "arn:role", "CreationTime": 1767225600.5, "SuspendedState": {"DynamicScalingInSuspended": false}}],
            "NextToken": "more"}"#;
        let second = r#"{"ScalableTargets": [{"ResourceId": "service/live/cart", "MinCapacity": -1, "MaxCapacity": 3}], "NextToken": null}"#;
        let (aws, canned) = Canned::aws([(200, first), (200, second), (200, "{}")]).await;
        let asked_for = ids(&["service/live/shop", "service/live/cart"]);
        let targets = aws.describe_scalable_targets(&asked_for).await.expect("targets");
        let of = |min, max| ScalableTarget { min, max };
        let expected = [("service/live/cart", of(0, 3)), ("service/live/shop", of(2, 20))];
        assert_eq!(targets, expected.map(|(id, target)| (id.to_owned(), target)).into());
        assert_eq!(aws.describe_scalable_targets(&asked_for).await, Ok(BTreeMap::new()), "nobody owns them");
        let asked = canned.asked();
        let body = r#"{"ResourceIds":["service/live/shop","service/live/cart"],"ScalableDimension":"ecs:service:DesiredCount","ServiceNamespace":"ecs"}"#;
        assert_eq!(asked[0].body, body);
        let header = |name: &str| asked[0].headers.get(name).map(String::as_str);
        assert_eq!(header("x-amz-target"), Some("AnyScaleFrontendService.DescribeScalableTargets"));
        assert!(
            header("authorization").is_some_and(|signed| signed.contains("/application-autoscaling/")),
            "{asked:?}"
        );
        assert!(asked[1].body.contains(r#""NextToken":"more""#), "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_answered_is_an_error_of_its_kind() {
        let throttled = r#"{"__type": "ThrottlingException", "Message": "Rate exceeded"}"#;
        let denied = r#"{"__type": "AccessDeniedException", "Message": "no"}"#;
        let unknown = r#"{"__type": "ConcurrentUpdateException", "Message": "no"}"#;
        let mut answers = vec![(400, throttled); 6];
        answers.extend([
            (400, denied),
            (400, unknown),
            (200, r#"{"ScalableTargets": [{"ResourceId": "service/live/shop"}]}"#),
        ]);
        let (aws, _) = Canned::aws(answers).await;
        for kind in [Kind::Throttled, Kind::Denied, Kind::Refused, Kind::Garbled] {
            let error = aws.describe_scalable_targets(&ids(&["service/live/shop"])).await.expect_err("an error");
            assert_eq!((error.operation, error.kind), ("DescribeScalableTargets", kind));
        }
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_an_error() {
        let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| (200, r#"{"NextToken": "again"}"#))).await;
        let error = aws.describe_scalable_targets(&ids(&["service/live/shop"])).await.expect_err("an error");
        assert_eq!((error.kind, canned.asked().len()), (Kind::Garbled, MOST_PAGES));
    }
}
