//! Who is held up, and who never is: shadow, off, roll-backs, first deployments, broken glass, broken tags.

use jiff::SignedDuration;
use tidegate_tests::hooking::{Hooking, WRITES, at};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::faults::Fault;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;

use super::{bad, by_code_deploy, by_ecs, event_status, good, group, over_code_deploy, shop, vulnerable};

#[tokio::test(start_paused = true)]
async fn shadow_judges_and_tells_and_holds_nothing_up() {
    let hooking = by_ecs(shop("shadow"), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.records(), ["fail image_blocked"]);
    let record = hooking.record();
    assert_eq!((&record["mode"], &record["acted"]), (&"shadow".into(), &false.into()));
    assert_eq!(hooking.subjects(), ["Tidegate: prod/shop: the deployment would have been failed (image_blocked)"]);

    let hooking = by_code_deploy(shop("shadow"), &["BeforeInstall"]);
    let version = vulnerable(&hooking);
    let _ = hooking.deploy(version);
    hooking.run_for(3).await;
    assert_eq!(event_status(&hooking, "BeforeInstall"), "Succeeded");
    hooking.never_called(&["StopDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn an_installation_in_shadow_is_shadow_for_everybody() {
    let hooking = by_code_deploy(shop("on"), &["BeforeInstall"]).with_variables(&[("TIDEGATE_MODE", "shadow")]);
    let version = vulnerable(&hooking);
    let _ = hooking.deploy(version);
    hooking.fails("DescribeServices", Fault::ServerError);
    let call = hooking.next_call(5);
    hooking.answer(&call).await;
    assert_eq!(event_status(&hooking, "BeforeInstall"), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_enrolled_passes_with_a_warning() {
    for service in [shop("off"), Service::new("prod/shop", 4, TEN).image("shop:v1")] {
        let hooking = by_ecs(service, &["PRE_SCALE_UP"]);
        let version = vulnerable(&hooking);
        let id = hooking.deploy(version);
        hooking.run_for(60).await;
        assert_eq!(hooking.status(&id), "SUCCESSFUL");
        assert_eq!(hooking.records(), ["pass not_enrolled"]);
        assert_eq!(hooking.record()["level"], "WARN");
        hooking.never_called(&[
            "DescribeServiceDeployments",
            "DescribeImages",
            "DescribeTaskDefinition",
            "DescribeAlarms",
        ]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_looked_at_passes_as_well() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    let elsewhere = hooking.with_variables(&[("TIDEGATE_CLUSTERS", "staging")]);
    elsewhere.run_for(60).await;
    assert_eq!(
        (elsewhere.status(&id).as_str(), elsewhere.records()),
        ("SUCCESSFUL", vec!["pass not_enrolled".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn the_details_of_a_hook_can_only_lower_the_mode() {
    let hooking = by_ecs(shop("on"), &[]);
    let quiet = at(&["PRE_SCALE_UP"]).details(serde_json::json!({"tidegate:hook": "shadow"}));
    let configuration = DeploymentConfiguration::canary(10.0, 10).circuit_breaker().hook(quiet);
    hooking.world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.record()["mode"], "shadow");
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_passes_at_once_whatever_it_brings() {
    let mut group = group(&["BeforeInstall", "AfterInstall", "BeforeAllowTraffic", "AfterAllowTraffic"]);
    group.hooks_on_roll_back = true;
    let hooking = over_code_deploy(shop("on").tag("patience", "2m"), super::balancer(), group);
    let id = hooking.deploy(good().unhealthy(2));
    hooking.run_for(90).await;
    let account = hooking.world.lock();
    let statuses: Vec<_> = account.codedeploy.deployments.iter().map(|deployment| deployment.status).collect();
    drop(account);
    assert_eq!(statuses[1..], ["Failed", "Succeeded"], "the release {id}, and its roll-back");
    assert!(hooking.records().contains(&"pass roll_back".to_owned()), "{:?}", hooking.records());
}

#[tokio::test(start_paused = true)]
async fn neither_broken_tags_nor_a_broken_environment_hold_up_a_roll_back() {
    for (tag, variables) in
        [(("patience", "forever"), &[][..]), (("patience", "5m"), &[("TIDEGATE_PREFLIGHT", "often")])]
    {
        let mut group = group(&["BeforeInstall", "BeforeAllowTraffic"]);
        group.hooks_on_roll_back = true;
        let hooking =
            over_code_deploy(shop("on").tag(tag.0, tag.1), super::balancer(), group).with_variables(variables);
        let id = hooking.deploy(good());
        hooking.run_for(1).await;
        hooking.world.lock().stop_deployment(&id, true).ok();
        hooking.run_for(40).await;
        let account = hooking.world.lock();
        let newest = account.codedeploy.deployments.last().expect("a deployment");
        assert!(newest.rolls_back.is_none() || newest.status == "Succeeded", "{}", newest.status);
    }
}

/// A shop that is being created.
fn new_shop(image: &str, stages: &[&str]) -> (Hooking, String) {
    let world = World::new(TEN);
    world.push(Image::new("shop", "v1").user("1000"));
    world.push(Image::new("shop", "bad").user("1000").finds([bad()]));
    world.pass(30);
    let service = Service::new("prod/shop", 4, TEN).tag("hook", "on");
    world.add(service);
    let configuration = DeploymentConfiguration::canary(10.0, 10).circuit_breaker().hook(at(stages));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    let hooking = Hooking::over(&[], world);
    let id = hooking.deploy(tidegate_tests::world::version::Version::new("v1").image(image));
    for deployment in &mut hooking.world.lock().native.deployments {
        deployment.sources.clear();
    }
    (hooking, id)
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_is_not_the_way_round_the_image_checks() {
    let (hooking, id) = new_shop("shop:bad", &["PRE_SCALE_UP"]);
    hooking.run_for(10).await;
    assert_ne!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail image_blocked"));
    assert!(hooking.told().contains("its creation fails"), "{}", hooking.told());
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_is_compared_with_nothing() {
    let (hooking, _) = new_shop("shop:v1", &["PRE_SCALE_UP"]);
    hooking.run_for(5).await;
    assert!(hooking.records().last().is_some_and(|record| record.starts_with("pass")), "{:?}", hooking.records());
    hooking.never_called(&["GetMetricData", "DescribeRules", "DescribeListeners"]);
}

#[tokio::test(start_paused = true)]
async fn breaking_the_glass_lets_everything_pass_and_is_told() {
    let until = TEN + SignedDuration::from_hours(2);
    let hooking = by_ecs(shop("on").tag("break-glass", &format!("{until} the shop is down")), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.records(), ["pass break_glass"]);
    assert!(
        hooking.told().contains("the shop is down") && hooking.told().contains("CVE-2026-1001"),
        "{}",
        hooking.told()
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_can_not_be_read_fails_the_hook_with_the_rule() {
    let hooking = by_ecs(shop("on").tag("preflight", "strict"), &["PRE_SCALE_UP"]);
    let id = hooking.deploy(good());
    hooking.run_for(20).await;
    assert_eq!(hooking.status(&id), "ROLLBACK_SUCCESSFUL");
    let why = hooking.record()["why"].to_string();
    assert!(why.contains(r#"tidegate:preflight is \"strict\": must begin with warn, block or off"#), "{why}");
    hooking.never_called(&["DescribeImages", "DescribeTaskDefinition"]);
}

#[tokio::test(start_paused = true)]
async fn scan_in_shadow_makes_a_verdict_on_an_image_a_warning() {
    let hooking = by_ecs(shop("on").tag("scan", "shadow"), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let id = hooking.deploy(version);
    hooking.run_for(60).await;
    assert_eq!(hooking.status(&id), "SUCCESSFUL");
    assert_eq!(hooking.records(), ["pass passed_with_warnings"]);
    hooking.never_called(&WRITES);
}
