//! The releases of the demo: what is deployed, by whom, and how each should end.

use super::release::Act;
use crate::release::FUNCTION;
use crate::scene::TEN;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::native::DeploymentConfiguration;
use crate::world::native::hooks::LifecycleHook;
use crate::world::service::Service;
use crate::world::version::Version;

/// How a release should end.
#[derive(Clone, Copy, Debug)]
pub enum Expectation {
    /// It waits for its evidence, goes through and bakes.
    Proved,
    /// It is stopped within so many minutes of its first request, and the old version has all traffic again.
    Stopped {
        /// The minutes.
        within: i64,
    },
}

/// The acts, in their order.
#[must_use]
pub fn acts() -> Vec<Act> {
    vec![good_under_ecs(), bad_under_code_deploy()]
}

/// The version that serves when a release begins: one request in a thousand fails, as it is everywhere.
fn old() -> Version {
    Version::new("v1").errors(0.1)
}

fn good_under_ecs() -> Act {
    let id = "prod/shop";
    let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"];
    let hook = LifecycleHook::new(&format!("arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}"), &stages);
    let configuration = DeploymentConfiguration::canary(10.0, 3).hook(hook);
    Act {
        title: "A good release under ECS's canary",
        story: "A tenth of the traffic, then all of it; a hook waits before each step and after the last.",
        service: Service::new(id, 4, TEN).tag("gate", "on").tag("patience", "60m").tag("bake", "10m"),
        balancer: Balancer::application(id).requests(|_| 3000.0).serving(old(), 4),
        set_up: Box::new(move |account| {
            account.native.configurations.insert(id.to_owned(), configuration);
        }),
        version: Version::new("v2").errors(0.1),
        expects: Expectation::Proved,
    }
}

fn bad_under_code_deploy() -> Act {
    let id = "prod/checkout";
    let group = DeploymentGroup::new(id).canary(10, 15).termination_wait(10);
    Act {
        title: "A bad release under CodeDeploy",
        story: "A tenth of the traffic for a quarter of an hour, and of that one request in fifty fails.",
        service: Service::new(id, 4, TEN).tag("gate", "on").by_code_deploy(),
        balancer: Balancer::application(id).requests(|_| 1200.0).serving(old(), 4),
        set_up: Box::new(move |account| account.codedeploy.groups.push(group)),
        version: Version::new("v2").errors(2.0),
        expects: Expectation::Stopped { within: 12 },
    }
}
