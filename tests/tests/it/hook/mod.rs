//! What the deployment hook does and, above all, does not do: its handler over a simulated account, in process.

mod answers;
mod code_deploy;
mod dry_run;
mod ecs;
mod explain;
mod incidents;
mod modes;
mod running;
mod smoke;

use jiff::SignedDuration;
use tidegate_tests::hooking::{FUNCTION, Hooking, at};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::registry::findings::{Finding, critical};
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// A vulnerability that the built-in rules block.
pub(crate) fn bad() -> Finding {
    critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2")
}

/// A shop that is enrolled, and runs the clean `shop:v1`.
pub(crate) fn shop(mode: &str) -> Service {
    Service::new("prod/shop", 4, TEN).image("shop:v1").tag("hook", mode)
}

/// Its load balancer, with a test listener.
pub(crate) fn balancer() -> Balancer {
    Balancer::application("prod/shop").test_listener().requests(|_| 1000.0).serving(Version::new("v1"), 4)
}

/// A world at ten with the clean images `shop:v1` and `shop:v2`, in which the shop has been running for hours.
pub(crate) fn world(service: Service, balancer: Balancer) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(150));
    world.push(Image::new("shop", "v1").user("1000"));
    world.push(Image::new("shop", "v2").user("1000"));
    world.add(service);
    world.balance(balancer);
    world.pass(150);
    drop(world.take_events());
    world
}

/// The gate over the shop under CodeDeploy, called at these lifecycle events.
pub(crate) fn by_code_deploy(service: Service, events: &[&str]) -> Hooking {
    over_code_deploy(service, balancer(), group(events))
}

/// A deployment group that shifts a tenth for ten minutes, keeps the old version for as long, and calls the function.
pub(crate) fn group(events: &[&str]) -> DeploymentGroup {
    let group = DeploymentGroup::new("prod/shop").canary(10, 10).termination_wait(10);
    events.iter().fold(group, |group, event| group.hook(event, FUNCTION))
}

pub(crate) fn over_code_deploy(service: Service, balancer: Balancer, group: DeploymentGroup) -> Hooking {
    let world = world(service.by_code_deploy(), balancer);
    world.lock().codedeploy.groups.push(group);
    Hooking::over(&[], world)
}

/// The gate over the shop under ECS's own deployments, called at these stages.
pub(crate) fn by_ecs(service: Service, stages: &[&str]) -> Hooking {
    over_ecs(service, balancer(), stages)
}

pub(crate) fn over_ecs(service: Service, balancer: Balancer, stages: &[&str]) -> Hooking {
    let world = world(service, balancer);
    let configuration = DeploymentConfiguration::canary(10.0, 10).bake(10).circuit_breaker().hook(at(stages));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    Hooking::over(&[], world)
}

/// The clean new version.
pub(crate) fn good() -> Version {
    Version::new("v2").image("shop:v2")
}

/// A new version whose image has a vulnerability that blocks.
pub(crate) fn vulnerable(hooking: &Hooking) -> Version {
    hooking.world.push(Image::new("shop", "bad").user("1000").finds([bad()]));
    hooking.world.pass(30);
    Version::new("bad").image("shop:bad")
}

/// The status of a lifecycle event of the release that CodeDeploy deployed last, and not of its roll-back.
pub(crate) fn event_status(hooking: &Hooking, event: &str) -> String {
    let account = hooking.world.lock();
    let mut releases = account.codedeploy.deployments.iter().filter(|deployment| deployment.rolls_back.is_none());
    let event = releases.next_back().and_then(|release| release.event(event));
    event.map_or("none", |event| event.status).to_owned()
}

/// Nothing of the service's production traffic was lost, or answered wrongly.
pub(crate) fn nothing_was_lost(hooking: &Hooking) {
    assert_eq!(hooking.world.failed("prod/shop"), 0, "requests that failed");
}
