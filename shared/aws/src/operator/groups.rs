//! CodeDeploy: the deployment groups of ECS services, and their last deployments.

use serde::Deserialize;
use serde_json::json;

use super::MOST_PAGES;
use crate::error::PortError;
use crate::pages::{all, page_of};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Groups {
    /// `ListApplications`, all pages.
    async fn applications(&self) -> Result<Vec<String>, PortError>;

    /// `ListDeploymentGroups` of an application, all pages, and `BatchGetDeploymentGroups`: those of ECS services.
    async fn ecs_groups(&self, application: &str) -> Result<Vec<Group>, PortError>;
}

/// The API takes no more.
const GROUPS_PER_CALL: usize = 100;

/// A deployment group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Application.
    pub application: String,
    /// Its name.
    pub name: String,
    /// The ECS services that it deploys, as `cluster/service`.
    pub services: Vec<String>,
    /// The deployment that was begun last: `d-...`.
    pub last: Option<String>,
    /// The deployment that succeeded last, which is what a roll-back brings back.
    pub last_successful: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Applications {
    applications: Option<Vec<String>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    deployment_groups: Option<Vec<String>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Infos {
    deployment_groups_info: Option<Vec<Info>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    deployment_group_name: Option<String>,
    ecs_services: Option<Vec<EcsService>>,
    last_attempted_deployment: Option<Last>,
    last_successful_deployment: Option<Last>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcsService {
    cluster_name: Option<String>,
    service_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Last {
    deployment_id: Option<String>,
}

impl Groups for Aws {
    async fn applications(&self) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListApplications";
        all(OPERATION, MOST_PAGES, async |next| {
            let page: Applications = self.deploys(OPERATION, &page_of(&json!({}), "nextToken", next)).await?;
            Ok((page.applications.unwrap_or_default(), page.next_token))
        })
        .await
    }

    async fn ecs_groups(&self, application: &str) -> Result<Vec<Group>, PortError> {
        let mut found = Vec::new();
        for names in self.group_names(application).await?.chunks(GROUPS_PER_CALL) {
            let question = json!({"applicationName": application, "deploymentGroupNames": names});
            let answer: Infos = self.deploys("BatchGetDeploymentGroups", &question).await?;
            found.extend(answer.deployment_groups_info.into_iter().flatten().map(|info| group(application, info)));
        }
        // Groups of instances and functions deploy no ECS service.
        found.retain(|group| !group.services.is_empty());
        Ok(found)
    }
}

impl Aws {
    async fn group_names(&self, application: &str) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "ListDeploymentGroups";
        let question = json!({"applicationName": application});
        all(OPERATION, MOST_PAGES, async |next| {
            let page: Names = self.deploys(OPERATION, &page_of(&question, "nextToken", next)).await?;
            Ok((page.deployment_groups.unwrap_or_default(), page.next_token))
        })
        .await
    }
}

fn group(application: &str, info: Info) -> Group {
    let services = info.ecs_services.unwrap_or_default().into_iter();
    Group {
        application: application.to_owned(),
        name: info.deployment_group_name.unwrap_or_default(),
        services: services.filter_map(|one| Some(format!("{}/{}", one.cluster_name?, one.service_name?))).collect(),
        last: info.last_attempted_deployment.and_then(|last| last.deployment_id),
        last_successful: info.last_successful_deployment.and_then(|last| last.deployment_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::error::Kind;

    #[tokio::test]
    async fn groups_of_ecs_services_are_found_with_their_last_deployments() {
        let infos = r#"{"deploymentGroupsInfo": [
            {"deploymentGroupName": "web", "ecsServices": [{"clusterName": "live", "serviceName": "shop"}],
             "lastAttemptedDeployment": {"deploymentId": "d-2"}, "lastSuccessfulDeployment": {"deploymentId": "d-1"}},
            {"deploymentGroupName": "new", "ecsServices": [{"clusterName": "live", "serviceName": "new"}]},
            {"deploymentGroupName": "instances"}]}"#;
        let answers = [
            (200, r#"{"applications": ["a"], "nextToken": "more"}"#),
            (200, r#"{"applications": ["b"]}"#),
            (200, r#"{"deploymentGroups": ["web"], "nextToken": "more"}"#),
            (200, r#"{"deploymentGroups": ["new", "instances"]}"#),
            (200, infos),
        ];
        let (aws, canned) = Canned::aws(answers).await;
        assert_eq!(aws.applications().await, Ok(vec!["a".to_owned(), "b".to_owned()]));
        let groups = aws.ecs_groups("a").await.expect("groups");
        let told: Vec<_> = groups.iter().map(|one| (&*one.name, &*one.services[0], one.last.as_deref())).collect();
        assert_eq!(told, [("web", "live/shop", Some("d-2")), ("new", "live/new", None)]);
        assert_eq!(groups[0].last_successful.as_deref(), Some("d-1"));
        let asked = canned.asked();
        let operations: Vec<&str> = asked.iter().map(|call| &*call.operation).collect();
        let listed = ["ListApplications", "ListApplications", "ListDeploymentGroups", "ListDeploymentGroups"];
        assert_eq!((&operations[..4], operations[4]), (&listed[..], "BatchGetDeploymentGroups"));
        assert_eq!(asked[4].body, r#"{"applicationName":"a","deploymentGroupNames":["web","new","instances"]}"#);
    }

    #[tokio::test]
    async fn an_application_without_groups_is_not_asked_about_further() {
        let denied = r#"{"__type": "AccessDeniedException"}"#;
        let (aws, canned) = Canned::aws([(200, "{}"), (400, denied)]).await;
        assert_eq!(aws.ecs_groups("a").await, Ok(Vec::new()));
        assert_eq!(canned.asked().len(), 1);
        assert_eq!(aws.applications().await.map_err(|error| error.kind), Err(Kind::Denied));
    }
}
