use super::*;
use crate::canned::Canned;

const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn described(services: &str) -> Vec<Service> {
    let (aws, _) = Canned::aws([(200, &*format!(r#"{{"services": [{services}]}}"#))]).await;
    aws.describe_services("live", &names(&["shop"])).await.expect("services").services
}

#[tokio::test]
async fn a_service_is_described_with_all_that_is_looked_at() {
    let answer = r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:1:service/live/shop", "serviceName": "shop", "status": "ACTIVE",
        "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/live", "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"},
        "desiredCount": 4, "runningCount": 3, "pendingCount": 1, "createdAt": 1767225600.5, "launchType": "FARGATE", "roleArn": null,
        "taskDefinition": "shop:7", "currentServiceDeployment": "arn:deployment", "healthCheckGracePeriodSeconds": 60,
        "loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/1", "containerName": "app",
            "containerPort": 80, "advancedConfiguration": {"alternateTargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/2"}}],
        "deployments": [
            {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "shop:7", "rolloutState": "IN_PROGRESS", "desiredCount": 4},
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "shop:6", "rolloutState": "COMPLETED"}],
        "events": [
            {"id": "3", "createdAt": 1767225720.25, "message": "(service shop) has started 2 tasks: (task \"a\")."},
            {"id": "2", "createdAt": 1767225660, "message": "(service shop) has reached a steady state."},
            {"id": "1", "message": "(service shop) at no time"}],
        "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true}},
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
        "tags": [{"key": "tidegate:scale", "value": "on"}, {"key": "team", "value": "shop"}]}],
        "failures": [{"arn": "arn:gone", "reason": "MISSING"}, {"arn": "arn:odd", "reason": "ODD", "detail": "so"}]}"#;
    let (aws, canned) = Canned::aws([(200, answer)]).await;
    let time = |text: &str| text.parse::<Timestamp>().expect("a time");
    let started = time("2026-01-01T00:02:00.25Z");
    let deployment =
        |status: &str, state: &str| Deployment { status: status.to_owned(), rollout_state: Some(state.to_owned()) };
    let shop = Service {
        cluster: "live".to_owned(),
        name: "shop".to_owned(),
        status: Status::Active,
        scheduling: Scheduling::Replica,
        controller: Controller::Ecs,
        desired: 4,
        running: 3,
        pending: 1,
        deployments: vec![deployment("PRIMARY", "IN_PROGRESS"), deployment("ACTIVE", "COMPLETED")],
        task_sets: Vec::new(),
        service_deployment: Some("arn:deployment".to_owned()),
        history: EventHistory {
            complete_since: time("2026-01-01T00:00:00.5Z"),
            changes: vec![tidegate_core::scaling::history::Change { at: started, tasks: 2 }],
        },
        messages: vec![
            (started, "(service shop) has started 2 tasks: (task \"a\").".to_owned()),
            (time("2026-01-01T00:01:00Z"), "(service shop) has reached a steady state.".to_owned()),
        ],
        settings: ServiceSettings {
            minimum_healthy_percent: Some(100),
            health_check_grace_s: Some(60),
            public_ip: Some(true),
            rolls_back: true,
        },
        tags: Tags::new([("tidegate:scale", "on")]),
        task_definition: Some("shop:7".to_owned()),
        task_definitions: names(&["shop:6", "shop:7"]),
        capacity: Capacity::Fargate(tidegate_core::prices::Purchase::OnDemand),
        target_groups: names(&["targetgroup/blue/1", "targetgroup/green/2"]),
    };
    let failures = [("arn:gone", "MISSING"), ("arn:odd", "ODD: so")];
    let failures = failures.map(|(arn, why)| (arn.to_owned(), why.to_owned())).to_vec();
    let expected = Described { services: vec![shop], failures };
    assert_eq!(aws.describe_services("live", &names(&["shop", "gone"])).await, Ok(expected));
    let asked = &canned.asked()[0];
    assert_eq!(asked.body, r#"{"cluster":"live","include":["TAGS"],"services":["shop","gone"]}"#);
    let header = |name: &str| asked.headers.get(name).map(String::as_str);
    assert_eq!(header("x-amz-target"), Some("AmazonEC2ContainerServiceV20141113.DescribeServices"));
    assert_eq!(header("content-type"), Some("application/x-amz-json-1.1"));
    assert!(header("authorization").is_some_and(|signed| signed.contains("/eu-west-1/ecs/aws4_request")), "{asked:?}");
}

#[tokio::test]
async fn under_code_deploy_the_primary_task_set_speaks_for_the_service() {
    let services = described(
        r#"{"serviceName": "shop", "deploymentController": {"type": "CODE_DEPLOY"}, "capacityProviderStrategy": [], "taskSets": [
            {"id": "ecs-svc/2", "externalId": "", "status": "ACTIVE", "taskDefinition": "shop:8", "launchType": "EC2"},
            {"id": "ecs-svc/1", "externalId": "d-1", "status": "PRIMARY", "taskDefinition": "shop:7",
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 3}],
                "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "DISABLED"}},
                "loadBalancers": [{"targetGroupArn": "arn:targetgroup/blue/1"}]}]}"#,
    )
    .await;
    let shop = &services[0];
    let mix = tidegate_core::prices::Mix { on_demand_base: 1, spot_base: 0, on_demand_weight: 0, spot_weight: 3 };
    assert_eq!((shop.controller, shop.capacity), (Controller::CodeDeploy, Capacity::FargateMix(mix)));
    assert_eq!(shop.task_definition.as_deref(), Some("shop:7"));
    assert_eq!(
        (&*shop.task_definitions, &*shop.target_groups),
        (&*names(&["shop:7", "shop:8"]), &*names(&["targetgroup/blue/1"]))
    );
    assert_eq!(shop.settings.public_ip, Some(false));
    assert_eq!(shop.task_sets.iter().map(|set| set.external_id.as_deref()).collect::<Vec<_>>(), [None, Some("d-1")]);
    assert_eq!(shop.task_sets[1].target_groups, ["arn:targetgroup/blue/1"]);
}

#[tokio::test]
async fn words_and_numbers_that_nobody_knows_do_not_fail_a_service() {
    let services = described(
        r#"{"serviceName": "shop", "status": "NAPPING", "schedulingStrategy": "TIDAL", "deploymentController": {"type": "MOON"},
            "launchType": "MANAGED_INSTANCES", "desiredCount": -1, "runningCount": 2, "pendingCount": null,
            "healthCheckGracePeriodSeconds": -5, "deployments": [{"status": "ODD", "rolloutState": "ODDER"}],
            "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "PERHAPS"}},
            "deploymentConfiguration": {"strategy": "NEW", "alarms": {"enable": true, "rollback": false, "alarmNames": []}},
            "somethingNew": {"deep": [1, {"er": null}]}, "events": null, "tags": null},
        {"serviceName": "bare"}"#,
    )
    .await;
    let shop = &services[0];
    assert_eq!(
        (shop.status, shop.scheduling, shop.controller),
        (Status::Unknown, Scheduling::Unknown, Controller::Unknown)
    );
    assert_eq!((shop.desired, shop.running, shop.pending, &shop.capacity), (0, 2, 0, &Capacity::Unknown));
    assert_eq!(shop.settings, ServiceSettings { public_ip: Some(false), ..ServiceSettings::default() });
    assert_eq!(shop.deployments[0].rollout_state.as_deref(), Some("ODDER"));
    let bare = &services[1];
    assert_eq!(
        (bare.status, bare.scheduling, bare.controller),
        (Status::Unknown, Scheduling::Replica, Controller::Ecs)
    );
    assert_eq!(bare.history.complete_since, Timestamp::MAX, "nobody knows since when");
}

#[tokio::test]
async fn what_runs_on_instances_is_not_taken_for_fargate() {
    let strategy =
        |names: &str| format!(r#"{{"capacityProviderStrategy": [{{"capacityProvider": "{names}", "weight": 1}}]}}"#);
    for (service, expected) in [
        (strategy("FARGATE_SPOT"), Capacity::Fargate(tidegate_core::prices::Purchase::Spot)),
        (strategy("FARGATE"), Capacity::Fargate(tidegate_core::prices::Purchase::OnDemand)),
        (strategy("my-instances"), Capacity::Ec2),
        (r#"{"launchType": "EC2"}"#.to_owned(), Capacity::Ec2),
        (r#"{"launchType": "EXTERNAL"}"#.to_owned(), Capacity::Unknown),
    ] {
        assert_eq!(described(&service).await[0].capacity, expected, "{service}");
    }
}

#[tokio::test]
async fn a_hundred_events_reach_back_no_further_than_the_oldest() {
    let events: Vec<String> = (0..100)
        .map(|event| {
            format!(r#"{{"createdAt": {}, "message": "(service shop) has started 1 tasks."}}"#, 1_767_225_600 - event)
        })
        .collect();
    let services = described(&format!(r#"{{"createdAt": 1700000000, "events": [{}]}}"#, events.join(", "))).await;
    let history = &services[0].history;
    assert_eq!(history.complete_since, "2025-12-31T23:58:21Z".parse().expect("a time"));
    assert_eq!(history.changes.len(), 100);
    assert!(history.changes.is_sorted_by_key(|change| change.at), "{history:?}");
}

#[tokio::test(start_paused = true)]
async fn what_ecs_does_not_answer_is_an_error_of_its_kind() {
    let throttled = r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#;
    let denied = r#"{"__type": "AccessDeniedException", "Message": "User: gate is not authorized to perform: ecs:DescribeServices"}"#;
    let gone = r#"{"__type": "ClusterNotFoundException", "message": "Cluster not found."}"#;
    let mut answers = vec![(400, throttled); 6];
    answers.extend([(400, denied), (400, gone), (200, "<html>"), (200, r#"{"services": [{"desiredCount": "many"}]}"#)]);
    let (aws, canned) = Canned::aws(answers).await;
    for (kind, said, calls) in [
        (Kind::Throttled, "ThrottlingException: Rate exceeded", 6),
        (Kind::Denied, "perform: ecs:DescribeServices", 7),
        (Kind::NotFound, "ClusterNotFoundException: Cluster not found.", 8),
        (Kind::Garbled, "expected value", 9),
        (Kind::Garbled, "invalid type: string \"many\"", 10),
    ] {
        let error = aws.describe_services("live", &names(&["shop"])).await.expect_err("an error");
        assert_eq!((error.operation, error.kind, canned.asked().len()), ("DescribeServices", kind, calls));
        assert!(error.message.contains(said), "{error}");
    }
}

#[tokio::test]
async fn the_size_of_a_task_is_that_of_its_definition() {
    let size = |cpu_units, architecture| TaskSize { cpu_units, memory_mib: 2048, storage_gib: 30, architecture };
    for (more, expected) in [
        ("", Some(size(1024, Architecture::X86_64))),
        (
            r#", "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}"#,
            Some(size(1024, Architecture::Arm64)),
        ),
        (
            r#", "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}"#,
            None,
        ),
        (r#", "runtimePlatform": {"cpuArchitecture": "RISCV"}"#, None),
    ] {
        let answer = format!(
            r#"{{"taskDefinition": {{"cpu": "1024", "memory": "2048", "ephemeralStorage": {{"sizeInGiB": 30}}, "revision": 7{more}}}}}"#
        );
        let (aws, canned) = Canned::aws([(200, &*answer)]).await;
        assert_eq!(aws.describe_task_definition(ARN).await, Ok(expected), "{more}");
        assert_eq!(canned.asked()[0].body, format!(r#"{{"taskDefinition":"{ARN}"}}"#));
        assert_eq!(canned.asked()[0].operation, "DescribeTaskDefinition");
    }
    let (aws, _) = Canned::aws([(200, r#"{"taskDefinition": {"memory": "2048"}}"#), (200, "{}")]).await;
    assert_eq!(aws.describe_task_definition(ARN).await, Ok(None), "it has no size");
    assert_eq!(aws.describe_task_definition(ARN).await.map_err(|error| error.kind), Err(Kind::Garbled));
}

#[tokio::test]
async fn a_desired_count_is_written_and_nothing_else() {
    let gone = r#"{"__type": "ServiceNotFoundException", "message": "Service not found."}"#;
    let (aws, canned) = Canned::aws([(200, r#"{"service": {"events": [{}]}}"#), (400, gone), (200, "ok")]).await;
    assert_eq!(aws.update_desired_count("live", "shop", 5).await, Ok(()));
    let asked = &canned.asked()[0];
    assert_eq!(
        (&*asked.operation, &*asked.body),
        ("UpdateService", r#"{"cluster":"live","desiredCount":5,"service":"shop"}"#)
    );
    for kind in [Kind::NotFound, Kind::Garbled] {
        assert_eq!(aws.update_desired_count("live", "shop", 5).await.map_err(|error| error.kind), Err(kind));
    }
    assert_eq!(
        aws.update_desired_count("live", "shop", u32::MAX).await.map_err(|error| error.kind),
        Err(Kind::Refused)
    );
    assert_eq!(canned.asked().len(), 3, "what is no count is not sent");
}
