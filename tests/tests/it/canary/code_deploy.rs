//! Deployments of CodeDeploy: no hook can gate their steps, so the schedule stops them.

use tidegate_tests::release::FUNCTION;
use tidegate_tests::scene::alarms;
use tidegate_tests::world::faults::{Fault, Times};

use super::{bad, by_code_deploy, good, group, service};

#[tokio::test(start_paused = true)]
async fn a_bad_canary_is_stopped_and_rolled_back_and_the_roll_back_is_left_alone() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!(release.calls("StopDeployment"), 1);
    let record = release.record();
    assert_eq!((&record["reason"], &record["acted"]), (&"worse_than_baseline".into(), &true.into()));
    assert_eq!(release.subjects(), ["Tidegate: prod/shop: the deployment was stopped (worse_than_baseline)"]);
    // The roll-back is a deployment of its own, in progress for some minutes, and as bad as they come.
    release.run_for(20).await;
    assert_eq!(release.calls("StopDeployment"), 1);
    let account = release.world.lock();
    let roll_back = account.codedeploy.deployments.last().expect("a roll-back");
    assert_eq!((roll_back.creator, roll_back.status), ("codeDeployRollback", "Succeeded"));
}

#[tokio::test(start_paused = true)]
async fn a_good_one_goes_through_with_its_bake() {
    let release = by_code_deploy(service("on").tag("bake", "10m"), group().hook("AfterAllowTraffic", FUNCTION));
    let id = release.deploy(good());
    release.run_for(60).await;
    assert_eq!(release.status(&id), "Succeeded");
    assert_eq!(release.calls("StopDeployment"), 0);
    let account = release.world.lock();
    let event = account.code_deployment(&id).expect("a deployment").event("AfterAllowTraffic").expect("the hook");
    let held = event.ended.zip(event.started).map(|(ended, started)| ended.duration_since(started).as_mins());
    assert_eq!((event.status, held), ("Succeeded", Some(10)));
}

#[tokio::test(start_paused = true)]
async fn shadow_says_what_it_would_have_stopped_and_stops_nothing() {
    let release = by_code_deploy(service("shadow"), group().hook("AfterAllowTraffic", FUNCTION));
    let id = release.deploy(bad());
    release.run_for(40).await;
    assert_eq!(release.status(&id), "Succeeded");
    assert_eq!(release.calls("StopDeployment"), 0);
    let said = "Tidegate: prod/shop: the deployment would have been stopped (worse_than_baseline)";
    assert_eq!(release.subjects().first().map(String::as_str), Some(said));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_enrolled_is_not_even_looked_at() {
    let release = by_code_deploy(service("off"), group());
    let id = release.deploy(bad());
    release.run_for(40).await;
    assert_eq!(release.status(&id), "Succeeded");
    assert_eq!(release.calls("GetMetricData"), 0);
    assert!(release.records().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_turns_bad_in_its_bake_is_stopped_and_its_hook_failed() {
    let release = by_code_deploy(service("on").tag("bake", "30m"), group().hook("AfterAllowTraffic", FUNCTION));
    let later = tidegate_tests::scene::TEN + jiff::SignedDuration::from_mins(25);
    let id = release.deploy(good().then(later, bad().errors(20.0)));
    release.run_for(60).await;
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!(release.calls("StopDeployment"), 1);
    assert!(release.records().contains(&"fail errors_above_ceiling".to_owned()), "{:?}", release.records());
}

#[tokio::test(start_paused = true)]
async fn a_canary_whose_crashes_never_reach_its_target_group_is_stopped() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(good().crashes(10.0));
    release.run_for(12).await;
    assert_eq!(release.status(&id), "Stopped");
    assert!(release.record()["why"].to_string().contains("unanswered requests: canary"), "{}", release.record()["why"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_release_is_stopped_where_slow_has_a_meaning() {
    let slow = || good().answers_in(400.0, 0.5);
    let release = by_code_deploy(service("on").tag("slow-ms", "500"), group());
    let id = release.deploy(slow());
    release.run_for(14).await;
    assert_eq!(release.status(&id), "Stopped");
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(slow());
    release.run_for(14).await;
    assert_eq!(release.status(&id), "InProgress");
}

#[tokio::test(start_paused = true)]
async fn a_common_outage_does_not_blame_the_canary() {
    let release = by_code_deploy(service("on"), group());
    let from = tidegate_tests::scene::TEN + jiff::SignedDuration::from_mins(5);
    release.world.lock().balancer("prod/shop").groups[0].running[0].version =
        super::old().then(from, super::old().errors(40.0));
    let id = release.deploy(good().then(from, good().errors(40.0)));
    release.run_for(16).await;
    assert_eq!(release.status(&id), "InProgress");
    assert_eq!(release.calls("StopDeployment"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_in_the_middle_of_a_deployment_stops_it_at_once() {
    let release = by_code_deploy(service("on").tag("alarms", "shop-orders"), group());
    release.world.lock().set_alarm("shop-orders", "OK");
    let id = release.deploy(good());
    release.run_for(4).await;
    release.world.lock().set_alarm("shop-orders", "ALARM");
    let now = release.world.lock().now;
    release.invoke(&alarms(now, &[("shop-orders", "ALARM")])).await.expect("a run");
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!(release.record()["why"], "shop-orders is in ALARM");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_somebody_else_s_has_it_judged_and_never_stopped() {
    let release = by_code_deploy(service("on"), group());
    release.world.lock().set_alarm("cart-orders", "ALARM");
    let id = release.deploy(good());
    release.run_for(4).await;
    let now = release.world.lock().now;
    release.invoke(&alarms(now, &[("cart-orders", "ALARM")])).await.expect("a run");
    assert_eq!(release.status(&id), "InProgress");
}

#[tokio::test(start_paused = true)]
async fn two_runs_in_the_same_minute_do_no_harm() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    for _ in 0..12 {
        release.run_for(1).await;
        release.run().await;
    }
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!((release.calls("StopDeployment"), release.subjects().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn target_groups_that_swapped_roles_are_followed() {
    let release = by_code_deploy(service("on").tag("bake", "0s"), group());
    let first = release.deploy(good());
    release.run_for(40).await;
    assert_eq!(release.status(&first), "Succeeded");
    // Now the canary is behind the target group that had been the baseline's.
    let second = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&second), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn which_task_set_is_green_is_known_without_codedeploy_s_label() {
    let release = by_code_deploy(service("on"), group());
    release.world.lock().codedeploy.hides_labels = true;
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn what_a_test_listener_sent_is_no_evidence() {
    let balancer = super::balancer().test_listener();
    let release = tidegate_tests::release::Release::of(service("on").by_code_deploy(), balancer);
    release.world.lock().codedeploy.groups.push(group());
    // It fails while it is tested, on purpose, and never again.
    let shift = tidegate_tests::scene::TEN + jiff::SignedDuration::from_mins(3);
    let id = release.deploy(bad().errors(50.0).then(shift, good()));
    release.run_for(16).await;
    assert_eq!(release.status(&id), "InProgress");
    assert_eq!(release.calls("StopDeployment"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_linear_shift_is_judged_over_its_steps() {
    let release = by_code_deploy(service("on"), group().linear(10, 3));
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "Stopped");
    let release = by_code_deploy(service("on"), group().linear(10, 3));
    let id = release.deploy(good());
    release.run_for(45).await;
    assert_eq!(release.status(&id), "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_ends_between_the_judgement_and_the_stop_is_left_alone() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    while !release.records().iter().any(|line| line.starts_with("fail")) && release.minutes() < 20 {
        // Whoever reads the deployment a second time in a run finds it stopped by somebody else.
        let reads = release.calls("BatchGetDeployments");
        release.world.lock().meanwhile = vec![tidegate_tests::world::Meanwhile {
            operation: "BatchGetDeployments",
            nth: reads + 2,
            happens: |account| {
                let newest = account.codedeploy.deployments.last().map(|deployment| deployment.id.clone());
                let _ = account.stop_deployment(&newest.unwrap_or_default(), true);
            },
        }];
        release.run_for(1).await;
    }
    assert_eq!(release.status(&id), "Stopped");
    assert_eq!(release.calls("StopDeployment"), 0);
    assert!(
        release.record()["not_acted"].to_string().contains("changed_meanwhile"),
        "{}",
        release.record()["not_acted"]
    );
    assert!(release.subjects().is_empty(), "somebody else did it");
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_refused_is_an_error_that_people_hear_of() {
    let release = by_code_deploy(service("on"), group());
    release.world.lock().faults.add("StopDeployment", Fault::Denied, Times::Always);
    let id = release.deploy(bad());
    release.run_for(12).await;
    assert_eq!(release.status(&id), "InProgress");
    let record = release.record();
    assert!(record["not_acted"].to_string().contains("stop_failed: StopDeployment is not allowed"), "{record}");
    assert_eq!(release.subjects(), ["Tidegate: prod/shop: the deployment was not stopped (stop_failed)"]);
}
