//! ECS's own deployments.

use serde_json::{Value, json};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::hooks::HookCall;
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::native::{DeploymentConfiguration, ServiceDeployment, Strategy};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{minutes, points, shop};

fn shop_of(configuration: DeploymentConfiguration) -> World {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop"));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

fn hook(stages: &[&str]) -> LifecycleHook {
    LifecycleHook::new("canary-gate", stages)
}

fn newest(world: &World) -> ServiceDeployment {
    world.lock().native.deployments.last().expect("a deployment").clone()
}

fn next(world: &World) -> HookCall {
    world.next_call(minutes(60)).expect("a call")
}

fn says(world: &World, call: &HookCall, status: &str) {
    assert!(world.lock().answer_native_hook(&call.execution, &Ok(json!({"hookStatus": status}))));
}

/// Stage, weight of the new version, and minutes since ten.
fn told(world: &World, call: &HookCall) -> (String, Value, i64) {
    let target = newest(world).target;
    let stage = call.payload["lifecycleStage"].as_str().unwrap_or_default().to_owned();
    let weight = call.payload["executionDetails"]["productionTrafficWeights"][target].clone();
    (stage, weight, call.at.duration_since(TEN).as_mins())
}

#[test]
fn hooks_are_called_in_order_with_the_weights_of_their_step() {
    let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"];
    let world = shop_of(DeploymentConfiguration::canary(10.0, 5).bake(3).hook(hook(&stages)));
    let arn = world.deploy("prod/shop", Version::new("v2"));
    let mut calls = Vec::new();
    while let Some(call) = world.next_call(minutes(30)) {
        calls.push(told(&world, &call));
        says(&world, &call, "SUCCEEDED");
    }
    let (pre, shift, post) = (stages[0].to_owned(), stages[1].to_owned(), stages[2].to_owned());
    // A minute and a half to start; the canary's bake comes before the hook of the step after it.
    let expected = [
        (pre.clone(), json!(0), 1),
        (shift.clone(), json!(10), 1),
        (pre, json!(10), 6),
        (shift, json!(100), 6),
        (post, Value::Null, 6),
    ];
    assert_eq!(calls, expected);
    let over = newest(&world);
    assert_eq!((over.status, over.arn), ("SUCCESSFUL", arn));
    assert_eq!(over.finished.map(|at| at.duration_since(TEN).as_secs()), Some(90 + 300 + 180));
    assert!(world.lock().balancer("prod/shop").group_of("v1").is_none(), "the old revision is gone");
}

#[test]
fn a_linear_shift_asks_before_every_step() {
    let world = shop_of(DeploymentConfiguration::linear(40.0, 2).hook(hook(&["PRE_PRODUCTION_TRAFFIC_SHIFT"])));
    world.deploy("prod/shop", Version::new("v2"));
    let mut weights = Vec::new();
    while let Some(call) = world.next_call(minutes(30)) {
        weights.push((told(&world, &call).1, world.share("prod/shop", "v2")));
        says(&world, &call, "SUCCEEDED");
    }
    assert_eq!(weights, [(json!(0), 0.0), (json!(40), 40.0), (json!(80), 80.0)]);
}

#[test]
fn in_progress_is_called_back_with_what_it_returned() {
    let details = json!({"alpha": "0.01"});
    let gate = hook(&["PRE_PRODUCTION_TRAFFIC_SHIFT"]).details(details);
    let world = shop_of(DeploymentConfiguration::canary(10.0, 5).hook(gate));
    world.deploy("prod/shop", Version::new("v2"));
    let first = next(&world);
    let answer = json!({"hookStatus": "IN_PROGRESS", "callBackDelay": 60, "hookDetails": {"since": "10:01"}});
    assert!(world.lock().answer_native_hook(&first.execution, &Ok(answer)));
    let second = next(&world);
    assert_eq!(second.at.duration_since(first.at), minutes(1));
    assert_eq!(second.execution, first.execution);
    assert_eq!(second.payload["hookDetails"], json!({"alpha": "0.01", "since": "10:01"}));
    says(&world, &second, "SUCCEEDED");
    let of_the_next_step = next(&world);
    assert_eq!(of_the_next_step.payload["hookDetails"], json!({"alpha": "0.01"}));
    assert!(!world.lock().answer_native_hook(&first.execution, &Ok(json!({"hookStatus": "FAILED"}))), "it is over");
}

#[test]
fn a_failure_an_error_and_an_unknown_word_roll_back_at_once() {
    let answers = [
        Ok(json!({"hookStatus": "FAILED"})),
        Ok(json!({"hookStatus": "MAYBE"})),
        Ok(json!(null)),
        Err(json!({"errorType": "panic"})),
    ];
    for answer in answers {
        let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
        let world = shop_of(DeploymentConfiguration::canary(10.0, 5).hook(hook(&stages)));
        world.deploy("prod/shop", Version::new("v2"));
        for _ in 0..2 {
            let call = next(&world);
            says(&world, &call, "SUCCEEDED");
        }
        let gate = next(&world);
        world.lock().answer_native_hook(&gate.execution, &answer);
        assert_eq!((newest(&world).status, world.share("prod/shop", "v2")), ("ROLLBACK_IN_PROGRESS", 0.0));
        let going_back = next(&world);
        assert_eq!(told(&world, &going_back).0, "PRODUCTION_TRAFFIC_SHIFT");
        assert_eq!(told(&world, &going_back).1, json!(0));
        says(&world, &going_back, "SUCCEEDED");
        world.pass(3);
        assert_eq!(newest(&world).status, "ROLLBACK_SUCCESSFUL", "{answer:?}");
    }
}

#[test]
fn a_hook_that_never_ends_times_out_and_rolls_back() {
    let gate = hook(&["POST_PRODUCTION_TRAFFIC_SHIFT"]).timeout(5);
    let world = shop_of(DeploymentConfiguration::new(Strategy::BlueGreen).hook(gate));
    world.deploy("prod/shop", Version::new("v2"));
    world.pass(6);
    assert_eq!(newest(&world).status, "IN_PROGRESS");
    world.pass(1);
    assert_eq!((newest(&world).status, newest(&world).hooks[0].status), ("ROLLBACK_IN_PROGRESS", "TIMED_OUT"));
}

#[test]
fn a_stop_rolls_back_and_an_alarm_does() {
    for alarm in [false, true] {
        let world = shop_of(DeploymentConfiguration::canary(10.0, 30).alarm("5xx"));
        let arn = world.deploy("prod/shop", Version::new("v2"));
        world.pass(5);
        assert_eq!(world.lock().current_service_deployment("prod/shop"), Some(arn.as_str()));
        if alarm {
            world.lock().set_alarm("5xx", "ALARM");
            world.pass(1);
        } else {
            world.lock().stop_service_deployment(&arn).expect("it is stopped");
            assert_eq!((newest(&world).status, world.share("prod/shop", "v2")), ("STOP_REQUESTED", 0.0));
            let again = world.lock().stop_service_deployment(&arn).expect_err("it is being stopped");
            assert_eq!(again.code, "ConflictException");
            world.pass(1);
        }
        assert_eq!((newest(&world).status, world.share("prod/shop", "v2")), ("ROLLBACK_IN_PROGRESS", 0.0));
        world.pass(3);
        assert_eq!(newest(&world).status, "ROLLBACK_SUCCESSFUL");
        assert_eq!(newest(&world).triggered_alarms.len(), usize::from(alarm));
    }
}

#[test]
fn an_alarm_that_rings_at_the_beginning_is_not_looked_at() {
    let world = shop_of(DeploymentConfiguration::canary(10.0, 5).alarm("5xx"));
    world.lock().set_alarm("5xx", "ALARM");
    world.deploy("prod/shop", Version::new("v2"));
    world.pass(10);
    assert_eq!(newest(&world).status, "SUCCESSFUL");
}

#[test]
fn the_first_deployment_has_no_source_and_nothing_to_go_back_to() {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 4, TEN));
    world.balance(Balancer::application("prod/shop").requests(|_| 600.0));
    let gate = hook(&["PRE_PRODUCTION_TRAFFIC_SHIFT"]);
    let configuration = DeploymentConfiguration::canary(10.0, 5).hook(gate);
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world.deploy("prod/shop", Version::new("v1"));
    let call = next(&world);
    assert!(newest(&world).sources.is_empty());
    says(&world, &call, "FAILED");
    let over = newest(&world);
    assert_eq!(over.status, "ROLLBACK_FAILED");
    assert!(over.rollback.is_some_and(|back| back.reason.contains("No rollback candidate")));
}

#[test]
fn a_rolling_deployment_mixes_both_versions_in_one_target_group() {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop").one_group());
    world.deploy("prod/shop", Version::new("v2").errors(100.0));
    world.pass(12);
    let group = world.lock().balancer("prod/shop").groups[0].clone();
    let errors = points(&world, Some(&group), "HTTPCode_Target_5XX_Count", "Sum", TEN);
    assert!(errors.len() < 10 && errors.is_sorted_by(|a, b| *a <= b + 80.0), "{errors:?}");
    let over = newest(&world);
    assert_eq!((over.status, over.percents()), ("SUCCESSFUL", None));
    assert_eq!(group.running.len(), 1);
}

#[test]
fn events_can_be_flat_as_the_old_documentation_has_them() {
    let world = shop_of(DeploymentConfiguration::canary(10.0, 5).hook(hook(&["PRE_PRODUCTION_TRAFFIC_SHIFT"])));
    world.lock().native.flat_events = true;
    world.deploy("prod/shop", Version::new("v2"));
    let call = next(&world);
    assert!(call.payload["executionDetails"].is_null() && call.payload["targetServiceRevisionArn"].is_string());
}
