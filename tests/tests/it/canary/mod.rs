//! What the canary gate does and, above all, does not do: its handler over a simulated account, in process.

mod code_deploy;
mod data;
mod ecs;
mod hooks;
mod judge;
mod policy;
mod runs;

use tidegate_tests::release::{FUNCTION, Release};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// A shop with a thousand requests a minute, of which one in a thousand fails.
pub(crate) fn balancer() -> Balancer {
    Balancer::application("prod/shop").requests(|_| 1000.0).serving(old(), 4)
}

pub(crate) fn old() -> Version {
    Version::new("v1").errors(0.1)
}

/// A version as good as the old one.
pub(crate) fn good() -> Version {
    Version::new("v2").errors(0.1)
}

/// A version of which one request in twenty fails.
pub(crate) fn bad() -> Version {
    Version::new("v2").errors(5.0)
}

pub(crate) fn service(mode: &str) -> Service {
    Service::new("prod/shop", 4, TEN).tag("gate", mode)
}

pub(crate) fn group() -> DeploymentGroup {
    DeploymentGroup::new("prod/shop").canary(10, 15).termination_wait(10)
}

/// The shop under CodeDeploy.
pub(crate) fn by_code_deploy(service: Service, group: DeploymentGroup) -> Release {
    let release = Release::of(service.by_code_deploy(), balancer());
    release.world.lock().codedeploy.groups.push(group);
    release
}

/// The shop under ECS's own deployments.
pub(crate) fn by_ecs(service: Service, configuration: DeploymentConfiguration) -> Release {
    let release = Release::of(service, balancer());
    release.world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    release
}

/// The gate as a hook before each step and after the last.
pub(crate) fn hook() -> LifecycleHook {
    LifecycleHook::new(
        &format!("arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}"),
        &["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"],
    )
}
