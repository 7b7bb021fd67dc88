//! The real binary of the deployment hook: what only a binary can show.

mod answers;
mod incidents;
mod prober;
mod stages;

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::hooking::{FUNCTION, at};
use tidegate_tests::world::World;
use tidegate_tests::world::faults::{Fault, Faults, Times};
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use crate::hook::{bad, balancer, group, world};

const SHOP: &str = "prod/shop";

/// The hook's binary in a world; it waits for three minutes at most, where no tag says how long.
async fn drive(world: World) -> Drive {
    Drive::start(world, "deploy-hook", FUNCTION, &[("TIDEGATE_PATIENCE", "3m")]).await
}

/// The shop under CodeDeploy, whose deployments call the function at these lifecycle events.
fn under_code_deploy(service: Service, events: &[&str]) -> World {
    let world = world(service.by_code_deploy(), balancer());
    world.lock().codedeploy.groups.push(group(events));
    world
}

/// The shop under ECS's own deployments, which call the function at these stages.
fn under_ecs(service: Service, stages: &[&str]) -> World {
    let world = world(service, balancer());
    call_at(&world, stages);
    world
}

/// From now on deployments of the shop, whoever deploys, call the function here.
fn call_at(world: &World, stages: &[&str]) {
    let mut account = world.lock();
    if let Some(own) = account.codedeploy.groups.first_mut() {
        *own = group(stages);
        return;
    }
    let configuration = DeploymentConfiguration::canary(10.0, 10).bake(10).circuit_breaker().hook(at(stages));
    account.native.configurations.insert(SHOP.to_owned(), configuration);
}

/// A version that nothing is wrong with, as far as its image goes.
fn version(name: &str) -> Version {
    Version::new(name).image("shop:v2")
}

/// A version whose image has a vulnerability that blocks.
fn vulnerable(world: &World, name: &str) -> Version {
    world.push(Image::new("shop", name).user("1000").finds([bad()]));
    world.pass(30);
    Version::new(name).image(&format!("shop:{name}"))
}

/// A version whose scan takes so many minutes.
fn scanned_for(world: &World, name: &str, minutes: u32) -> Version {
    world.push(Image::new("shop", name).user("1000").pending_for(minutes));
    Version::new(name).image(&format!("shop:{name}"))
}

fn fails(world: &World, operation: &str, fault: Fault) {
    world.lock().faults.add(operation, fault, Times::Always);
}

fn all_is_well_again(world: &World) {
    world.lock().faults = Faults::default();
}

/// What the hooks of a deployment at a lifecycle event or a stage ended as, the newest last.
fn hook_status(world: &World, id: &str, stage: &str) -> String {
    let account = world.lock();
    if let Ok(deployment) = account.code_deployment(id) {
        return deployment.event(stage).map_or("none", |event| event.status).to_owned();
    }
    let deployment = account.native.deployments.iter().find(|deployment| deployment.arn == id).expect("a deployment");
    let hook = deployment.hooks.iter().rfind(|hook| hook.stage == stage);
    hook.map_or("none", |hook| hook.status).to_owned()
}

/// The newest record that is no pass, as `verdict reason`.
fn judged(world: &World) -> String {
    world.records().into_iter().rfind(|record| !record.starts_with("pass")).unwrap_or_default()
}

/// What SQS hands over from the on-failure queue.
fn unanswered(event: &Value) -> Value {
    let body = json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event});
    json!({"Records": [{"messageId": "m-1", "eventSource": "aws:sqs", "body": body.to_string()}]})
}

/// What the last door answers where nothing is left to do.
fn done_with() -> Value {
    json!({"batchItemFailures": []})
}
