//! A dry run: the judgement and nothing else.

use serde_json::json;
use tidegate_tests::hooking::WRITES;

use super::{by_code_deploy, by_ecs, good, shop, vulnerable};

#[tokio::test(start_paused = true)]
async fn it_judges_the_deployment_in_progress_and_answers_nobody() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    let _ = hooking.next_call(5);
    let record = hooking.ask(&json!({"service": "prod/shop", "stage": "BeforeInstall"})).await;
    assert_eq!((&record["verdict"], &record["reason"]), (&json!("fail"), &json!("image_blocked")));
    assert_eq!((&record["facts"]["deployment"]["id"], &record["acted"]), (&json!(id), &json!(false)));
    hooking.never_called(&WRITES);
    hooking.never_called(&["PutLifecycleEventHookExecutionStatus", "Publish"]);
    assert_eq!(hooking.status(&id), "InProgress");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_deployed_it_judges_what_runs() {
    let hooking = by_ecs(shop("on"), &[]);
    let _ = hooking.deploy(good());
    hooking.run_for(60).await;
    let record = hooking.ask(&json!({"service": "prod/shop", "stage": "PRE_SCALE_UP"})).await;
    assert_eq!(record["verdict"], "pass", "{record}");
    assert!(record["facts"]["images"][0]["name"].to_string().contains("shop:v2"), "{}", record["facts"]["images"]);
    hooking.never_called(&WRITES);

    let hooking = by_code_deploy(shop("on"), &[]);
    let _ = hooking.deploy(good());
    hooking.run_for(60).await;
    let record = hooking.ask(&json!({"service": "prod/shop", "stage": "AfterInstall"})).await;
    assert_eq!(record["verdict"], "pass", "{record}");
    hooking.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn it_judges_a_service_that_is_not_enrolled_as_well() {
    let hooking = by_ecs(shop("off"), &[]);
    let version = vulnerable(&hooking);
    let _ = hooking.deploy(version);
    let record = hooking.ask(&json!({"service": "prod/shop", "stage": "PRE_SCALE_UP", "mode": "shadow"})).await;
    assert_eq!((&record["verdict"], &record["mode"], &record["action"]), (&json!("fail"), &json!("off"), &json!(null)));
}

#[tokio::test(start_paused = true)]
async fn it_says_what_is_wrong_with_what_it_is_asked() {
    let hooking = by_ecs(shop("on"), &[]);
    for (event, why) in [
        (json!({"service": "shop", "stage": "BeforeInstall"}), "must be cluster/name"),
        (json!({"service": "prod/shop", "stage": "Install"}), "stage is \"Install\""),
        (json!({"service": "prod/shop"}), "missing field `stage`"),
        (json!({"service": "prod/shop", "stage": "BeforeInstall", "mode": "loud"}), "mode is \"loud\""),
    ] {
        let error = hooking.invoke(&event).await.expect_err("it is refused").to_string();
        assert!(error.contains(why), "{error}");
    }
    let record = hooking.ask(&json!({"service": "prod/nothing", "stage": "BeforeInstall"})).await;
    assert_eq!((&record["verdict"], &record["reason"]), (&json!("error"), &json!("service_unreadable")));
}
