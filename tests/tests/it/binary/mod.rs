//! The real binaries, behind the Lambda Runtime API: what only a binary can show.

mod gate;
mod hook;
mod hooks;
mod scaler;
mod scan;

use tidegate_tests::drive::Drive;
use tidegate_tests::release::{FUNCTION, world};
use tidegate_tests::world::World;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::service::Service;

use crate::canary::balancer;

/// The shop under CodeDeploy, and the gate's binary in its world.
async fn by_code_deploy(service: Service, group: DeploymentGroup) -> Drive {
    gate(code_deploy_world(service, group), &[]).await
}

fn code_deploy_world(service: Service, group: DeploymentGroup) -> World {
    let world = world(service.by_code_deploy(), balancer());
    world.lock().codedeploy.groups.push(group);
    world
}

/// The shop under ECS's own deployments, and the gate's binary in its world.
async fn by_ecs(service: Service, configuration: DeploymentConfiguration) -> Drive {
    gate(ecs_world(service, configuration), &[]).await
}

fn ecs_world(service: Service, configuration: DeploymentConfiguration) -> World {
    let world = world(service, balancer());
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

async fn gate(world: World, variables: &[(&str, &str)]) -> Drive {
    Drive::start(world, "canary-gate", FUNCTION, variables).await
}
