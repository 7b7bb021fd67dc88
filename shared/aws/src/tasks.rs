//! ECS: tasks, task definitions, and who else there is in the account.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use tidegate_core::prices::Architecture;
use tidegate_core::tags::Tags;

pub use crate::ecs::ContainerImage;
use crate::ecs::{RuntimePlatform, Tag, architecture, tags};
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Tasks {
    /// `ListClusters`: their names, all pages.
    async fn list_clusters(&self) -> Result<Vec<String>, PortError>;

    /// `ListServices` of a cluster: their names, all pages.
    async fn list_services(&self, cluster: &str) -> Result<Vec<String>, PortError>;

    /// `ListTasks` of a cluster that should run: their ARNs, all pages.
    async fn list_tasks(&self, cluster: &str) -> Result<Vec<String>, PortError>;

    /// `DescribeTasks` with tags, at most [`TASKS_PER_CALL`]. Those that are gone are left out; one that can't be described
    /// for any other reason is an error, as nobody knows then what it runs.
    async fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, PortError>;

    /// `StopTask`, with a reason that `DescribeTasks` shows.
    async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), PortError>;

    /// `ListTaskDefinitions` that are active, the newest first: of one family, or of all. At most `most` ARNs, and whether
    /// there are more.
    async fn list_task_definitions(&self, family: Option<&str>, most: usize) -> Result<(Vec<String>, bool), PortError>;

    /// `DescribeTaskDefinition` with tags: what it is made of.
    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, PortError>;

    /// `DeregisterTaskDefinition`.
    async fn deregister_task_definition(&self, arn: &str) -> Result<(), PortError>;
}

/// The API takes no more.
pub const TASKS_PER_CALL: usize = 100;

/// The API gives no more at once.
const PER_PAGE: usize = 100;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// Cluster name.
    pub cluster: String,
    /// `service:name` for tasks of a service, as ECS writes it.
    pub group: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `RUNNING` and its like, as ECS writes it.
    pub last_status: String,
    /// `RUNNING` or `STOPPED`, as ECS writes it.
    pub desired_status: String,
    /// Its containers' images.
    pub images: Vec<ContainerImage>,
    /// Its `tidegate:` tags.
    pub tags: Tags,
}

impl Task {
    /// Whether it should run on.
    #[must_use]
    pub fn should_run(&self) -> bool {
        self.desired_status == "RUNNING"
    }

    /// Whether a service looks after it.
    #[must_use]
    pub fn is_of_a_service(&self) -> bool {
        self.group.starts_with("service:")
    }
}

/// A task-definition revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefinition {
    /// Its ARN, with the revision.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Whether it can be used still.
    pub active: bool,
    /// Its containers' images, none of them resolved.
    pub images: Vec<ContainerImage>,
    /// What its tasks run on; None where it may be anything, as on EC2, or a word that this version does not know.
    pub architecture: Option<Architecture>,
    /// Its `tidegate:` tags.
    pub tags: Tags,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskSaid {
    task_arn: Option<String>,
    cluster_arn: Option<String>,
    group: Option<String>,
    task_definition_arn: Option<String>,
    last_status: Option<String>,
    desired_status: Option<String>,
    containers: Option<Vec<Container>>,
    tags: Option<Vec<Tag>>,
}

/// A container of a task, or of a task definition, where nothing is resolved.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: Option<String>,
    image: Option<String>,
    image_digest: Option<String>,
}

/// What `DescribeTaskDefinition` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedDefinition {
    task_definition: Option<DefinitionSaid>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionSaid {
    task_definition_arn: Option<String>,
    family: Option<String>,
    status: Option<String>,
    requires_compatibilities: Option<Vec<String>>,
    runtime_platform: Option<RuntimePlatform>,
    container_definitions: Option<Vec<Container>>,
}

impl Tasks for Aws {
    async fn list_clusters(&self) -> Result<Vec<String>, PortError> {
        let question = json!({"maxResults": PER_PAGE});
        Ok(names(self.arns("ListClusters", usize::MAX, &question).await?.0))
    }

    async fn list_services(&self, cluster: &str) -> Result<Vec<String>, PortError> {
        let question = json!({"cluster": cluster, "maxResults": PER_PAGE});
        Ok(names(self.arns("ListServices", usize::MAX, &question).await?.0))
    }

    async fn list_tasks(&self, cluster: &str) -> Result<Vec<String>, PortError> {
        let question = json!({"cluster": cluster, "desiredStatus": "RUNNING", "maxResults": PER_PAGE});
        Ok(self.arns("ListTasks", usize::MAX, &question).await?.0)
    }

    async fn describe_tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, PortError> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let question = json!({"cluster": cluster, "tasks": arns, "include": ["TAGS"]});
        let tasks = self.described_tasks(&question).await?.into_iter();
        Ok(tasks.map(|found| task(cluster, found)).collect())
    }

    async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), PortError> {
        let question = json!({"cluster": cluster, "task": arn, "reason": reason});
        self.asks_ecs::<IgnoredAny>("StopTask", &question).await.map(drop)
    }

    async fn list_task_definitions(&self, family: Option<&str>, most: usize) -> Result<(Vec<String>, bool), PortError> {
        let mut question = json!({"status": "ACTIVE", "sort": "DESC", "maxResults": most.clamp(1, PER_PAGE)});
        if let Some(family) = family {
            question["familyPrefix"] = family.into();
        }
        self.arns("ListTaskDefinitions", most, &question).await
    }

    async fn task_definition(&self, arn: &str) -> Result<TaskDefinition, PortError> {
        const OPERATION: &str = "DescribeTaskDefinition";
        let question = json!({"taskDefinition": arn, "include": ["TAGS"]});
        let answer: DescribedDefinition = self.asks_ecs(OPERATION, &question).await?;
        let definition = answer.task_definition.map(|found| task_definition(arn, found, answer.tags));
        definition.ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it describes no task definition"))
    }

    async fn deregister_task_definition(&self, arn: &str) -> Result<(), PortError> {
        let question = json!({"taskDefinition": arn});
        self.asks_ecs::<IgnoredAny>("DeregisterTaskDefinition", &question).await.map(drop)
    }
}

/// The last parts of ARNs.
fn names(arns: Vec<String>) -> Vec<String> {
    arns.into_iter().map(|arn| last(&arn).to_owned()).collect()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn image(container: Container) -> ContainerImage {
    ContainerImage {
        container: container.name.unwrap_or_default(),
        image: container.image,
        digest: container.image_digest,
    }
}

fn task(cluster: &str, found: TaskSaid) -> Task {
    Task {
        arn: found.task_arn.unwrap_or_default(),
        cluster: found.cluster_arn.as_deref().map_or(cluster, last).to_owned(),
        group: found.group.unwrap_or_default(),
        task_definition: found.task_definition_arn.unwrap_or_default(),
        last_status: found.last_status.unwrap_or_default(),
        desired_status: found.desired_status.unwrap_or_default(),
        images: found.containers.unwrap_or_default().into_iter().map(image).collect(),
        tags: tags(found.tags),
    }
}

fn task_definition(arn: &str, found: DefinitionSaid, tagged: Option<Vec<Tag>>) -> TaskDefinition {
    // X86_64 is Fargate's default; on EC2 a task runs on whatever its instance is.
    let platform = found.runtime_platform.as_ref();
    let says = platform.is_some_and(|platform| platform.cpu_architecture.is_some());
    let on_fargate = found.requires_compatibilities.iter().flatten().any(|word| word == "FARGATE");
    TaskDefinition {
        architecture: if says || on_fargate { architecture(platform) } else { None },
        arn: found.task_definition_arn.unwrap_or_else(|| arn.to_owned()),
        family: found.family.unwrap_or_default(),
        active: found.status.as_deref() == Some("ACTIVE"),
        images: found.container_definitions.unwrap_or_default().into_iter().map(image).collect(),
        tags: tags(tagged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::ecs::MOST_PAGES;

    const TASK: &str = "arn:aws:ecs:eu-west-1:111122223333:task/prod/1";
    const DEFINITION: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";

    #[tokio::test]
    async fn clusters_and_services_are_named_by_the_last_part_of_their_arns() {
        let (aws, canned) = Canned::aws([
            (200, r#"{"clusterArns": ["arn:aws:ecs:eu-west-1:1:cluster/prod"], "nextToken": "more"}"#),
            (200, r#"{"clusterArns": ["arn:aws:ecs:eu-west-1:1:cluster/test"]}"#),
            (200, r#"{"serviceArns": ["arn:aws:ecs:eu-west-1:1:service/prod/shop", "arn:aws:ecs:eu-west-1:1:service/old"]}"#),
        ])
        .await;
        assert_eq!(aws.list_clusters().await, Ok(vec!["prod".to_owned(), "test".to_owned()]));
        assert_eq!(aws.list_services("prod").await, Ok(vec!["shop".to_owned(), "old".to_owned()]));
        assert!(canned.asked()[1].body.contains(r#""nextToken":"more""#), "{:?}", canned.asked());
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_an_error() {
        let looping = format!(r#"{{"taskArns": ["{TASK}"], "nextToken": "again"}}"#);
        let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| (200, &*looping))).await;
        assert_eq!(aws.list_tasks("prod").await.map_err(|error| error.kind), Err(Kind::Garbled));
        assert_eq!(canned.asked().len(), MOST_PAGES);
        assert!(canned.asked()[0].body.contains(r#""desiredStatus":"RUNNING""#), "{:?}", canned.asked()[0]);
    }

    #[tokio::test]
    async fn a_task_is_described_with_what_it_runs() {
        let answer = format!(
            r#"{{"tasks": [{{"taskArn": "{TASK}", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/prod", "group": "family:shop",
                "taskDefinitionArn": "{DEFINITION}", "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
                "containers": [{{"name": "app", "image": "shop:1", "imageDigest": "sha256:1"}}, {{"name": "aws-guardduty-agent"}}],
                "tags": [{{"key": "tidegate:scan", "value": "on"}}, {{"key": "team", "value": "shop"}}]}}],
                "failures": [{{"arn": "{TASK}0", "reason": "MISSING"}}]}}"#
        );
        let (aws, canned) = Canned::aws([(200, &*answer)]).await;
        let image = |container: &str, image: Option<&str>, digest: Option<&str>| ContainerImage {
            container: container.to_owned(),
            image: image.map(str::to_owned),
            digest: digest.map(str::to_owned),
        };
        let expected = Task {
            arn: TASK.to_owned(),
            cluster: "prod".to_owned(),
            group: "family:shop".to_owned(),
            task_definition: DEFINITION.to_owned(),
            last_status: "RUNNING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            images: vec![image("app", Some("shop:1"), Some("sha256:1")), image("aws-guardduty-agent", None, None)],
            tags: Tags::new([("tidegate:scan".to_owned(), "on".to_owned())]),
        };
        assert_eq!(aws.describe_tasks("prod", &[TASK.to_owned(), format!("{TASK}0")]).await, Ok(vec![expected]));
        assert!(canned.asked()[0].body.contains(r#""include":["TAGS"]"#), "{:?}", canned.asked());
        assert_eq!(aws.describe_tasks("prod", &[]).await, Ok(Vec::new()));
        assert_eq!(canned.asked().len(), 1, "nobody asks about nothing");
    }

    #[tokio::test]
    async fn a_task_that_may_not_be_described_is_not_taken_for_one_that_is_gone() {
        let answer = format!(r#"{{"tasks": [], "failures": [{{"arn": "{TASK}", "reason": "ACCESS_DENIED"}}]}}"#);
        let (aws, _) = Canned::aws([(200, &*answer)]).await;
        let error = aws.describe_tasks("prod", &[TASK.to_owned()]).await.expect_err("an error");
        assert_eq!(error.message, format!("{TASK}: ACCESS_DENIED"));
    }

    #[tokio::test]
    async fn the_newest_task_definitions_come_first_and_no_more_than_were_asked_for() {
        let three = r#"{"taskDefinitionArns": ["shop:9", "shop:8", "shop:7"], "nextToken": "more"}"#;
        let (aws, canned) =
            Canned::aws([(200, three), (200, three), (200, r#"{"taskDefinitionArns": ["shop:6"]}"#)]).await;
        let arns = |revisions: &[u32]| revisions.iter().map(|revision| format!("shop:{revision}")).collect::<Vec<_>>();
        assert_eq!(aws.list_task_definitions(Some("shop"), 2).await, Ok((arns(&[9, 8]), true)));
        assert_eq!(aws.list_task_definitions(None, 10).await, Ok((arns(&[9, 8, 7, 6]), false)));
        let asked = canned.asked();
        for call in &asked {
            assert!(call.body.contains(r#""status":"ACTIVE""#) && call.body.contains(r#""sort":"DESC""#), "{call:?}");
        }
        assert!(
            asked[0].body.contains(r#""familyPrefix":"shop""#) && !asked[1].body.contains("familyPrefix"),
            "{asked:?}"
        );
    }

    #[tokio::test]
    async fn a_task_definition_is_for_the_architecture_that_it_names() {
        for (platform, expected) in [
            (r#", "requiresCompatibilities": ["FARGATE"]"#, Some(Architecture::X86_64)),
            ("", None),
            (r#", "requiresCompatibilities": ["EC2"], "runtimePlatform": {"operatingSystemFamily": "LINUX"}"#, None),
            (r#", "runtimePlatform": {"cpuArchitecture": "ARM64"}"#, Some(Architecture::Arm64)),
            (r#", "runtimePlatform": {"cpuArchitecture": "RISCV"}"#, None),
        ] {
            let answer = format!(
                r#"{{"taskDefinition": {{"taskDefinitionArn": "{DEFINITION}", "family": "shop", "status": "ACTIVE",
                    "containerDefinitions": [{{"name": "app", "image": "shop:1"}}]{platform}}},
                    "tags": [{{"key": "tidegate:scan", "value": "shadow"}}]}}"#
            );
            let (aws, _) = Canned::aws([(200, &*answer)]).await;
            let found = aws.task_definition(DEFINITION).await.expect("a task definition");
            let image = ContainerImage { container: "app".to_owned(), image: Some("shop:1".to_owned()), digest: None };
            assert_eq!((found.architecture, found.active, found.images), (expected, true, vec![image]), "{platform}");
            assert_eq!(found.tags, Tags::new([("tidegate:scan".to_owned(), "shadow".to_owned())]));
        }
    }

    #[tokio::test]
    async fn a_task_is_stopped_with_a_reason_and_a_task_definition_taken_away() {
        let (aws, canned) = Canned::aws([(200, "{}"), (200, "{}")]).await;
        assert_eq!(aws.stop_task("prod", TASK, "CVE-2026-1").await, Ok(()));
        assert_eq!(aws.deregister_task_definition(DEFINITION).await, Ok(()));
        let asked = canned.asked();
        assert_eq!(
            asked.iter().map(|call| &*call.operation).collect::<Vec<_>>(),
            ["StopTask", "DeregisterTaskDefinition"]
        );
        assert!(asked[0].body.contains(r#""reason":"CVE-2026-1""#) && asked[0].body.contains(TASK), "{asked:?}");
    }
}
