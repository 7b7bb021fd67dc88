//! ECS's own deployments over the wire.

use jiff::SignedDuration;
use tidegate_aws::deployments::{Deployments, Stopped};
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::Kind;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::connect;

/// A service that ECS deploys as a canary, with an alarm and a hook.
fn world() -> World {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 4, TEN));
    world.balance(Balancer::application("prod/shop").serving(Version::new("old"), 4));
    let hook = LifecycleHook::new("arn:aws:lambda:eu-west-1:123456789012:function:gate", &["POST_SCALE_UP"]);
    let configuration = DeploymentConfiguration::canary(10.0, 5).bake(10).alarm("errors").hook(hook);
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

#[tokio::test]
async fn a_service_deployment_is_the_same_over_the_wire_as_in_process_all_its_life() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arn = [world.deploy("prod/shop", Version::new("new"))];
    let mut stages = Vec::new();
    let mut shares = Vec::new();
    let mut waited = 0;
    for _ in 0..22 {
        let found = aws.describe_service_deployments(&arn).await.unwrap();
        assert_eq!(found, world.describe_service_deployments(&arn).await.unwrap());
        let [deployment] = found.as_slice() else { panic!("{found:?}") };
        stages.push(deployment.stage.clone());
        shares.extend(deployment.target.as_ref().and_then(|target| target.production_percent));
        waited += deployment.hooks.len();
        let service = aws.describe_services("prod", &["shop".to_owned()]).await.unwrap();
        assert_eq!(service, world.describe_services("prod", &["shop".to_owned()]).await.unwrap());
        assert_eq!(service.services[0].service_deployment.as_ref(), Some(&arn[0]));
        if let Some(call) = world.next_call(SignedDuration::from_secs(1)) {
            world.pass(1);
            let done = serde_json::json!({"hookStatus": "SUCCEEDED"});
            assert!(world.lock().answer_native_hook(&call.execution, &Ok(done)));
        }
        world.pass(1);
    }
    stages.dedup();
    for stage in ["SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"] {
        assert!(stages.iter().any(|seen| seen == stage), "{stages:?}");
    }
    shares.dedup();
    assert_eq!(shares, [0.0, 10.0, 100.0]);
    let found = aws.describe_service_deployments(&arn).await.unwrap();
    let [deployment] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((deployment.cluster.as_str(), deployment.service.as_str()), ("prod", "shop"));
    assert_eq!((deployment.strategy.as_str(), deployment.bake_minutes), ("CANARY", 10));
    assert_eq!((deployment.alarms.as_slice(), waited > 0), (["errors".to_owned()].as_slice(), true));
}

#[tokio::test]
async fn the_revisions_of_a_deployment_have_a_target_group_each() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arn = world.deploy("prod/shop", Version::new("new"));
    let deployment = aws.describe_service_deployments(&[arn]).await.unwrap().remove(0);
    let target = deployment.target.expect("it has one").arn;
    let arns = [target, deployment.sources[0].arn.clone()];
    let revisions = aws.describe_service_revisions(&arns).await.unwrap();
    assert_eq!(revisions, world.describe_service_revisions(&arns).await.unwrap());
    assert_ne!(revisions[0].target_groups, revisions[1].target_groups);
    assert_eq!(revisions[0].listener_rule, Some(world.lock().balancer("prod/shop").listener.rule.clone()));

    // One whose side is not resolved yet is described by what the service is configured with.
    let both = [revisions[0].target_groups.clone(), revisions[1].target_groups.clone()].concat();
    world.lock().native.revisions.iter_mut().for_each(|revision| revision.target_groups = both.clone());
    let unresolved = aws.describe_service_revisions(&arns).await.unwrap();
    assert_eq!(unresolved, world.describe_service_revisions(&arns).await.unwrap());
}

#[tokio::test]
async fn what_is_gone_is_left_out() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arns = [world.deploy("prod/shop", Version::new("new")), "gone".to_owned()];
    assert_eq!(aws.describe_service_deployments(&arns).await.unwrap().len(), 1);
    assert_eq!(aws.describe_service_deployments(&[]).await.unwrap(), []);
    assert_eq!(aws.describe_service_revisions(&["gone".to_owned()]).await.unwrap(), []);

    // Where the cluster of one of them is gone too, ECS fails the whole call.
    world.lock().faults.add("DescribeServiceDeployments", Fault::Refused("ClusterNotFoundException"), Times::First(1));
    assert_eq!(aws.describe_service_deployments(&arns).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_rolls_back_and_a_second_one_comes_too_late() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arn = world.deploy("prod/shop", Version::new("new"));
    world.pass(1);
    assert_eq!(aws.stop_service_deployment(&arn).await, Ok(Stopped::Stopping));
    let found = aws.describe_service_deployments(std::slice::from_ref(&arn)).await.unwrap();
    assert!(found[0].rollback.is_some() && !found[0].can_be_stopped(), "{found:?}");
    assert_eq!(aws.stop_service_deployment(&arn).await, Ok(Stopped::Over));
    let gone = aws.stop_service_deployment("gone").await.expect_err("it is gone");
    assert_eq!(gone.kind, Kind::NotFound, "{gone}");
}

#[tokio::test]
async fn a_conflict_over_a_deployment_that_goes_on_is_a_failure() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arn = world.deploy("prod/shop", Version::new("new"));
    world.lock().faults.add("StopServiceDeployment", Fault::Refused("ConflictException"), Times::Always);
    let error = aws.stop_service_deployment(&arn).await.expect_err("nothing is over");
    assert_eq!((error.operation, error.kind), ("StopServiceDeployment", Kind::Refused), "{error}");
    world.lock().faults.add("DescribeServiceDeployments", Fault::Denied, Times::Always);
    let error = aws.stop_service_deployment(&arn).await.expect_err("nobody knows");
    assert_eq!(error.operation, "StopServiceDeployment", "{error}");
}
