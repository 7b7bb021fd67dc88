//! What the canary gate is doing.

use serde_json::Value;

use super::queues::until_answered;
use super::seen::Seen;
use super::situations::{Lived, Situation, Way};
use crate::drive::Drive;
use crate::release::{FUNCTION as NAME, world};
use crate::scene::{TEN, alarms, scheduled};
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::native::DeploymentConfiguration;
use crate::world::native::hooks::LifecycleHook;
use crate::world::service::Service;
use crate::world::version::Version;

const FUNCTION: &str = "canary-gate";
const SHOP: &str = "prod/shop";

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        function: FUNCTION,
        name: "schedule, ECS",
        story: "a bad canary under ECS's own deployment has to be stopped",
        lives: ecs_by_schedule,
    },
    Situation {
        function: FUNCTION,
        name: "schedule, CodeDeploy",
        story: "a bad canary under CodeDeploy has to be stopped",
        lives: code_deploy_by_schedule,
    },
    Situation {
        function: FUNCTION,
        name: "alarm",
        story: "an alarm of the service's own stops its deployment under CodeDeploy",
        lives: alarmed,
    },
    Situation {
        function: FUNCTION,
        name: "hook, ECS",
        story: "the hook before the second step has to be failed for a bad canary",
        lives: ecs_hook,
    },
    Situation {
        function: FUNCTION,
        name: "hook, CodeDeploy",
        story: "AfterAllowTraffic has to be failed for a bad release, and the deployment stopped",
        lives: code_deploy_hook,
    },
];

/// A step waits no longer for its evidence, and what can't be read is not waited for longer.
const PATIENCE: (&str, &str) = ("TIDEGATE_PATIENCE", "4m");

/// Enough of a first step to be judged.
const JUDGED_AFTER: u32 = 12;

fn service() -> Service {
    Service::new(SHOP, 4, TEN).tag("gate", "on")
}

fn balancer() -> Balancer {
    Balancer::application(SHOP).requests(|_| 1000.0).serving(Version::new("v1").errors(0.1), 4)
}

/// One request in five fails.
fn bad() -> Version {
    Version::new("v2").errors(20.0)
}

fn under_code_deploy(service: Service, group: DeploymentGroup) -> World {
    let world = world(service.by_code_deploy(), balancer());
    world.lock().codedeploy.groups.push(group);
    world
}

fn under_ecs(configuration: DeploymentConfiguration) -> World {
    let world = world(service(), balancer());
    world.lock().native.configurations.insert(SHOP.to_owned(), configuration);
    world
}

fn ecs_by_schedule(way: Way) -> Lived {
    Box::pin(async move {
        let world = under_ecs(DeploymentConfiguration::canary(10.0, 60));
        world.deploy(SHOP, bad());
        world.pass(JUDGED_AFTER);
        run(&way, &world, |world| scheduled(world.lock().now)).await
    })
}

fn code_deploy_by_schedule(way: Way) -> Lived {
    Box::pin(async move {
        let world = under_code_deploy(service(), DeploymentGroup::new(SHOP).canary(10, 60));
        world.deploy(SHOP, bad());
        world.pass(JUDGED_AFTER);
        run(&way, &world, |world| scheduled(world.lock().now)).await
    })
}

fn alarmed(way: Way) -> Lived {
    Box::pin(async move {
        let group = DeploymentGroup::new(SHOP).canary(10, 60);
        let world = under_code_deploy(service().tag("alarms", "shop-orders"), group);
        world.deploy(SHOP, Version::new("v2").errors(0.1));
        world.pass(4);
        world.lock().set_alarm("shop-orders", "ALARM");
        run(&way, &world, |world| alarms(world.lock().now, &[("shop-orders", "ALARM")])).await
    })
}

fn ecs_hook(way: Way) -> Lived {
    Box::pin(async move {
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{NAME}");
        let hook = LifecycleHook::new(&arn, &["PRE_PRODUCTION_TRAFFIC_SHIFT"]);
        held(&way, &under_ecs(DeploymentConfiguration::canary(10.0, 2).hook(hook))).await
    })
}

fn code_deploy_hook(way: Way) -> Lived {
    Box::pin(async move {
        let group = DeploymentGroup::new(SHOP).canary(10, 1).termination_wait(10).hook("AfterAllowTraffic", NAME);
        held(&way, &under_code_deploy(service().tag("bake", "5m"), group)).await
    })
}

/// A bad release with a hook, until that is answered.
async fn held(way: &Way, world: &World) -> Seen {
    let mut drive = way.drive(world, FUNCTION, NAME, &[PATIENCE]).await;
    world.deploy(SHOP, bad());
    let left = until_answered(&mut drive, NAME).await;
    Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(world) }
}

/// One invocation; then everything is well again, and a minute later there is the schedule's next.
async fn run(way: &Way, world: &World, event: fn(&World) -> Value) -> Seen {
    let mut drive = way.drive(world, FUNCTION, NAME, &[]).await;
    let mut seen = once(&mut drive, event(world)).await;
    way.heals().await;
    if seen.changes.is_empty() {
        world.pass(1);
        let next = scheduled(world.lock().now);
        seen.after = Some(Box::new(once(&mut drive, next).await));
    }
    seen
}

async fn once(drive: &mut Drive, event: Value) -> Seen {
    let answered = drive.invoke(event).await;
    let mut seen = Seen::of(&drive.world);
    if let Err(error) = answered {
        seen.errors.push(error.to_string());
        seen.waiting.push("Lambda's retries".to_owned());
    }
    seen
}
