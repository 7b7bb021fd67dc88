//! What the scan gate does and, above all, does not do: its handler over a simulated account, in process.

mod actions;
mod command;
mod doors;
mod explain;
mod looks;
mod policy;
mod races;
mod tasks;
mod trouble;

use tidegate_tests::scanning::Scanning;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::registry::findings::{Finding, critical};
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// Every repository is enrolled.
pub(crate) const EVERY: &str = "version: 1\nmode: on\n";

/// No repository is: only what tagged services bring is judged.
pub(crate) const NONE: &str = "version: 1\n";

/// A vulnerability that the built-in rules block.
pub(crate) fn bad() -> Finding {
    critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2")
}

/// A clean image that is scanned as soon as it is pushed.
pub(crate) fn clean(tag: &str) -> Image {
    Image::new("shop", tag)
}

/// A service that runs the clean `shop:v1`, deployed by ECS step by step, in a world where `shop:v1` was pushed.
pub(crate) fn shop(scanning: &Scanning, mode: &str) {
    shop_in(&scanning.world, mode);
}

/// The same in any world.
pub(crate) fn shop_in(world: &World, mode: &str) {
    world.push(clean("v1"));
    world.add(Service::new("prod/shop", 4, TEN).image("shop:v1").tag("scan", mode));
    let balancer = Balancer::application("prod/shop").requests(|_| 1000.0).serving(Version::new("v1"), 4);
    world.balance(balancer);
    let configuration = DeploymentConfiguration::canary(10.0, 10);
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    drop(world.take_events());
}

/// The same under CodeDeploy.
pub(crate) fn shop_by_code_deploy(scanning: &Scanning, mode: &str) {
    scanning.world.push(clean("v1"));
    scanning.world.add(Service::new("prod/shop", 4, TEN).image("shop:v1").tag("scan", mode).by_code_deploy());
    let balancer = Balancer::application("prod/shop").requests(|_| 1000.0).serving(Version::new("v1"), 4);
    scanning.world.balance(balancer);
    let group = DeploymentGroup::new("prod/shop").canary(10, 15).termination_wait(10);
    scanning.world.lock().codedeploy.groups.push(group);
    drop(scanning.world.take_events());
}

/// Begins to deploy `shop` with this tag.
pub(crate) fn deploy(scanning: &Scanning, tag: &str) -> String {
    deploy_in(&scanning.world, tag)
}

/// The same in any world.
pub(crate) fn deploy_in(world: &World, tag: &str) -> String {
    world.deploy("prod/shop", Version::new(tag).image(&format!("shop:{tag}")))
}
