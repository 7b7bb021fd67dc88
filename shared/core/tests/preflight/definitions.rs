//! Task definitions that tests begin with.

use jiff::Timestamp;
use serde_json::json;
use tidegate_core::hook::checks::task_definition::check;
use tidegate_core::hook::facts::Image;
use tidegate_core::hook::{Facts, Finding, Policy};
use tidegate_core::scan;
use tidegate_core::task_definition::{Container, TaskDefinition};

/// Facts about a task definition that is on its way.
pub(crate) fn about(definition: TaskDefinition) -> Facts {
    let facts = json!({
        "stage": "before_install",
        "deployment": {
            "id": "d-PREFLIGHT1",
            "platform": "ecs",
            "event": "PRE_SCALE_UP",
            "started_at": "2026-03-02T10:00:00Z",
        },
        "surroundings": { "region": "eu-west-1" },
    });
    let mut facts: Facts = serde_json::from_value(facts).expect("facts");
    facts.task_definition = Some(definition);
    facts
}

/// A web server on Fargate with nothing to find, in two containers.
pub(crate) fn clean() -> Facts {
    let logs = json!({
        "logDriver": "awslogs",
        "options": { "awslogs-group": "/ecs/shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs" },
    });
    let definition = json!({
        "family": "shop",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1 GB",
        "executionRoleArn": "arn:aws:iam::111122223333:role/shop-start",
        "taskRoleArn": "arn:aws:iam::111122223333:role/shop",
        "volumes": [
            { "name": "scratch", "host": {} },
            { "name": "shared", "efsVolumeConfiguration": { "fileSystemId": "fs-0123", "transitEncryption": "ENABLED" } },
        ],
        "containerDefinitions": [
            {
                "name": "web",
                "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v7",
                "user": "1000:1000",
                "readonlyRootFilesystem": true,
                "environment": [{ "name": "DB_HOST", "value": "db.internal" }],
                "secrets": [
                    { "name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop-a1b2c3" },
                ],
                "command": ["serve", "--port", "8080"],
                "logConfiguration": logs,
                "mountPoints": [
                    { "sourceVolume": "scratch", "containerPath": "/tmp" },
                    { "sourceVolume": "shared", "containerPath": "/srv" },
                ],
                "portMappings": [{ "containerPort": 8080 }],
            },
            {
                "name": "metrics",
                "image": "public.ecr.aws/example/metrics:1.4",
                "essential": false,
                "user": "metrics",
                "readonlyRootFilesystem": true,
                "logConfiguration": logs,
            },
        ],
    });
    let mut facts = about(serde_json::from_value(definition).expect("a task definition"));
    facts.surroundings.log_groups = vec![("/ecs/shop".to_owned(), true)];
    facts
}

/// The same on EC2.
pub(crate) fn clean_on_ec2() -> Facts {
    let mut facts = clean();
    definition(&mut facts).requires_compatibilities = vec!["EC2".to_owned()];
    facts
}

/// The same on Windows, where nothing is Linux's.
pub(crate) fn clean_on_windows() -> Facts {
    let mut facts = clean();
    let definition = definition(&mut facts);
    definition.runtime_platform.operating_system_family = "WINDOWS_SERVER_2022_CORE".to_owned();
    (definition.cpu, definition.memory) = (Some("1024".to_owned()), Some("2048".to_owned()));
    for container in &mut definition.container_definitions {
        (container.user, container.readonly_root_filesystem) = (Some("ContainerUser".to_owned()), None);
    }
    facts
}

pub(crate) fn definition(facts: &mut Facts) -> &mut TaskDefinition {
    facts.task_definition.as_mut().expect("a task definition")
}

/// The first container, `web`.
pub(crate) fn web(facts: &mut Facts) -> &mut Container {
    &mut definition(facts).container_definitions[0]
}

/// What the image of a container says of its user.
pub(crate) fn image_user(facts: &mut Facts, container: &str, user: Option<&str>) {
    facts.images.push(Image {
        name: "shop:v7".to_owned(),
        containers: vec![container.to_owned()],
        facts: None,
        policy: scan::Policy::default(),
        user: user.map(str::to_owned),
    });
}

pub(crate) fn found(facts: &Facts) -> Vec<Finding> {
    check(facts, &Policy::default(), Timestamp::UNIX_EPOCH)
}

/// What is found, as `rule@container`, in order.
pub(crate) fn told(facts: &Facts) -> Vec<String> {
    let said = |finding: Finding| match finding.subject {
        Some(subject) => format!("{}@{subject}", finding.rule.code()),
        None => finding.rule.code().to_owned(),
    };
    let mut told: Vec<String> = found(facts).into_iter().map(said).collect();
    told.sort_unstable();
    told
}
