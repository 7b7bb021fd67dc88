//! The events of ECS.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Account, seconds};
use crate::world::codedeploy::CodeDeployment;
use crate::world::tasks::Task;
use crate::world::{ACCOUNT, REGION};

impl Account {
    /// "ECS Task State Change". It has no tags, whatever the task has.
    pub(in crate::world) fn send_task(&mut self, task: &Task, at: Timestamp) {
        let told = task.told();
        let containers: Vec<Value> = told
            .containers
            .iter()
            .map(|own| {
                let mut container = json!({
                    "name": own.name, "lastStatus": task.last_status, "taskArn": task.arn, "cpu": "0",
                    "containerArn": format!("{}/{}", task.arn.replace(":task/", ":container/"), own.name),
                });
                // A container that was not pulled has no digest, and one that AWS adds has no image.
                let known = [("image", &own.image), ("imageDigest", &own.image_digest), ("reason", &own.reason)];
                for (key, value) in known {
                    if let Some(value) = value {
                        container[key] = json!(value);
                    }
                }
                if let Some(code) = own.exit_code {
                    container["exitCode"] = json!(code);
                }
                container
            })
            .collect();
        let mut detail = json!({
            "taskArn": task.arn, "taskDefinitionArn": task.workload.task_definition,
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{}", task.cluster),
            "group": task.group, "lastStatus": task.last_status, "desiredStatus": task.desired_status,
            "containers": containers, "launchType": "FARGATE", "cpu": "1024", "memory": "2048",
            "createdAt": seconds(task.created), "updatedAt": seconds(at), "version": 1,
            "overrides": {"containerOverrides": []}, "attachments": [],
        });
        if let Some(starter) = &task.started_by {
            detail["startedBy"] = json!(starter);
        }
        for (key, at) in [("startedAt", task.started), ("stoppingAt", task.stopping), ("stoppedAt", task.ended)] {
            if let Some(at) = at {
                detail[key] = json!(seconds(at));
            }
        }
        if let Some(code) = task.stop_code {
            detail["stopCode"] = json!(code);
            detail["stoppedReason"] = json!(task.stopped_reason);
        }
        self.send("ECS Task State Change", "aws.ecs", at, std::slice::from_ref(&task.arn), &detail);
    }

    /// "ECS Service Action", with a reason where it has one. It names the service among its resources only.
    pub(in crate::world) fn send_service_action(
        &mut self,
        service: &str,
        (kind, name): (&str, &str),
        reason: Option<&str>,
    ) {
        let cluster = service.split('/').next().unwrap_or_default();
        let mut detail = json!({
            "eventType": kind, "eventName": name, "createdAt": seconds(self.now),
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{cluster}"),
        });
        if let Some(reason) = reason {
            detail["reason"] = json!(reason);
        }
        let service = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{service}");
        self.send("ECS Service Action", "aws.ecs", self.now, &[service], &detail);
    }

    /// "CodeDeploy Deployment State-change Notification". It names neither the service nor the platform.
    pub(in crate::world) fn send_code_deployment(&mut self, deployment: &CodeDeployment, state: &str) {
        let CodeDeployment { id, application, group, .. } = deployment;
        let detail = json!({
            "region": REGION, "deploymentId": id, "state": state, "application": application,
            "deploymentGroup": group, "instanceGroupId": "9fd2fbef-0000-4000-8000-000000000000",
        });
        let arn = |what: &str, name: &str| format!("arn:aws:codedeploy:{REGION}:{ACCOUNT}:{what}:{name}");
        let resources = [arn("application", application), arn("deploymentgroup", &format!("{application}/{group}"))];
        let kind = "CodeDeploy Deployment State-change Notification";
        self.send(kind, "aws.codedeploy", self.now, &resources, &detail);
    }

    /// "ECS Deployment State Change". It names the service among its resources only, and ECS's own id of the deployment.
    pub(in crate::world) fn send_deployment(&mut self, service: &str, deployment: &str, (name, reason): (&str, &str)) {
        let number = deployment.rsplit('/').next().unwrap_or(deployment).trim_start_matches('0');
        let kind = if name == "SERVICE_DEPLOYMENT_FAILED" { "ERROR" } else { "INFO" };
        let detail = json!({
            "eventType": kind, "eventName": name, "deploymentId": format!("ecs-svc/{number}"),
            "updatedAt": seconds(self.now), "reason": reason,
        });
        let service = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{service}");
        self.send("ECS Deployment State Change", "aws.ecs", self.now, &[service], &detail);
    }
}
