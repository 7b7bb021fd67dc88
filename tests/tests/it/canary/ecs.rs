//! ECS's own deployments: a hook before each step, and the schedule beside it.

use serde_json::json;
use tidegate_tests::release::Release;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::native::{DeploymentConfiguration, Strategy};
use tidegate_tests::world::service::Service;

use super::{bad, balancer, by_ecs, good, hook, service};

#[tokio::test(start_paused = true)]
async fn a_bad_canary_fails_its_hook_and_is_rolled_back() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 8).hook(hook()));
    let id = release.deploy(bad());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(release.world.share("prod/shop", "v2") < 0.1);
    assert!(release.records().contains(&"fail worse_than_baseline".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn a_bad_canary_without_a_hook_is_stopped_by_the_schedule() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 20));
    let id = release.deploy(bad());
    release.run_for(14).await;
    assert!(
        release.status(&id).starts_with("ROLLBACK") || release.status(&id) == "STOP_REQUESTED",
        "{}",
        release.status(&id)
    );
    assert_eq!(release.calls("StopServiceDeployment"), 1);
    release.run_for(15).await;
    assert_eq!(release.calls("StopServiceDeployment"), 1, "the roll-back is left alone");
}

#[tokio::test(start_paused = true)]
async fn a_good_one_waits_for_its_evidence_and_bakes() {
    let configuration = DeploymentConfiguration::canary(10.0, 3).bake(4).hook(hook());
    let release = by_ecs(service("on").tag("patience", "60m"), configuration);
    let id = release.deploy(good());
    release.run_for(90).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let records = release.records();
    assert!(records.contains(&"pass good_enough".to_owned()), "{records:?}");
    assert!(records.contains(&"pass baked".to_owned()), "{records:?}");
    assert!(!records.iter().any(|line| line.contains("without_proof")), "{records:?}");
}

#[tokio::test(start_paused = true)]
async fn a_linear_deployment_is_judged_before_every_step() {
    let release = by_ecs(service("on").tag("bake", "0s"), DeploymentConfiguration::linear(25.0, 2).hook(hook()));
    let id = release.deploy(good());
    release.run_for(120).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let passed = release.full_records().iter().filter(|record| record["action"] == "let_pass").count();
    assert_eq!(passed, 5, "before the first step, before each of three more, and after the last");
    let release = by_ecs(service("on"), DeploymentConfiguration::linear(25.0, 6).hook(hook()));
    let id = release.deploy(bad());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn what_a_test_listener_sends_to_a_green_version_is_no_evidence() {
    let release = Release::of(service("on"), balancer().test_listener());
    let stages = ["POST_TEST_TRAFFIC_SHIFT"];
    let hook = tidegate_tests::world::native::hooks::LifecycleHook::new("somebody-else", &stages);
    let configuration = DeploymentConfiguration::new(Strategy::BlueGreen).bake(5).hook(hook);
    release.world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    let green = good().errors(80.0).then(TEN + jiff::SignedDuration::from_mins(12), good());
    let id = release.deploy(green);
    for _ in 0..10 {
        release.world.pass(1);
        release.run().await;
    }
    assert_eq!(release.status(&id), "IN_PROGRESS");
    assert_eq!(release.calls("StopServiceDeployment"), 0, "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn hooks_of_a_roll_back_succeed_at_once() {
    let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"];
    let hook =
        tidegate_tests::world::native::hooks::LifecycleHook { stages: stages.map(str::to_owned).into(), ..hook() };
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 8).hook(hook));
    let id = release.deploy(bad());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
}

#[tokio::test(start_paused = true)]
async fn the_first_deployment_of_a_service_passes() {
    let release = Release::of(service("on"), Balancer::application("prod/shop").requests(|_| 1000.0));
    let configuration = DeploymentConfiguration::new(Strategy::BlueGreen).hook(hook());
    release.world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    let id = release.deploy(bad());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    assert!(release.records().iter().all(|line| line == "pass first_deployment"), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn the_flat_payload_of_2025_is_understood() {
    let release = by_ecs(service("on").tag("bake", "0s"), DeploymentConfiguration::canary(10.0, 8).hook(hook()));
    release.world.lock().native.flat_events = true;
    let id = release.deploy(good());
    // It names neither itself nor its execution: the driver can only answer the newest.
    let call = release.world.next_call(jiff::SignedDuration::from_mins(10)).expect("a call");
    let reply = release.invoke(&call.payload).await.expect("an answer");
    assert_eq!(serde_json::to_value(reply).expect("JSON"), json!({"hookStatus": "SUCCEEDED"}));
    assert_eq!(release.record()["reason"], "before_first_step");
    assert_eq!(release.status(&id), "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn details_of_a_hook_set_its_policy() {
    let hook =
        hook().details(json!({"tidegate:patience": "5m", "tidegate:on-inconclusive": "fail", "bucket": "approvals"}));
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 1).hook(hook));
    release.world.lock().balancer("prod/shop").requests = std::sync::Arc::new(|_| 5.0);
    let id = release.deploy(good());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(release.records().contains(&"fail no_proof_in_time".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn blue_green_has_ceilings_in_its_bake() {
    let release = by_ecs(service("on"), DeploymentConfiguration::new(Strategy::BlueGreen).bake(20));
    let id = release.deploy(bad().errors(30.0));
    release.run_for(12).await;
    assert_ne!(release.status(&id), "SUCCESSFUL");
    assert_eq!(release.calls("StopServiceDeployment"), 1);
    assert!(release.records().contains(&"fail errors_above_ceiling".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deployment_has_ceilings_on_its_one_target_group() {
    let release = Release::of(service("on"), balancer().one_group());
    release
        .world
        .lock()
        .native
        .configurations
        .insert("prod/shop".to_owned(), DeploymentConfiguration::new(Strategy::Rolling).bake(20));
    let id = release.deploy(bad().errors(60.0));
    release.run_for(14).await;
    assert_eq!(release.calls("StopServiceDeployment"), 1, "{:?} {}", release.records(), release.status(&id));
}

#[tokio::test(start_paused = true)]
async fn behind_a_network_load_balancer_only_alarms_and_health_speak() {
    let balancer = Balancer::network("prod/shop").requests(|_| 1000.0).serving(super::old(), 4);
    let release = Release::of(service("on").tag("alarms", "shop-orders"), balancer);
    release
        .world
        .lock()
        .native
        .configurations
        .insert("prod/shop".to_owned(), DeploymentConfiguration::canary(10.0, 30));
    release.world.lock().set_alarm("shop-orders", "OK");
    let id = release.deploy(bad());
    release.run_for(10).await;
    assert_eq!(release.run().await.go_on.get("no_request_metrics"), Some(&1));
    assert_eq!(release.status(&id), "IN_PROGRESS");
    release.world.lock().set_alarm("shop-orders", "ALARM");
    release.run_for(1).await;
    assert_eq!(release.calls("StopServiceDeployment"), 1);
}

#[tokio::test(start_paused = true)]
async fn unhealthy_hosts_stop_a_canary() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 30));
    let id = release.deploy(good().unhealthy(3));
    release.run_for(10).await;
    assert_ne!(release.status(&id), "IN_PROGRESS");
    assert!(release.records().contains(&"fail hosts_unhealthy".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_a_service_that_is_not_enrolled_passes_with_a_warning() {
    let release = by_ecs(Service::new("prod/shop", 4, TEN), DeploymentConfiguration::canary(10.0, 2).hook(hook()));
    let id = release.deploy(bad());
    release.run_for(20).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let record = release.record();
    assert_eq!((&record["reason"], &record["level"]), (&"not_enrolled".into(), &"WARN".into()));
}

#[tokio::test(start_paused = true)]
async fn shadow_holds_no_hook_up() {
    let release = by_ecs(service("shadow"), DeploymentConfiguration::canary(10.0, 8).hook(hook()));
    let id = release.deploy(bad());
    release.run_for(20).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    assert_eq!(release.calls("StopServiceDeployment"), 0);
    assert!(release.records().contains(&"fail worse_than_baseline".to_owned()), "{:?}", release.records());
}
