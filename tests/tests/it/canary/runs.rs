//! Runs over many services, and over none.

use serde_json::json;
use tidegate_core::canary::{CanaryRecord, judge};
use tidegate_tests::release::Release;
use tidegate_tests::scene::{TEN, alarms};
use tidegate_tests::world::service::Service;

use super::{bad, balancer, by_code_deploy, group, service};

#[tokio::test(start_paused = true)]
async fn a_run_with_nothing_in_progress_makes_few_calls_and_says_so() {
    let release = Release::of(service("on").by_code_deploy(), balancer());
    for index in 0..149 {
        let service = Service::new(&format!("prod/service-{index}"), 2, TEN).tag("gate", "on");
        release.world.add(service);
    }
    let summary = release.run().await;
    let calls: Vec<_> = summary.calls.iter().map(|(call, count)| (call.as_str(), *count)).collect();
    assert_eq!(calls, [("DescribeServices", 15), ("GetResources", 2), ("ListDeployments", 1)]);
    assert_eq!(summary.declined.map(|declined| declined.reason.code()), Some("nothing_in_progress"));
    assert_eq!(summary.seen, 150);
}

#[tokio::test(start_paused = true)]
async fn nobody_enrolled_is_said_by_name() {
    let release = Release::of(Service::new("prod/shop", 4, TEN), balancer());
    let summary = release.run().await;
    assert_eq!(summary.declined.map(|declined| declined.reason.code()), Some("not_enrolled"));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_old_is_declined() {
    let release = by_code_deploy(service("on"), group());
    let at = release.world.lock().now - jiff::SignedDuration::from_mins(3);
    let reply = release.invoke(&tidegate_tests::scene::scheduled(at)).await.expect("a summary");
    assert_eq!(serde_json::to_value(reply).expect("JSON")["declined"]["reason"], "event_too_old");
    assert_eq!(release.calls("GetResources"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_went_back_is_declined() {
    let release = by_code_deploy(service("on").tag("alarms", "shop-orders"), group());
    release.world.lock().set_alarm("shop-orders", "OK");
    let now = release.world.lock().now;
    let reply = release.invoke(&alarms(now, &[("shop-orders", "ALARM")])).await.expect("a summary");
    assert_eq!(serde_json::to_value(reply).expect("JSON")["declined"]["reason"], "alarm_not_in_alarm");
}

#[tokio::test(start_paused = true)]
async fn a_person_may_ask_about_one_service_in_shadow() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.world.pass(12);
    let reply = release.invoke(&json!({"service": "shop", "mode": "shadow"})).await.expect("a summary");
    assert_eq!(serde_json::to_value(reply).expect("JSON")["would_stop"], 1);
    assert_eq!(release.status(&id), "InProgress");
    let error = release.invoke(&json!({"servce": "shop"})).await.expect_err("a slip of the pen");
    assert!(error.to_string().contains("unknown field `servce`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_record_gives_the_same_judgement_again() {
    let release = Release::with(&[("TIDEGATE_RECORDS", "all")], service("on").by_code_deploy(), balancer());
    release.world.lock().codedeploy.groups.push(group());
    let _ = release.deploy(bad());
    release.run_for(12).await;
    let records = release.full_records();
    assert!(records.len() >= 10, "{}", records.len());
    for record in records {
        let record: CanaryRecord = serde_json::from_value(record).expect("a record");
        let (facts, policy) = record.facts.as_ref().zip(record.policy.as_ref()).expect("facts");
        assert_eq!(judge(facts, policy, record.at), record.decision);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_tells_what_it_cost() {
    let release = by_code_deploy(service("on"), group());
    let _ = release.deploy(bad());
    release.world.pass(5);
    let summary = release.run().await;
    // Fifteen metrics at a cent a thousand, and an invocation.
    assert!((0.000_15..0.000_3).contains(&summary.run_usd), "{}", summary.run_usd);
}
