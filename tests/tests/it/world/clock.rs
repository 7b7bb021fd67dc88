//! How time passes, in process and over the wire.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::SignedDuration;
use tidegate_aws::clock::{Clock, ClockSource};
use tidegate_aws::codedeploy::{Answered, CodeDeploy, Hook};
use tidegate_aws::error::Kind;
use tidegate_tests::scene::TEN;
use tidegate_tests::wire::Server;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;
use tidegate_tests::world::{Meanwhile, World};

use super::{minutes, shop};

/// A shop whose bake has just begun, and the call of its hook.
fn baking() -> (World, Hook) {
    let world = shop(Service::new("prod/shop", 4, TEN).by_code_deploy(), Balancer::application("prod/shop"));
    let group = DeploymentGroup::new("prod/shop").hook("AfterAllowTraffic", "CodeDeployHook_canary-gate");
    world.lock().codedeploy.groups.push(group);
    let deployment = world.deploy("prod/shop", Version::new("v2"));
    let call = world.next_call(minutes(5)).expect("a call");
    (world, Hook { deployment, execution: call.execution })
}

#[tokio::test]
async fn a_hook_that_holds_for_the_bake_is_over_in_no_time_and_to_the_second() {
    let (world, hook) = baking();
    let began = world.lock().now;
    world.sleep(Duration::from_secs(605)).await;
    assert_eq!(world.lock().now.duration_since(began), SignedDuration::from_secs(605));
    assert_eq!(world.answer_hook(&hook, true).await, Ok(Answered::Taken));
    assert_eq!(world.answer_hook(&hook, false).await, Ok(Answered::Already));
    assert_eq!(world.list_deployments_in_progress().await, Ok(Vec::new()));
}

#[tokio::test]
async fn faults_and_what_somebody_else_does_strike_deployments_too() {
    let (world, hook) = baking();
    world.lock().faults.add("GetDeploymentGroup", Fault::Throttle, Times::First(1));
    let group = async || world.deployment_group("AppECS-shop", "DgpECS-shop").await;
    assert_eq!(group().await.map_err(|error| error.kind), Err(Kind::Throttled));
    assert!(group().await.is_ok());
    let vanishes = Meanwhile {
        operation: "BatchGetDeploymentTargets",
        nth: 1,
        happens: |account| account.codedeploy.deployments.clear(),
    };
    world.lock().meanwhile.push(vanishes);
    assert_eq!(world.deployment_target(&hook.deployment).await, Ok(None));
}

#[tokio::test]
async fn a_sleep_over_the_wire_ends_when_the_worlds_time_has_come() {
    let world = World::new(TEN);
    let server = Server::start(world.clone()).await;
    let clock = ClockSource::World(server.address);
    let sleep = tokio::spawn(async move { clock.sleep(Duration::from_secs(90)).await });
    until(&world, 1).await;
    world.pass(1);
    assert_eq!(world.sleepers(), 1, "a minute is not enough");
    world.pass(1);
    assert_eq!(world.sleepers(), 0, "it is told apart at once from one that goes on");
    sleep.await.expect("it is over");
}

#[tokio::test]
async fn a_sleeper_that_goes_away_is_not_waited_for() {
    let world = World::new(TEN);
    let server = Server::start(world.clone()).await;
    let address: SocketAddr = server.address;
    let sleep = tokio::spawn(async move { ClockSource::World(address).sleep(Duration::from_secs(90)).await });
    until(&world, 1).await;
    sleep.abort();
    until(&world, 0).await;
}

/// Waits until so many wait for the world's time.
async fn until(world: &World, sleepers: usize) {
    while world.sleepers() != sleepers {
        tokio::task::yield_now().await;
    }
}
