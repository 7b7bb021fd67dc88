//! No traffic, no proof, broken glass: what tags say should come of it.

use tidegate_tests::world::native::DeploymentConfiguration;

use super::{bad, by_code_deploy, by_ecs, good, group, hook, service};

#[tokio::test(start_paused = true)]
async fn no_traffic_at_all_ends_as_the_policy_says() {
    for (policy, status) in [("pass", "SUCCESSFUL"), ("fail", "ROLLBACK_SUCCESSFUL")] {
        let service = service("on").tag("on-inconclusive", policy).tag("patience", "5m").tag("bake", "0s");
        let release = by_ecs(service, DeploymentConfiguration::canary(10.0, 2).hook(hook()));
        release.world.lock().balancer("prod/shop").requests = std::sync::Arc::new(|_| 0.0);
        let id = release.deploy(bad());
        release.run_for(40).await;
        assert_eq!(release.status(&id), status, "{policy}: {:?}", release.records());
        assert!(release.records().contains(&"inconclusive no_traffic".to_owned()), "{:?}", release.records());
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_waits_until_its_hook_is_about_to_end() {
    let hook = hook().timeout(40);
    let service = service("on").tag("on-inconclusive", "hold").tag("patience", "5m");
    let release = by_ecs(service, DeploymentConfiguration::canary(10.0, 2).hook(hook));
    release.world.lock().balancer("prod/shop").requests = std::sync::Arc::new(|_| 5.0);
    let id = release.deploy(good());
    release.run_for(30).await;
    assert_eq!(release.status(&id), "IN_PROGRESS");
    release.run_for(20).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(release.records().contains(&"fail no_proof_in_time".to_owned()), "failed, and not timed out");
}

#[tokio::test(start_paused = true)]
async fn broken_glass_lets_a_bad_release_through_and_says_so() {
    let glass = "2026-11-21T12:00:00Z the old version loses orders";
    let release = by_code_deploy(service("on").tag("break-glass", glass), group());
    let id = release.deploy(bad());
    release.run_for(40).await;
    assert_eq!(release.status(&id), "Succeeded");
    assert_eq!(release.subjects(), ["Tidegate: prod/shop: the deployment was let pass (break_glass)"]);
    assert!(release.world.lock().published[0].body.contains("the old version loses orders"));
}

#[tokio::test(start_paused = true)]
async fn a_metric_of_ones_own_stops_a_release() {
    use tidegate_tests::world::metrics::{Metric, Statistics};
    let release = by_code_deploy(service("on").tag("gate-metric", "Shop/Failures/Sum/Service=shop 50"), group());
    let id = release.deploy(good());
    for minute in 0..12 {
        let at = release.world.lock().now;
        let failures = if minute < 5 { 10.0 } else { 90.0 };
        let metric = Metric::new("Shop", "Failures", &[("Service", "shop")]);
        release.world.lock().metrics.put(metric, at, Statistics::of(failures, 1.0));
        release.run_for(1).await;
    }
    assert_eq!(release.status(&id), "Stopped");
    let why = release.record()["why"].to_string();
    assert!(why.contains("Shop/Failures/Sum/Service=shop is 90, above 50 for 2 settled minutes"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_can_not_be_read_leaves_that_service_alone() {
    let release = by_code_deploy(service("on").tag("alpha", "never"), group());
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "InProgress");
    let record = release.record();
    assert_eq!((&record["reason"], &record["level"]), (&"policy_error".into(), &"WARN".into()));
}
