//! ECS: task definitions, whole.

use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_core::task_definition::TaskDefinition;

use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Definitions {
    /// `DescribeTaskDefinition`: everything about it that anybody looks at. `name` is an ARN, or `family:revision`, or a
    /// family for its newest revision.
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError>;
}

/// What `DescribeTaskDefinition` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    task_definition: Option<Value>,
}

impl Definitions for Aws {
    async fn definition(&self, name: &str) -> Result<TaskDefinition, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        let garbled = |why: String| PortError::new(OPERATION, Kind::Garbled, why);
        let answer: Described = self.asks_ecs(OPERATION, &json!({"taskDefinition": name})).await?;
        let mut found = answer.task_definition.ok_or_else(|| garbled("it describes no task definition".to_owned()))?;
        without_strange_numbers(&mut found);
        TaskDefinition::deserialize(found).map_err(|error| garbled(error.to_string()))
    }
}

/// What can't be a number of ours is none: whoever writes a task definition is told so, but what ECS took is no error.
fn without_strange_numbers(definition: &mut Value) {
    let fits_32 = |number: u64| u32::try_from(number).is_ok();
    let fits_16 = |number: u64| u16::try_from(number).is_ok();
    for container in definition.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
        keep(container, &["memory", "memoryReservation", "cpu"], fits_32);
        if let Some(check) = container.get_mut("healthCheck") {
            keep(check, &["interval", "retries", "startPeriod"], fits_32);
        }
        for ports in container.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
            keep(ports, &["containerPort", "hostPort"], fits_16);
        }
    }
}

/// Keeps the numbers of these names that fit.
fn keep(object: &mut Value, names: &[&str], fits: impl Fn(u64) -> bool) {
    for name in names {
        if let Some(number) =
            object.get_mut(name).filter(|number| number.is_number() && !number.as_u64().is_some_and(&fits))
        {
            number.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_core::task_definition::Container;

    use super::*;
    use crate::canned::Canned;

    const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";

    /// Every field that is looked at, and some that are not.
    const EVERYTHING: &str = include_str!("definitions/everything.json");

    async fn read(definition: &str) -> TaskDefinition {
        let (aws, canned) = Canned::aws([(200, &*format!(r#"{{"taskDefinition": {definition}, "tags": []}}"#))]).await;
        let found = aws.definition("shop").await.expect("a task definition");
        assert!(canned.asked()[0].body.contains(r#""taskDefinition":"shop""#), "{:?}", canned.asked());
        found
    }

    #[tokio::test]
    async fn whatever_is_looked_at_is_as_the_api_says_it() {
        let ours = read(EVERYTHING).await;
        let expected: TaskDefinition = serde_json::from_str(EVERYTHING).expect("the same shape");
        assert_eq!(ours, expected);
    }

    #[tokio::test]
    async fn no_field_is_forgotten() {
        // What is as if nobody had said it is not shown: each field has to be there.
        let shown = |definition: &TaskDefinition| serde_json::to_value(definition).expect("JSON");
        let everything = shown(&read(EVERYTHING).await);
        let fields = |value: &serde_json::Value| value.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(fields(&everything), 15, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]), 29, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]["linuxParameters"]), 6, "{everything:#}");
        assert_eq!(fields(&everything["containerDefinitions"][0]["healthCheck"]), 4, "{everything:#}");
    }

    #[tokio::test]
    async fn what_is_not_said_is_as_if_nobody_had_written_it() {
        let ours = read(r#"{"taskDefinitionArn": "a", "family": "shop", "containerDefinitions": [{"name": "app", "image": "shop:1", "cpu": 0}]}"#).await;
        let app =
            Container { name: "app".to_owned(), image: "shop:1".to_owned(), cpu: Some(0), ..Container::default() };
        let expected = TaskDefinition {
            task_definition_arn: "a".to_owned(),
            family: "shop".to_owned(),
            container_definitions: vec![app],
            ..TaskDefinition::default()
        };
        assert_eq!(ours, expected);
    }

    #[tokio::test]
    async fn words_and_numbers_that_nobody_knows_do_not_fail_it() {
        let ours = read(
            r#"{"family": "shop", "networkMode": "mesh", "requiresCompatibilities": ["MANAGED_INSTANCES", "MOON"],
                "containerDefinitions": [{"name": "app", "memory": -1, "portMappings": [{"containerPort": 70000}]}]}"#,
        )
        .await;
        assert_eq!(ours.network_mode, "mesh");
        assert_eq!(ours.requires_compatibilities, ["MANAGED_INSTANCES", "MOON"]);
        assert_eq!(
            (ours.container_definitions[0].memory, ours.container_definitions[0].port_mappings[0].container_port),
            (None, None)
        );
    }

    #[tokio::test]
    async fn a_definition_that_is_not_there_is_said_to_be_none() {
        let gone = r#"{"__type": "ClientException", "message": "Unable to describe task definition."}"#;
        let (aws, _) = Canned::aws([(400, gone), (200, "{}")]).await;
        assert_eq!(aws.definition(ARN).await.map_err(|error| error.kind), Err(Kind::Refused));
        assert_eq!(aws.definition(ARN).await.map_err(|error| error.kind), Err(Kind::Garbled));
    }
}
