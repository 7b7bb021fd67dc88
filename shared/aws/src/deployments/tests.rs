use super::*;
use crate::canned::Canned;

const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:service-deployment/live/shop/1";

fn arns(arns: &[&str]) -> Vec<String> {
    arns.iter().map(|arn| (*arn).to_owned()).collect()
}

async fn one(deployment: &str) -> ServiceDeployment {
    let (aws, _) = Canned::aws([(200, &*format!(r#"{{"serviceDeployments": [{deployment}]}}"#))]).await;
    aws.describe_service_deployments(&arns(&[ARN])).await.expect("deployments").remove(0)
}

#[tokio::test]
async fn a_deployment_is_described_with_all_that_is_looked_at() {
    let answer = format!(
        r#"{{"serviceDeployments": [{{"serviceDeploymentArn": "{ARN}", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/live",
            "serviceArn": "arn:aws:ecs:eu-west-1:1:service/live/shop", "status": "IN_PROGRESS", "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT",
            "createdAt": 1767225600.25, "startedAt": 1767225601, "updatedAt": 1767225700,
            "targetServiceRevision": {{"arn": "arn:new", "requestedTaskCount": 2, "requestedProductionTrafficWeight": 10.5}},
            "sourceServiceRevisions": [{{"arn": "arn:old", "requestedProductionTrafficWeight": 89.5}}, {{"runningTaskCount": 1}}],
            "deploymentConfiguration": {{"strategy": "CANARY", "bakeTimeInMinutes": 5,
                "canaryConfiguration": {{"canaryPercent": 10.5, "canaryBakeTimeInMinutes": 15}}}},
            "alarms": {{"status": "MONITORING", "alarmNames": ["a", "b"], "triggeredAlarmNames": ["b"]}},
            "rollback": {{"reason": "alarm b", "startedAt": 1767225700}},
            "lifecycleHookDetails": [
                {{"hookId": "1", "targetArn": "arn:hook", "status": "IN_PROGRESS", "expiresAt": 1767229200}},
                {{"targetType": "PAUSE", "targetArn": "arn:pause", "status": "IN_PROGRESS"}},
                {{"targetType": "AWS_LAMBDA", "targetArn": "arn:waits", "status": "AWAITING_ACTION"}},
                {{"targetType": "AWS_LAMBDA", "targetArn": "arn:done", "status": "SUCCEEDED"}}]}}],
        "failures": [{{"arn": "arn:gone", "reason": "MISSING"}}]}}"#
    );
    let (aws, canned) = Canned::aws([(200, &*answer)]).await;
    let time = |text: &str| text.parse::<Timestamp>().expect("a time");
    let revision = |arn: &str, percent| Revision { arn: arn.to_owned(), production_percent: Some(percent) };
    let hook = |function: &str, expires| HookInProgress { function: function.to_owned(), expires };
    let expected = ServiceDeployment {
        arn: ARN.to_owned(),
        cluster: "live".to_owned(),
        service: "shop".to_owned(),
        status: "IN_PROGRESS".to_owned(),
        strategy: "CANARY".to_owned(),
        step_percent: Some(10.5),
        step_minutes: Some(15),
        stage: "PRODUCTION_TRAFFIC_SHIFT".to_owned(),
        created: time("2026-01-01T00:00:00.25Z"),
        started: Some(time("2026-01-01T00:00:01Z")),
        target: Some(revision("arn:new", 10.5)),
        sources: vec![revision("arn:old", 89.5)],
        alarms: arns(&["a", "b"]),
        triggered_alarms: arns(&["b"]),
        bake_minutes: 5,
        rollback: Some("alarm b".to_owned()),
        hooks: vec![hook("arn:hook", Some(time("2026-01-01T01:00:00Z"))), hook("arn:waits", None)],
    };
    assert_eq!(aws.describe_service_deployments(&arns(&[ARN, "arn:gone"])).await, Ok(vec![expected]));
    let asked = &canned.asked()[0];
    assert_eq!(asked.body, format!(r#"{{"serviceDeploymentArns":["{ARN}","arn:gone"]}}"#));
    let target = asked.headers.get("x-amz-target").map(String::as_str);
    assert_eq!(target, Some("AmazonEC2ContainerServiceV20141113.DescribeServiceDeployments"));
}

#[tokio::test]
async fn a_step_is_that_of_its_strategy_and_no_other() {
    let steps = r#""canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 15},
        "linearConfiguration": {"stepPercent": 20, "stepBakeTimeInMinutes": 6}"#;
    for (strategy, percent, minutes) in [
        ("CANARY", Some(10.0), Some(15)),
        ("LINEAR", Some(20.0), Some(6)),
        ("BLUE_GREEN", None, None),
        ("TIDAL", None, None),
    ] {
        let found = one(&format!(
            r#"{{"createdAt": 1767225600, "deploymentConfiguration": {{"strategy": "{strategy}", {steps}}}}}"#
        ))
        .await;
        assert_eq!((&*found.strategy, found.step_percent, found.step_minutes), (strategy, percent, minutes));
    }
}

#[tokio::test]
async fn words_that_nobody_knows_do_not_fail_it() {
    let found = one(
        r#"{"createdAt": 1767225600, "status": "DREAMING", "lifecycleStage": "MOONRISE", "alarms": {"status": "DISABLED", "alarmNames": ["a"]},
            "lifecycleHookDetails": [{"targetType": "TIDE", "targetArn": "arn:hook", "status": "NAPPING"}], "rollback": {}}"#,
    )
    .await;
    assert_eq!((&*found.status, &*found.stage, &*found.strategy), ("DREAMING", "MOONRISE", ""));
    assert!(found.alarms.is_empty() && found.hooks.is_empty() && !found.can_be_stopped(), "{found:?}");
    assert_eq!(found.rollback.as_deref(), Some(""), "it is rolled back, without a reason");
}

#[tokio::test]
async fn a_deployment_without_a_time_is_not_judged() {
    let (aws, _) =
        Canned::aws([(200, &*format!(r#"{{"serviceDeployments": [{{"serviceDeploymentArn": "{ARN}"}}]}}"#))]).await;
    let error = aws.describe_service_deployments(&arns(&[ARN])).await.expect_err("an error");
    assert_eq!((error.kind, &*error.message), (Kind::Garbled, "a deployment has no time of creation"));
}

#[tokio::test]
async fn a_revision_has_the_target_groups_that_ecs_resolved_or_both() {
    let configured = r#""loadBalancers": [{"targetGroupArn": "arn:blue", "advancedConfiguration": {"alternateTargetGroupArn": "arn:green",
        "productionListenerRule": "arn:rule", "testListenerRule": "arn:test", "roleArn": "arn:role"}}]"#;
    let answer = format!(
        r#"{{"serviceRevisions": [
            {{"serviceRevisionArn": "arn:1", "taskDefinition": "shop:7", {configured},
                "containerImages": [{{"containerName": "app", "image": "shop:1", "imageDigest": "sha256:1"}}, {{"containerName": "agent"}}],
                "resolvedConfiguration": {{"loadBalancers": [{{"targetGroupArn": "arn:green", "productionListenerRule": "arn:other"}}]}}}},
            {{"serviceRevisionArn": "arn:2", {configured}, "resolvedConfiguration": {{"loadBalancers": []}}}},
            {{"serviceRevisionArn": "arn:3"}}]}}"#
    );
    let (aws, canned) = Canned::aws([(200, &*answer)]).await;
    let image = |container: &str, image: Option<&str>, digest: Option<&str>| ContainerImage {
        container: container.to_owned(),
        image: image.map(str::to_owned),
        digest: digest.map(str::to_owned),
    };
    let found = |arn: &str, groups: &[&str], rule: Option<&str>, test: Option<&str>| ServiceRevision {
        arn: arn.to_owned(),
        task_definition: None,
        images: Vec::new(),
        target_groups: arns(groups),
        listener_rule: rule.map(str::to_owned),
        test_listener_rule: test.map(str::to_owned),
    };
    let first = ServiceRevision {
        task_definition: Some("shop:7".to_owned()),
        images: vec![image("app", Some("shop:1"), Some("sha256:1")), image("agent", None, None)],
        ..found("arn:1", &["arn:green"], Some("arn:other"), Some("arn:test"))
    };
    let second = found("arn:2", &["arn:blue", "arn:green"], Some("arn:rule"), Some("arn:test"));
    let expected = vec![first, second, found("arn:3", &[], None, None)];
    assert_eq!(aws.describe_service_revisions(&arns(&["arn:1", "arn:2", "arn:3"])).await, Ok(expected));
    let asked = &canned.asked()[0];
    assert_eq!(
        (&*asked.operation, &*asked.body),
        ("DescribeServiceRevisions", r#"{"serviceRevisionArns":["arn:1","arn:2","arn:3"]}"#)
    );
}

#[tokio::test]
async fn revisions_that_were_successful_are_listed_page_by_page_as_many_as_were_asked_for() {
    let page = r#"{"serviceDeployments": [{"targetServiceRevisionArn": "arn:3"}, {"status": "SUCCESSFUL"}, {"targetServiceRevisionArn": "arn:2"}], "nextToken": "more"}"#;
    let (aws, canned) = Canned::aws([(200, page), (200, page), (200, "{}")]).await;
    assert_eq!(aws.successful_revisions("live", "shop", 1).await, Ok(arns(&["arn:3"])));
    assert_eq!(aws.successful_revisions("live", "shop", 200).await, Ok(arns(&["arn:3", "arn:2"])));
    let bodies: Vec<String> = canned.asked().into_iter().map(|call| call.body).collect();
    assert_eq!(
        bodies,
        [
            r#"{"cluster":"live","maxResults":1,"service":"shop","status":["SUCCESSFUL"]}"#,
            r#"{"cluster":"live","maxResults":100,"service":"shop","status":["SUCCESSFUL"]}"#,
            r#"{"cluster":"live","maxResults":100,"nextToken":"more","service":"shop","status":["SUCCESSFUL"]}"#,
        ]
    );
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let looping = (0..=MOST_PAGES).map(|_| (200, r#"{"nextToken": "again"}"#));
    let (aws, canned) = Canned::aws(looping).await;
    assert_eq!(aws.successful_revisions("live", "shop", 5).await.map_err(|error| error.kind), Err(Kind::Garbled));
    assert_eq!(canned.asked().len(), MOST_PAGES);
}

#[tokio::test]
async fn a_deployment_that_is_over_is_not_an_error_of_the_stop() {
    let conflict = r#"{"__type": "ConflictException", "message": "so"}"#;
    let standing = |status: &str| format!(r#"{{"serviceDeployments": [{{"createdAt": 1, "status": "{status}"}}]}}"#);
    let (over, running) = (standing("SUCCESSFUL"), standing("IN_PROGRESS"));
    let denied = r#"{"__type": "AccessDeniedException", "message": "no"}"#;
    let answers = [
        (200, "{}"),
        (400, conflict),
        (200, &*over),
        (400, conflict),
        (200, &*running),
        (400, denied),
        (200, "<html>"),
    ];
    let (aws, canned) = Canned::aws(answers).await;
    assert_eq!(aws.stop_service_deployment(ARN).await, Ok(Stopped::Stopping));
    let asked = &canned.asked()[0];
    let body = format!(r#"{{"serviceDeploymentArn":"{ARN}","stopType":"ROLLBACK"}}"#);
    assert_eq!((&*asked.operation, &asked.body), ("StopServiceDeployment", &body));
    assert_eq!(aws.stop_service_deployment(ARN).await, Ok(Stopped::Over));
    for kind in [Kind::Refused, Kind::Denied, Kind::Garbled] {
        let error = aws.stop_service_deployment(ARN).await.expect_err("an error");
        assert_eq!((error.operation, error.kind), ("StopServiceDeployment", kind));
    }
}

#[tokio::test(start_paused = true)]
async fn what_ecs_does_not_answer_is_an_error_of_its_kind() {
    let throttled = r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#;
    let denied = r#"{"__type": "AccessDeniedException", "message": "no"}"#;
    let mut answers = vec![(400, throttled); 6];
    answers.extend([(400, denied), (200, "<html>")]);
    let (aws, _) = Canned::aws(answers).await;
    for kind in [Kind::Throttled, Kind::Denied, Kind::Garbled] {
        let error = aws.describe_service_revisions(&arns(&["arn:1"])).await.expect_err("an error");
        assert_eq!((error.operation, error.kind), ("DescribeServiceRevisions", kind));
    }
}
