//! The role that ECS starts a task with, and that of its containers.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;
use crate::scan::image_name::{ImageName, Registry};
use crate::task_definition::Container;

use super::secrets::references;
use super::{Looked, listed};

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let role = |role: &Option<String>| role.clone().filter(|role| !role.is_empty());
    let definition = looked.definition;
    match (role(&definition.execution_role_arn), role(&definition.task_role_arn)) {
        (Some(execution), Some(task)) if execution == task => {
            let why = format!("executionRoleArn and taskRoleArn are both {task}");
            let fix = "give the containers a role of their own, without the rights to read secrets and pull images";
            vec![Finding::broken(Rule::SameRole, why).fix(fix)]
        }
        (None, _) => looked.each(Rule::NoExecutionRole, |container| {
            let needs = needs(container, looked.on_fargate());
            let why = || format!("there is no executionRoleArn, and it needs one for {}", listed(&needs));
            let fix = "set executionRoleArn to a role with AmazonECSTaskExecutionRolePolicy, and the right to read its secrets";
            (!needs.is_empty()).then(|| (why(), fix.to_owned()))
        }),
        _ => Vec::new(),
    }
}

/// What a container needs an execution role for. On an instance the instance's own role pulls from ECR and writes logs.
fn needs(container: &Container, on_fargate: bool) -> Vec<String> {
    let is_of_ecr = || matches!(ImageName::read(&container.image).map(|name| name.registry), Ok(Registry::Ecr { .. }));
    let writes_logs = || container.log_configuration.as_ref().is_some_and(|logs| logs.log_driver == "awslogs");
    let needs = [
        (references(container).next().is_some(), "its secrets"),
        (container.repository_credentials, "the credentials of its registry"),
        (on_fargate && is_of_ecr(), "its image in ECR"),
        (on_fargate && writes_logs(), "its logs"),
    ];
    needs.into_iter().filter(|(needs, _)| *needs).map(|(_, what)| what.to_owned()).collect()
}
