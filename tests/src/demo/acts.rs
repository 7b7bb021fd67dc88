//! The releases of the demo: what is deployed, by whom, and how each should end.

use std::time::Duration;

use super::release::Act;
use crate::hooking;
use crate::release::FUNCTION as CANARY_GATE;
use crate::scene::TEN;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::definitions::TaskDefinition;
use crate::world::failures::Failure;
use crate::world::native::DeploymentConfiguration;
use crate::world::native::hooks::LifecycleHook;
use crate::world::registry::findings::critical;
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;
use crate::world::{ACCOUNT, REGION, World};

/// How a release should end. Nobody's request is lost in any.
#[derive(Clone, Copy, Debug)]
pub enum Expectation {
    /// A hook fails it before any request, and people are told why.
    Failed {
        /// The stage.
        at: &'static str,
        /// The reason's code.
        reason: &'static str,
        /// What the one message says among others: rule, cause and fix.
        told: &'static [&'static str],
    },
    /// It is stopped within so many minutes of its first request, and the old version has all traffic again.
    Stopped {
        /// The minutes.
        within: i64,
    },
    /// It passes every stage, waits for its evidence, goes through and bakes.
    Proved,
}

/// Every stage at which ECS calls the deployment hook.
const STAGES: [&str; 5] = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// Every lifecycle event at which CodeDeploy does; `AfterAllowTraffic` is the canary gate's.
const EVENTS: [&str; 4] = ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic"];

/// What the services that have a test listener are asked there.
const SMOKE: &str = "GET /health 200 500ms";

/// The acts, in their order.
#[must_use]
pub fn acts() -> Vec<Act> {
    vec![
        vulnerable_under_ecs(),
        without_log_group_under_code_deploy(),
        out_of_memory_under_ecs(),
        failing_smoke_under_code_deploy(),
        bad_under_code_deploy(),
        good_under_ecs(),
    ]
}

fn vulnerable_under_ecs() -> Act {
    let id = "prod/catalogue";
    let finding = critical("CVE-2026-2002").in_package("libxml2", "2.11.4").fixed_in("2.11.6");
    Act {
        title: "Unsafe image",
        story: "ECS's canary. It was scanned long ago; the hook is asked before the first task is started.",
        service: service(id),
        balancer: balancer(id),
        images: [Image::new("catalogue", "v1"), Image::new("catalogue", "v2").finds([finding])],
        deploys: Box::new(|world| under_ecs(world, "prod/catalogue", new("catalogue:v2"))),
        expects: Expectation::Failed {
            at: "PRE_SCALE_UP",
            reason: "image_blocked",
            told: &["blocks image_blocked", "CVE-2026-2002", "libxml2 2.11.4, fixed in 2.11.6", "- id: CVE-2026-2002"],
        },
    }
}

fn without_log_group_under_code_deploy() -> Act {
    let id = "prod/billing";
    Act {
        title: "No log group",
        story: "CodeDeploy. It runs as root, which by default is warned of, and logs to a group that nobody made.",
        service: service(id).by_code_deploy(),
        balancer: balancer(id),
        images: images("billing"),
        deploys: Box::new(|world| {
            let definition = TaskDefinition::of("billing").container("app", "billing:v2").user("0");
            let arn = world.register(definition.log_group("/ecs/biling"));
            under_code_deploy(world, "prod/billing", new("billing:v2").task_definition(&arn))
        }),
        expects: Expectation::Failed {
            at: "BeforeInstall",
            reason: "log_group_missing",
            told: &["blocks log_group_missing", "/ecs/biling", "warning root_user", "to mend it: "],
        },
    }
}

fn out_of_memory_under_ecs() -> Act {
    let id = "prod/reports";
    Act {
        title: "Crash loop",
        story: "ECS's canary. Its tasks start, are out of memory a minute later, and are started again.",
        service: service(id),
        balancer: balancer(id),
        images: images("reports"),
        deploys: Box::new(|world| {
            let version = new("reports:v2").fails(Failure::out_of_memory().after(60));
            under_ecs(world, "prod/reports", version)
        }),
        expects: Expectation::Failed {
            at: "POST_SCALE_UP",
            reason: "task_stopped",
            told: &["blocks task_stopped", "memory", "to mend it: "],
        },
    }
}

fn failing_smoke_under_code_deploy() -> Act {
    let id = "prod/payments";
    Act {
        title: "Smoke test",
        story: "CodeDeploy. Its tasks are healthy, but what it answers at the test listener is wrong.",
        service: service(id).tag("smoke", SMOKE).by_code_deploy(),
        balancer: balancer(id),
        images: images("payments"),
        deploys: Box::new(|world| {
            let version = new("payments:v2").answers("/health", 503, "no such table: refunds", QUICK);
            under_code_deploy(world, "prod/payments", version)
        }),
        expects: Expectation::Failed {
            at: "AfterAllowTestTraffic",
            reason: "smoke_failed",
            told: &["blocks smoke_failed", "503", "/health"],
        },
    }
}

fn bad_under_code_deploy() -> Act {
    let id = "prod/checkout";
    Act {
        title: "Bad canary",
        story: "CodeDeploy: a tenth of the traffic for a quarter of an hour. No check finds anything, and yet one request \
                in fifty fails.",
        service: service(id).tag("gate", "on").tag("smoke", SMOKE).by_code_deploy(),
        balancer: balancer(id),
        images: images("checkout"),
        deploys: Box::new(|world| under_code_deploy(world, "prod/checkout", new("checkout:v2").errors(2.0))),
        expects: Expectation::Stopped { within: 12 },
    }
}

fn good_under_ecs() -> Act {
    let id = "prod/shop";
    Act {
        title: "Good release",
        story: "ECS's canary: a tenth of the traffic, then all of it. It is looked at in every stage; before each step and \
                after the last its evidence is waited for.",
        service: service(id).tag("gate", "on").tag("bake", "10m").tag("smoke", SMOKE),
        balancer: balancer(id).requests(|_| 3000.0),
        images: images("shop"),
        deploys: Box::new(|world| under_ecs(world, "prod/shop", new("shop:v2"))),
        expects: Expectation::Proved,
    }
}

/// How long a health check takes.
const QUICK: Duration = Duration::from_millis(20);

/// A service that the deployment hook looks after. Its evidence has an hour to come.
fn service(id: &str) -> Service {
    let name = id.rsplit('/').next().unwrap_or(id);
    let service = Service::new(id, 4, TEN).image(&format!("{name}:v1")).tag("hook", "on").tag("patience", "60m");
    // With so few errors no canary of this size tells twice as many from chance; whoever knows that need not be told.
    service.tag("preflight", "warn canary_too_small=off")
}

/// The image that it runs, and a newer one; nothing is found in either.
fn images(repository: &str) -> [Image; 2] {
    ["v1", "v2"].map(|tag| Image::new(repository, tag))
}

/// Its load balancer. One request in a thousand fails, as it is everywhere.
fn balancer(id: &str) -> Balancer {
    let old = Version::new("v1").errors(0.1);
    Balancer::application(id).test_listener().requests(|_| 1200.0).serving(old, 4)
}

/// The new version, in its image.
fn new(image: &str) -> Version {
    Version::new("v2").image(image).errors(0.1)
}

/// ECS shifts a tenth, and the rest. Both functions are hooks of it.
fn under_ecs(world: &World, id: &str, version: Version) -> Version {
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{CANARY_GATE}");
    let waits = LifecycleHook::new(&arn, &["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]);
    let configuration = DeploymentConfiguration::canary(10.0, 10).bake(10).circuit_breaker();
    let configuration = configuration.hook(hooking::at(&STAGES)).hook(waits);
    world.lock().native.configurations.insert(id.to_owned(), configuration);
    version
}

/// CodeDeploy shifts a tenth, and the rest. The deployment hook is in the AppSpec; the canary gate needs no hook to stop
/// a release.
fn under_code_deploy(world: &World, id: &str, version: Version) -> Version {
    let group = DeploymentGroup::new(id).canary(10, 15).termination_wait(10);
    let group = EVENTS.iter().fold(group, |group, event| group.hook(event, hooking::FUNCTION));
    world.lock().codedeploy.groups.push(group);
    version
}
