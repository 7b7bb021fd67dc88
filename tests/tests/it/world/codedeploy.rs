//! CodeDeploy's deployments.

use jiff::Timestamp;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::{CodeDeployment, DeploymentGroup};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{group_of, minutes, shop};

fn shop_of(group: DeploymentGroup) -> World {
    let world = shop(Service::new("prod/shop", 4, TEN).by_code_deploy(), Balancer::application("prod/shop"));
    world.lock().codedeploy.groups.push(group);
    world
}

fn group() -> DeploymentGroup {
    DeploymentGroup::new("prod/shop")
}

fn deployment(world: &World, id: &str) -> CodeDeployment {
    world.lock().code_deployment(id).expect("a deployment").clone()
}

/// The share of the new version, minute by minute.
fn shares(world: &World, count: u32) -> Vec<f64> {
    let minute = |_| {
        world.pass(1);
        world.share("prod/shop", "v2")
    };
    (0..count).map(minute).collect()
}

#[test]
fn a_canary_waits_with_its_share_and_then_takes_all() {
    let world = shop_of(group().canary(10, 5).termination_wait(4));
    let id = world.deploy("prod/shop", Version::new("v2"));
    // The new task set takes a minute and a half to start.
    assert_eq!(shares(&world, 8), [0.0, 10.0, 10.0, 10.0, 10.0, 10.0, 100.0, 100.0]);
    assert_eq!(deployment(&world, &id).status, "InProgress", "the old version is kept for a while");
    world.pass(4);
    let over = deployment(&world, &id);
    assert_eq!(over.status, "Succeeded");
    let events: Vec<&str> = over.events.iter().map(|event| event.name).collect();
    let expected =
        ["BeforeInstall", "Install", "AfterInstall", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"];
    assert_eq!(events, expected, "there is no test listener");
    let took = |name: &str| {
        let event = over.event(name).expect("an event");
        event.ended.unwrap_or(Timestamp::MAX).duration_since(event.started.unwrap_or(Timestamp::MIN))
    };
    assert_eq!(took("AllowTraffic"), minutes(5));
}

#[test]
fn a_linear_shift_goes_step_by_step() {
    let world = shop_of(group().linear(40, 1));
    world.deploy("prod/shop", Version::new("v2"));
    assert_eq!(shares(&world, 5), [0.0, 40.0, 80.0, 100.0, 100.0]);
}

#[test]
fn task_sets_name_their_deployment_and_target_groups_swap_roles() {
    let world = shop_of(group());
    let before = group_of(&world, "v1").arn;
    let id = world.deploy("prod/shop", Version::new("v2"));
    world.pass(1);
    {
        let account = world.lock();
        let sets = account.task_sets(&account.services[0]);
        let new = sets.iter().find(|set| set.external_id.as_ref() == Some(&id)).expect("a task set of its own");
        assert!(sets.len() == 2 && new.status == "ACTIVE" && new.target_group.as_ref() != Some(&before), "{sets:?}");
        let targets = account.batch_get_deployment_targets(&id, &["prod:shop".to_owned()]).expect("a target");
        let labels: Vec<_> = targets[0].task_sets.iter().map(|set| (set.label, set.traffic_percent)).collect();
        assert_eq!(labels, [(Some("Blue"), 100.0), (Some("Green"), 0.0)]);
    }
    world.pass(2);
    world.deploy("prod/shop", Version::new("v3"));
    world.pass(1);
    assert_eq!(group_of(&world, "v3").arn, before);
}

#[test]
fn a_stop_makes_a_new_deployment_that_brings_the_old_version_back() {
    let world = shop_of(group().canary(10, 5));
    let id = world.deploy("prod/shop", Version::new("v2"));
    world.pass(3);
    world.lock().stop_deployment(&id, true).expect("it is stopped");
    let stopped = deployment(&world, &id);
    let back = stopped.rolled_back_by.clone().expect("a roll-back");
    world.pass(1);
    let back_now = deployment(&world, &back);
    assert_eq!((stopped.status, back_now.status, back_now.creator), ("Stopped", "InProgress", "codeDeployRollback"));
    assert_eq!(back_now.rolls_back.as_deref(), Some(id.as_str()));
    assert_eq!((&back_now.to, &back_now.from), (&stopped.from, &stopped.to), "the target groups have swapped roles");
    assert!((world.share("prod/shop", "v1") - 100.0).abs() < 1e-9);
    world.pass(4);
    assert_eq!(deployment(&world, &back).status, "Succeeded");
    let again = world.lock().stop_deployment(&id, true).expect_err("it is over");
    assert_eq!(again.code, "DeploymentAlreadyCompletedException");
}

#[test]
fn a_hook_holds_its_event_until_it_is_answered_once() {
    let world = shop_of(group().hook("AfterAllowTraffic", "CodeDeployHook_gate"));
    let id = world.deploy("prod/shop", Version::new("v2"));
    let call = world.next_call(minutes(10)).expect("a call");
    assert_eq!(call.payload["DeploymentId"], id);
    assert_eq!(deployment(&world, &id).event("AfterAllowTraffic").map(|event| event.status), Some("InProgress"));
    world.pass(30);
    let answer = |status| {
        let mut account = world.lock();
        account.put_lifecycle_event_hook_execution_status(&id, &call.execution, status).map_err(|error| error.code)
    };
    assert_eq!(answer("Skipped"), Err("InvalidLifecycleEventHookExecutionStatusException"));
    assert_eq!(answer("Succeeded"), Ok(()));
    assert_eq!(answer("Failed"), Err("LifecycleEventAlreadyCompletedException"));
    assert_eq!(deployment(&world, &id).status, "Succeeded");
}

#[test]
fn a_hook_that_says_failed_or_nothing_for_an_hour_ends_the_deployment() {
    for says in [Some("Failed"), None] {
        let world = shop_of(group().hook("AfterAllowTraffic", "CodeDeployHook_gate").without_roll_back());
        let id = world.deploy("prod/shop", Version::new("v2"));
        let call = world.next_call(minutes(10)).expect("a call");
        if let Some(status) = says {
            let mut account = world.lock();
            account.put_lifecycle_event_hook_execution_status(&id, &call.execution, status).expect("it is taken");
        }
        world.pass(if says.is_some() { 0 } else { 60 });
        let ended = deployment(&world, &id);
        assert_eq!((ended.status, &ended.rolled_back_by), ("Failed", &None), "{says:?}");
        assert!((world.share("prod/shop", "v2") - 100.0).abs() < 1e-9, "without roll-back the traffic stays");
    }
}

#[test]
fn an_alarm_of_the_group_stops_the_deployment_also_in_the_termination_wait() {
    let world = shop_of(group().alarm("5xx").termination_wait(30));
    let id = world.deploy("prod/shop", Version::new("v2"));
    world.pass(10);
    world.lock().set_alarm("5xx", "ALARM");
    world.pass(1);
    let stopped = deployment(&world, &id);
    assert_eq!((stopped.status, stopped.error.map(|error| error.0)), ("Stopped", Some("ALARM_ACTIVE")));
    assert!((world.share("prod/shop", "v1") - 100.0).abs() < 1e-9);
}
