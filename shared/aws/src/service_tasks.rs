//! ECS: the tasks of one service, those that stopped too.

use serde::Deserialize;
use serde_json::json;
use tidegate_core::diagnosis::Task;
use tidegate_core::diagnosis::task::Container;

use crate::convert::seconds;
use crate::error::PortError;
use crate::sdk::Aws;

/// The calls that are used.
pub trait ServiceTasks {
    /// `ListTasks` of a service and `DescribeTasks`: those that should run, and those that stopped and that ECS still tells
    /// of, at most `most` of each.
    async fn tasks_of_service(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<Task>, PortError>;
}

/// The API gives no more at once, and takes no more.
const TASKS_PER_CALL: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskSaid {
    task_arn: Option<String>,
    cluster_arn: Option<String>,
    task_definition_arn: Option<String>,
    group: Option<String>,
    started_by: Option<String>,
    last_status: Option<String>,
    desired_status: Option<String>,
    health_status: Option<String>,
    stop_code: Option<String>,
    stopped_reason: Option<String>,
    created_at: Option<f64>,
    started_at: Option<f64>,
    stopping_at: Option<f64>,
    stopped_at: Option<f64>,
    containers: Option<Vec<Container>>,
}

impl ServiceTasks for Aws {
    async fn tasks_of_service(&self, cluster: &str, service: &str, most: usize) -> Result<Vec<Task>, PortError> {
        let mut arns: Vec<String> = Vec::new();
        // Without a status only those are listed that should run.
        for desired in ["RUNNING", "STOPPED"] {
            let question = json!({
                "cluster": cluster, "serviceName": service, "desiredStatus": desired,
                "maxResults": most.clamp(1, TASKS_PER_CALL),
            });
            let (listed, _) = self.arns("ListTasks", most, &question).await?;
            // One that stops in between is in both lists.
            arns.extend(listed.into_iter().filter(|arn| !arns.contains(arn)).collect::<Vec<_>>());
        }
        let mut tasks = Vec::new();
        for arns in arns.chunks(TASKS_PER_CALL) {
            let found = self.described_tasks(&json!({"cluster": cluster, "tasks": arns})).await?;
            tasks.extend(found.into_iter().map(task));
        }
        Ok(tasks)
    }
}

fn task(found: TaskSaid) -> Task {
    let time = |at: Option<f64>| at.and_then(seconds);
    Task {
        task_arn: found.task_arn.unwrap_or_default(),
        cluster_arn: found.cluster_arn.unwrap_or_default(),
        task_definition_arn: found.task_definition_arn.unwrap_or_default(),
        group: found.group.unwrap_or_default(),
        started_by: found.started_by.unwrap_or_default(),
        last_status: found.last_status.unwrap_or_default(),
        desired_status: found.desired_status.unwrap_or_default(),
        health_status: found.health_status.unwrap_or_default(),
        stop_code: found.stop_code,
        stopped_reason: found.stopped_reason,
        created_at: time(found.created_at),
        started_at: time(found.started_at),
        stopping_at: time(found.stopping_at),
        stopped_at: time(found.stopped_at),
        containers: found.containers.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    fn arn(number: usize) -> String {
        format!("arn:aws:ecs:eu-west-1:111122223333:task/live/{number}")
    }

    fn listed(numbers: std::ops::Range<usize>, next: &str) -> String {
        let arns = numbers.map(|number| format!("{:?}", arn(number))).collect::<Vec<_>>().join(", ");
        format!(r#"{{"taskArns": [{arns}]{next}}}"#)
    }

    #[tokio::test]
    async fn those_that_run_and_those_that_stopped_are_described_with_all_that_a_diagnosis_needs() {
        let described = format!(
            r#"{{"tasks": [
                {{"taskArn": "{}", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/live", "group": "service:shop",
                    "taskDefinitionArn": "shop:7", "startedBy": "ecs-svc/1", "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
                    "healthStatus": "UNKNOWN", "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
                    "createdAt": 1767225600.5, "startedAt": 1767225610, "stoppingAt": 1767225620, "stoppedAt": 1767225630,
                    "cpu": "256", "memory": "512", "version": 4,
                    "containers": [{{"name": "app", "image": "shop:1", "imageDigest": "sha256:1", "lastStatus": "STOPPED", "exitCode": 137,
                        "reason": "OutOfMemoryError: Container killed due to memory usage", "healthStatus": "UNHEALTHY", "cpu": "null"}}]}},
                {{"taskArn": "{}", "lastStatus": "PENDING", "cpu": "null", "memory": null, "stopCode": "SomethingNew", "containers": null}}],
                "failures": [{{"arn": "{}", "reason": "MISSING"}}]}}"#,
            arn(1),
            arn(2),
            arn(3)
        );
        let answers = [(200, &*listed(2..4, "")), (200, &*listed(1..3, "")), (200, &*described)];
        let (aws, canned) = Canned::aws(answers).await;
        let time = |text: &str| text.parse().ok();
        let stopped = Task {
            task_arn: arn(1),
            cluster_arn: "arn:aws:ecs:eu-west-1:111122223333:cluster/live".to_owned(),
            task_definition_arn: "shop:7".to_owned(),
            group: "service:shop".to_owned(),
            started_by: "ecs-svc/1".to_owned(),
            last_status: "STOPPED".to_owned(),
            desired_status: "STOPPED".to_owned(),
            health_status: "UNKNOWN".to_owned(),
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some("Essential container in task exited".to_owned()),
            created_at: time("2026-01-01T00:00:00.5Z"),
            started_at: time("2026-01-01T00:00:10Z"),
            stopping_at: time("2026-01-01T00:00:20Z"),
            stopped_at: time("2026-01-01T00:00:30Z"),
            containers: vec![Container {
                name: "app".to_owned(),
                image: Some("shop:1".to_owned()),
                image_digest: Some("sha256:1".to_owned()),
                last_status: "STOPPED".to_owned(),
                exit_code: Some(137),
                reason: Some("OutOfMemoryError: Container killed due to memory usage".to_owned()),
                health_status: "UNHEALTHY".to_owned(),
            }],
        };
        let pending = Task {
            task_arn: arn(2),
            last_status: "PENDING".to_owned(),
            stop_code: Some("SomethingNew".to_owned()),
            ..Task::default()
        };
        assert_eq!(aws.tasks_of_service("live", "shop", 300).await, Ok(vec![stopped, pending]));
        let asked = canned.asked();
        let operations: Vec<&str> = asked.iter().map(|call| &*call.operation).collect();
        assert_eq!(operations, ["ListTasks", "ListTasks", "DescribeTasks"]);
        for (call, desired) in asked.iter().zip(["RUNNING", "STOPPED"]) {
            assert!(call.body.contains(r#""serviceName":"shop""#) && call.body.contains(desired), "{call:?}");
        }
        assert_eq!(asked[2].body.matches(":task/live/").count(), 3, "one that is in both lists is asked about once");
    }

    #[tokio::test]
    async fn they_are_described_in_hundreds_and_no_more_than_were_asked_for() {
        let answers = [
            listed(0..100, r#", "nextToken": "more""#),
            listed(100..200, r#", "nextToken": "more""#),
            listed(200..210, ""),
            r#"{"tasks": []}"#.to_owned(),
            r#"{"tasks": []}"#.to_owned(),
        ];
        let (aws, canned) = Canned::aws(answers.iter().map(|body| (200, &**body))).await;
        assert_eq!(aws.tasks_of_service("live", "shop", 150).await, Ok(Vec::new()));
        let described = canned.asked().into_iter().filter(|call| call.operation == "DescribeTasks");
        assert_eq!(described.map(|call| call.body.matches(":task/live/").count()).collect::<Vec<_>>(), [100, 60]);
    }

    #[tokio::test]
    async fn a_service_without_tasks_is_not_described() {
        let (aws, canned) = Canned::aws([(200, "{}"), (200, "{}")]).await;
        assert_eq!(aws.tasks_of_service("live", "shop", 100).await, Ok(Vec::new()));
        assert_eq!(canned.asked().len(), 2);
    }

    #[tokio::test]
    async fn a_task_that_may_not_be_described_is_not_taken_for_one_that_is_gone() {
        let denied = format!(r#"{{"tasks": [], "failures": [{{"arn": "{}", "reason": "ACCESS_DENIED"}}]}}"#, arn(0));
        let (aws, _) = Canned::aws([(200, &*listed(0..1, "")), (200, "{}"), (200, &*denied)]).await;
        let error = aws.tasks_of_service("live", "shop", 100).await.expect_err("an error");
        assert_eq!(error.message, format!("{}: ACCESS_DENIED", arn(0)));
    }
}
