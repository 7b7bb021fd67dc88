//! What the deployment hook is doing.

use jiff::SignedDuration;

use super::queues::{delivered, until_answered};
use super::seen::Seen;
use super::situations::{Lived, Situation, Way};
use crate::hooking::{FUNCTION as NAME, at};
use crate::queue::Queue;
use crate::scene::TEN;
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::failures::Failure;
use crate::world::native::DeploymentConfiguration;
use crate::world::registry::findings::critical;
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;

const FUNCTION: &str = "deploy-hook";
const SHOP: &str = "prod/shop";

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        function: FUNCTION,
        name: "BeforeInstall, bad",
        story: "CodeDeploy brings a blocked image, and the hook has to be failed",
        lives: bad_before_install,
    },
    Situation {
        function: FUNCTION,
        name: "BeforeInstall, S3",
        story: "CodeDeploy brings a good image, with the AppSpec in a bucket, and the hook has to be passed",
        lives: good_before_install,
    },
    Situation {
        function: FUNCTION,
        name: "AfterInstall, good",
        story: "the new tasks run and are healthy, and the hook has to be passed",
        lives: good_after_install,
    },
    Situation {
        function: FUNCTION,
        name: "PRE_SCALE_UP, bad",
        story: "ECS brings a blocked image, and the hook has to be failed",
        lives: bad_before_scale_up,
    },
    Situation {
        function: FUNCTION,
        name: "POST_SCALE_UP, good",
        story: "the new tasks run and are healthy, and the hook has to be passed",
        lives: good_after_scale_up,
    },
    Situation {
        function: FUNCTION,
        name: "incident",
        story: "tasks stop one after the other, which is diagnosed and told",
        lives: incident,
    },
];

/// What can't be read is not waited for longer.
const PATIENCE: (&str, &str) = ("TIDEGATE_PATIENCE", "3m");

/// Events of the incident.
const EVENTS: usize = 5;

fn world(service: Service) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(150));
    world.push(Image::new("shop", "v1").user("1000"));
    world.push(Image::new("shop", "v2").user("1000"));
    let bad = critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2");
    world.push(Image::new("shop", "bad").user("1000").finds([bad]));
    world.add(service);
    let balancer = Balancer::application(SHOP).test_listener().requests(|_| 1000.0).serving(Version::new("v1"), 4);
    world.balance(balancer);
    world.pass(150);
    world.lock().set_alarm("checkout-errors", "OK");
    drop(world.take_events());
    world
}

fn shop() -> Service {
    Service::new(SHOP, 4, TEN).image("shop:v1").tag("hook", "on").tag("alarms", "checkout-errors")
}

fn version(tag: &str) -> Version {
    Version::new(tag).image(&format!("shop:{tag}"))
}

fn group(event: &str) -> DeploymentGroup {
    DeploymentGroup::new(SHOP).canary(10, 10).termination_wait(10).hook(event, NAME)
}

fn bad_before_install(way: Way) -> Lived {
    Box::pin(async move { under_code_deploy(&way, group("BeforeInstall"), "bad").await })
}

fn good_before_install(way: Way) -> Lived {
    Box::pin(async move { under_code_deploy(&way, group("BeforeInstall").revisions_in_s3(), "v2").await })
}

fn good_after_install(way: Way) -> Lived {
    Box::pin(async move { under_code_deploy(&way, group("AfterInstall"), "v2").await })
}

fn bad_before_scale_up(way: Way) -> Lived {
    Box::pin(async move { under_ecs(&way, "PRE_SCALE_UP", "bad").await })
}

fn good_after_scale_up(way: Way) -> Lived {
    Box::pin(async move { under_ecs(&way, "POST_SCALE_UP", "v2").await })
}

async fn under_code_deploy(way: &Way, group: DeploymentGroup, tag: &str) -> Seen {
    let world = world(shop().by_code_deploy());
    world.lock().codedeploy.groups.push(group);
    held(way, &world, tag).await
}

async fn under_ecs(way: &Way, stage: &str, tag: &str) -> Seen {
    let world = world(shop());
    let configuration = DeploymentConfiguration::canary(10.0, 10).bake(10).circuit_breaker().hook(at(&[stage]));
    world.lock().native.configurations.insert(SHOP.to_owned(), configuration);
    held(way, &world, tag).await
}

async fn held(way: &Way, world: &World, tag: &str) -> Seen {
    let mut drive = way.drive(world, FUNCTION, NAME, &[PATIENCE]).await;
    world.deploy(SHOP, version(tag));
    let left = until_answered(&mut drive, NAME).await;
    Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(world) }
}

fn incident(way: Way) -> Lived {
    Box::pin(async move {
        let world = world(shop());
        world.crash(SHOP, Failure::exits(1).after(30));
        let mut queue = Queue::default();
        let mut sent = 0;
        while sent < EVENTS {
            world.pass(1);
            let now = world.lock().now;
            for event in world.take_events().iter().filter(|event| event["detail"]["lastStatus"] == "STOPPED") {
                queue.send(event, now);
                sent += 1;
            }
        }
        let mut drive = way.drive(&world, FUNCTION, NAME, &[PATIENCE]).await;
        let left = delivered(&mut drive, &mut queue).await;
        let mut seen = Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(&world) };
        if !queue.is_empty() {
            way.heals().await;
            world.pass(3);
            let left = delivered(&mut drive, &mut queue).await;
            seen.after = Some(Box::new(Seen { waiting: left.waiting, errors: left.errors, ..Seen::of(&world) }));
        }
        seen
    })
}
