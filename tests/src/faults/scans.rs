//! What the scan gate is doing.

use super::queues::delivered;
use super::seen::Seen;
use super::situations::{Lived, Situation, Way};
use crate::queue::Queue;
use crate::scanning::{ALL_ON, POLICY};
use crate::scene::{TEN, scheduled};
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::definitions::TaskDefinition;
use crate::world::native::DeploymentConfiguration;
use crate::world::registry::findings::{Finding, critical, medium};
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::tasks::RunTask;
use crate::world::version::Version;

const FUNCTION: &str = "scan-gate";
const NAME: &str = "tidegate-scan-gate";
const SHOP: &str = "prod/shop";

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        function: FUNCTION,
        name: "deployment, ECS",
        story: "a deployment of ECS's own that brings a blocked image has to be stopped",
        lives: brought_by_ecs,
    },
    Situation {
        function: FUNCTION,
        name: "deployment, CodeDeploy",
        story: "the same under CodeDeploy",
        lives: brought_by_code_deploy,
    },
    Situation {
        function: FUNCTION,
        name: "unused image",
        story: "a blocked image that nobody needs has to be deregistered and archived",
        lives: unused,
    },
    Situation {
        function: FUNCTION,
        name: "stand-alone task",
        story: "a task that runs a blocked image has to be stopped",
        lives: task,
    },
    Situation {
        function: FUNCTION,
        name: "Inspector",
        story: "the same unused image, scanned by Inspector, with a finding whose details are asked for",
        lives: inspected,
    },
    Situation {
        function: FUNCTION,
        name: "daily",
        story: "a finding on an image that a service runs is told of",
        lives: daily,
    },
];

/// No repository is enrolled: only what tagged services and tasks bring is judged.
const NONE: &str = "version: 1\n";

/// Every repository is.
const EVERY: &str = "version: 1\nmode: on\n";

/// A vulnerability that the built-in rules block.
fn bad() -> Finding {
    critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2")
}

fn world(policy: &str) -> World {
    let world = World::new(TEN);
    world.lock().parameters.insert(POLICY.to_owned(), policy.to_owned());
    world
}

/// The shop runs the clean `shop:v1`, and is given a bad `shop:v2`.
fn shop(world: &World, by_code_deploy: bool) {
    world.push(Image::new("shop", "v1"));
    let service = Service::new(SHOP, 4, TEN).image("shop:v1").tag("scan", "on");
    world.add(if by_code_deploy { service.by_code_deploy() } else { service });
    world.balance(Balancer::application(SHOP).requests(|_| 1000.0).serving(Version::new("v1"), 4));
    if by_code_deploy {
        world.lock().codedeploy.groups.push(DeploymentGroup::new(SHOP).canary(10, 60));
    } else {
        let configuration = DeploymentConfiguration::canary(10.0, 60);
        world.lock().native.configurations.insert(SHOP.to_owned(), configuration);
    }
}

fn brought_by_ecs(way: Way) -> Lived {
    Box::pin(brought(way, false))
}

fn brought_by_code_deploy(way: Way) -> Lived {
    Box::pin(brought(way, true))
}

async fn brought(way: Way, by_code_deploy: bool) -> Seen {
    let world = world(NONE);
    shop(&world, by_code_deploy);
    drop(world.take_events());
    world.push(Image::new("shop", "v2").in_progress_for(1).finds([bad()]));
    world.deploy(SHOP, Version::new("v2").image("shop:v2"));
    world.pass(1);
    batches(&way, &world).await
}

fn unused(way: Way) -> Lived {
    Box::pin(async move {
        let world = world(EVERY);
        unused_image(&world, bad());
        batches(&way, &world).await
    })
}

fn inspected(way: Way) -> Lived {
    Box::pin(async move {
        let world = world(EVERY);
        world.scans_enhanced();
        unused_image(&world, medium("CVE-2026-3003").in_package("curl", "8").fixed_in("9").known_exploited());
        batches(&way, &world).await
    })
}

fn unused_image(world: &World, finding: Finding) {
    world.push(Image::new("shop", "v1"));
    world.push(Image::new("shop", "v2").in_progress_for(1).finds([finding]));
    for image in ["shop:v2", "shop:v1"] {
        let _definition = world.register(TaskDefinition::of("report").container("app", image));
    }
    world.pass(1);
}

fn task(way: Way) -> Lived {
    Box::pin(async move {
        let world = world(NONE);
        world.push(Image::new("shop", "v2").finds([bad()]));
        let definition = world.register(TaskDefinition::of("batch").container("app", "shop:v2").tag("scan", "on"));
        world.run_task(RunTask::of(&definition, "prod")).expect("it starts");
        world.pass(1);
        batches(&way, &world).await
    })
}

fn daily(way: Way) -> Lived {
    Box::pin(async move {
        let world = world(NONE);
        world.push(Image::new("shop", "v1").finds_later(30, [bad()]));
        world.add(Service::new(SHOP, 4, TEN).image("shop:v1").tag("scan", "on"));
        world.pass(60);
        drop(world.take_events());
        let mut drive = way.drive(&world, FUNCTION, NAME, &variables()).await;
        drive.timeout_s = 120;
        let event = scheduled(world.lock().now);
        let answered = drive.invoke(event).await;
        let mut seen = Seen::of(&world);
        if let Err(error) = answered {
            seen.errors.push(error.to_string());
            seen.waiting.push("Lambda's retries".to_owned());
        }
        seen
    })
}

fn variables() -> Vec<(&'static str, &'static str)> {
    [&ALL_ON[..], &[("TIDEGATE_SCAN_POLICY", POLICY)]].concat()
}

/// Everything that the account has sent, in batches; then everything is well again, and what is left comes once more.
async fn batches(way: &Way, world: &World) -> Seen {
    let mut drive = way.drive(world, FUNCTION, NAME, &variables()).await;
    drive.timeout_s = 120;
    let mut queue = Queue::default();
    let now = world.lock().now;
    for event in world.take_events() {
        queue.send(&event, now);
    }
    let left = delivered(&mut drive, &mut queue).await;
    let mut seen = Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(world) };
    if !queue.is_empty() {
        way.heals().await;
        world.pass(3);
        let left = delivered(&mut drive, &mut queue).await;
        seen.after = Some(Box::new(Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(world) }));
    }
    seen
}
