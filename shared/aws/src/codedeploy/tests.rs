use super::*;
use crate::canned::Canned;

fn gone(code: &str) -> String {
    format!(r#"{{"__type": "{code}", "message": "so"}}"#)
}

#[tokio::test]
async fn deployments_that_are_not_over_are_listed_page_by_page() {
    let first = r#"{"deployments": ["d-1", "d-2"], "nextToken": "more"}"#;
    let (aws, canned) = Canned::aws([(200, first), (200, r#"{"deployments": ["d-3"]}"#), (200, "{}")]).await;
    assert_eq!(
        aws.list_deployments_in_progress().await,
        Ok(vec!["d-1".to_owned(), "d-2".to_owned(), "d-3".to_owned()])
    );
    assert_eq!(aws.list_successful_deployments("shop", "live").await, Ok(Vec::new()));
    let asked = canned.asked();
    let statuses = r#""includeOnlyStatuses":["Created","Queued","InProgress","Baking","Ready"]"#;
    assert!(asked[0].body.contains(statuses), "{asked:?}");
    assert!(asked[1].body.contains(r#""nextToken":"more""#), "{asked:?}");
    let of_group = r#"{"applicationName":"shop","deploymentGroupName":"live","includeOnlyStatuses":["Succeeded"]}"#;
    assert_eq!(asked[2].body, of_group);
    assert_eq!(asked[2].headers.get("x-amz-target").map(String::as_str), Some("CodeDeploy_20141006.ListDeployments"));
}

#[tokio::test]
async fn only_deployments_to_ecs_are_ours() {
    let answer = r#"{"deploymentsInfo": [
        {"deploymentId": "d-1", "applicationName": "shop", "deploymentGroupName": "live", "computePlatform": "ECS",
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce", "status": "InProgress", "createTime": 1767225600.25,
            "creator": "user", "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "abc"}}},
        {"deploymentId": "d-2", "computePlatform": "Lambda"},
        {"deploymentId": "d-3", "computePlatform": "ECS", "createTime": 1767225600, "creator": "codeDeployRollback"},
        {"deploymentId": "d-4", "computePlatform": "ECS", "createTime": 1767225600, "creator": "user",
            "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-0"}}]}"#;
    let (aws, canned) = Canned::aws([(200, answer)]).await;
    let ids = ["d-1", "d-2", "d-3", "d-4"].map(str::to_owned);
    let found = aws.batch_get_deployments(&ids).await.expect("deployments");
    let first = CodeDeployment {
        id: "d-1".to_owned(),
        application: "shop".to_owned(),
        group: "live".to_owned(),
        config: "CodeDeployDefault.ECSAllAtOnce".to_owned(),
        status: "InProgress".to_owned(),
        roll_back: false,
        revision: Some("abc".to_owned()),
        created: "2026-01-01T00:00:00.25Z".parse().expect("a time"),
    };
    assert_eq!(found[0], first);
    let roll_backs: Vec<(&str, bool)> = found.iter().map(|found| (&*found.id, found.roll_back)).collect();
    assert_eq!(roll_backs, [("d-1", false), ("d-3", true), ("d-4", true)]);
    assert_eq!(canned.asked()[0].body, r#"{"deploymentIds":["d-1","d-2","d-3","d-4"]}"#);
    assert_eq!(aws.batch_get_deployments(&[]).await, Ok(Vec::new()));
    assert_eq!(canned.asked().len(), 1, "nobody asks about nothing");
}

#[tokio::test]
async fn a_deployment_without_a_time_is_not_judged() {
    let (aws, _) =
        Canned::aws([(200, r#"{"deploymentsInfo": [{"deploymentId": "d-1", "computePlatform": "ECS"}]}"#)]).await;
    let error = aws.batch_get_deployments(&["d-1".to_owned()]).await.expect_err("an error");
    assert_eq!((error.kind, &*error.message), (Kind::Garbled, "d-1 has no time of creation"));
}

#[tokio::test]
async fn the_target_of_a_deployment_is_its_service() {
    let target = r#"{"deploymentTargets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": {"targetId": "live:shop",
        "lifecycleEvents": [{"lifecycleEventName": "BeforeInstall", "status": "InProgress", "startTime": 1767225600},
            {"lifecycleEventName": "Install", "status": "Pending"}],
        "taskSetsInfo": [{"identifer": "ecs-svc/1", "taskSetLabel": "Green", "trafficWeight": 12.5, "targetGroup": {"name": "green"}},
            {"identifer": "ecs-svc/0", "taskSetLabel": "Blue"}, {"taskSetLabel": "Red"}]}}]}"#;
    let (aws, canned) = Canned::aws([(200, r#"{"targetIds": ["live:shop"]}"#), (200, target)]).await;
    let found = aws.deployment_target("d-1").await.expect("an answer").expect("a target");
    assert_eq!((&*found.cluster, &*found.service), ("live", "shop"));
    assert_eq!(found.in_progress().map(|event| &*event.name), Some("BeforeInstall"));
    assert_eq!(found.events[0].started, "2026-01-01T00:00:00Z".parse().ok());
    let set = |green, id: &str, traffic_percent, target_group: Option<&str>| TaskSetInfo {
        green,
        id: id.to_owned(),
        traffic_percent,
        target_group: target_group.map(str::to_owned),
    };
    let sets = [
        set(Some(true), "ecs-svc/1", 12.5, Some("green")),
        set(Some(false), "ecs-svc/0", 0.0, None),
        set(None, "", 0.0, None),
    ];
    assert_eq!(found.task_sets, sets);
    assert_eq!(canned.asked()[1].body, r#"{"deploymentId":"d-1","targetIds":["live:shop"]}"#);
}

#[tokio::test]
async fn a_deployment_that_has_no_target_yet_or_is_gone_has_none() {
    for code in ["DeploymentNotStartedException", "DeploymentDoesNotExistException"] {
        let (aws, _) = Canned::aws([(400, &*gone(code))]).await;
        assert_eq!(aws.deployment_target("d-1").await, Ok(None), "{code}");
    }
    let listed = r#"{"targetIds": ["live:shop"]}"#;
    let late = gone("DeploymentTargetDoesNotExistException");
    let denied = gone("AccessDeniedException");
    let (aws, _) = Canned::aws([(200, listed), (400, &late), (200, "{}"), (200, listed), (400, &denied)]).await;
    assert_eq!(aws.deployment_target("d-1").await, Ok(None));
    assert_eq!(aws.deployment_target("d-1").await, Ok(None));
    assert_eq!(aws.deployment_target("d-1").await.map_err(|error| error.kind), Err(Kind::Denied));
}

#[tokio::test]
async fn a_deployment_group_says_how_it_deploys() {
    let answer = r#"{"deploymentGroupInfo": {
        "alarmConfiguration": {"enabled": true, "alarms": [{"name": "slow"}, {"name": "down"}]},
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 15}},
        "loadBalancerInfo": {"targetGroupPairInfoList": [{"targetGroups": [{"name": "blue"}, {"name": "green"}],
            "prodTrafficRoute": {"listenerArns": ["live"]}, "testTrafficRoute": {"listenerArns": ["test"]}}]}}}"#;
    let off = r#"{"deploymentGroupInfo": {"alarmConfiguration": {"enabled": false, "alarms": [{"name": "slow"}]},
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]},
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE", "terminationWaitTimeInMinutes": 15}}}}"#;
    let (aws, _) = Canned::aws([(200, answer), (200, off), (200, "{}")]).await;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = DeploymentGroup {
        alarms: words(&["slow", "down"]),
        termination_wait_minutes: 15,
        rolls_back: true,
        listeners: words(&["live"]),
        test_listeners: words(&["test"]),
        target_groups: words(&["blue", "green"]),
    };
    assert_eq!(aws.deployment_group("shop", "live").await, Ok(expected));
    assert_eq!(aws.deployment_group("shop", "live").await, Ok(DeploymentGroup::default()));
    assert_eq!(aws.deployment_group("shop", "live").await.map_err(|error| error.kind), Err(Kind::Garbled));
}

#[tokio::test]
async fn a_deployment_is_stopped_and_rolled_back_unless_it_is_over() {
    let over = gone("DeploymentAlreadyCompletedException");
    let missing = gone("DeploymentDoesNotExistException");
    let (aws, canned) =
        Canned::aws([(200, r#"{"status": "Pending"}"#), (400, &over), (400, &missing), (200, "<html>")]).await;
    assert_eq!(aws.stop_deployment("d-1").await, Ok(Stopped::Stopping));
    assert_eq!(aws.stop_deployment("d-1").await, Ok(Stopped::Over));
    assert_eq!(aws.stop_deployment("d-1").await.map_err(|error| error.kind), Err(Kind::NotFound));
    assert_eq!(
        aws.stop_deployment("d-1").await.map_err(|error| error.kind),
        Err(Kind::Garbled),
        "it may not have been stopped"
    );
    assert_eq!(canned.asked()[0].body, r#"{"autoRollbackEnabled":true,"deploymentId":"d-1"}"#);
}

#[tokio::test]
async fn a_hook_is_answered_once() {
    let already = gone("LifecycleEventAlreadyCompletedException");
    let (aws, canned) = Canned::aws([
        (200, r#"{"lifecycleEventHookExecutionId": "e"}"#),
        (400, &already),
        (400, &gone("InvalidLifecycleEventHookExecutionIdException")),
    ])
    .await;
    let hook = Hook { deployment: "d-1".to_owned(), execution: "e".to_owned() };
    assert_eq!(aws.answer_hook(&hook, true).await, Ok(Answered::Taken));
    assert_eq!(aws.answer_hook(&hook, false).await, Ok(Answered::Already));
    assert_eq!(aws.answer_hook(&hook, false).await.map_err(|error| error.kind), Err(Kind::Refused));
    let body =
        |status: &str| format!(r#"{{"deploymentId":"d-1","lifecycleEventHookExecutionId":"e","status":"{status}"}}"#);
    let asked = canned.asked();
    assert_eq!((&asked[0].body, &asked[1].body), (&body("Succeeded"), &body("Failed")));
}
