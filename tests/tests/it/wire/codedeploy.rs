//! CodeDeploy over the wire.

use tidegate_aws::codedeploy::{Answered, CodeDeploy, Hook, Stopped};
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::Kind;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::connect;

/// A service that CodeDeploy deploys as a canary.
fn add(world: &World, service: &str) {
    world.add(Service::new(service, 4, TEN).by_code_deploy());
    world.balance(Balancer::application(service).serving(Version::new("old"), 4));
    let group = DeploymentGroup::new(service).canary(10, 5).termination_wait(15).alarm("errors");
    world.lock().codedeploy.groups.push(group.hook("AfterAllowTraffic", "CodeDeployHook_tidegate"));
}

fn world() -> World {
    let world = World::new(TEN);
    add(&world, "prod/shop");
    world
}

#[tokio::test]
async fn a_deployment_is_the_same_over_the_wire_as_in_process_all_its_life() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    world.pass(1);
    let mut events = Vec::new();
    let mut shares = Vec::new();
    for minute in 0..12 {
        let listed = aws.list_deployments_in_progress().await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&id), "minute {minute}");
        let found = aws.batch_get_deployments(&listed).await.unwrap();
        assert_eq!(found, world.batch_get_deployments(&listed).await.unwrap());
        let target = aws.deployment_target(&id).await.unwrap();
        assert_eq!(target, world.deployment_target(&id).await.unwrap());
        let target = target.expect("it has begun");
        assert_eq!((target.cluster.as_str(), target.service.as_str()), ("prod", "shop"));
        events.extend(target.in_progress().map(|event| event.name.clone()));
        shares.extend(target.task_sets.iter().filter(|set| set.green == Some(true)).map(|set| set.traffic_percent));
        let services = aws.describe_services("prod", &["shop".to_owned()]).await.unwrap();
        assert_eq!(services, world.describe_services("prod", &["shop".to_owned()]).await.unwrap());
        let sets = &services.services[0].task_sets;
        assert_eq!(sets.len(), target.task_sets.len());
        assert_eq!(sets.len() == 2, sets.iter().any(|set| set.external_id.as_ref() == Some(&id)));
        world.pass(1);
    }
    events.dedup();
    assert_eq!(events, ["Install", "AllowTraffic", "AfterAllowTraffic"]);
    assert_eq!((shares.first(), shares.last()), (Some(&0.0), Some(&100.0)));
    assert!(shares.contains(&10.0), "{shares:?}");
}

#[tokio::test]
async fn a_deployment_group_is_the_same_over_the_wire_as_in_process() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let group = aws.deployment_group("AppECS-shop", "DgpECS-shop").await.unwrap();
    assert_eq!(group, world.deployment_group("AppECS-shop", "DgpECS-shop").await.unwrap());
    assert_eq!((group.alarms.len(), group.termination_wait_minutes, group.rolls_back), (1, 15, true));
    assert_eq!(group.listeners.len(), 1);
    world.lock().codedeploy.groups[0].rolls_back = false;
    assert!(!aws.deployment_group("AppECS-shop", "DgpECS-shop").await.unwrap().rolls_back);
    for (application, group) in [("AppECS-shop", "gone"), ("gone", "DgpECS-shop")] {
        let error = aws.deployment_group(application, group).await.expect_err("it is gone");
        assert_eq!(error.kind, Kind::NotFound, "{error}");
    }
}

#[tokio::test]
async fn every_page_of_the_list_is_read() {
    let world = World::new(TEN);
    let (_server, aws) = connect(&world).await;
    assert_eq!(aws.list_deployments_in_progress().await.unwrap(), Vec::<String>::new());
    let mut ids = Vec::new();
    for index in 0..7 {
        let service = format!("prod/shop-{index}");
        add(&world, &service);
        ids.push(world.deploy(&service, Version::new("new")));
    }
    aws.stop_deployment(&ids.remove(3)).await.unwrap();
    let listed = aws.list_deployments_in_progress().await.unwrap();
    assert_eq!(listed, world.list_deployments_in_progress().await.unwrap());
    assert_eq!(listed.len(), 6, "the one that was stopped is not listed");
    assert!(ids.iter().all(|id| listed.contains(id)), "{listed:?}");
    assert_eq!(aws.batch_get_deployments(&ids).await.unwrap(), world.batch_get_deployments(&ids).await.unwrap());
}

#[tokio::test]
async fn deployments_to_anything_but_ecs_are_left_out() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    assert_eq!(aws.batch_get_deployments(std::slice::from_ref(&id)).await.unwrap().len(), 1);
    let config = "CodeDeployDefault.LambdaCanary10Percent5Minutes";
    config.clone_into(&mut world.lock().codedeploy.deployments[0].config);
    assert_eq!(aws.batch_get_deployments(&[id]).await.unwrap(), []);
}

#[tokio::test]
async fn a_deployment_has_no_target_before_it_begins_or_when_it_is_gone() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    assert_eq!(aws.deployment_target(&id).await.unwrap(), None);
    assert_eq!(aws.deployment_target("d-GONE").await.unwrap(), None);
    assert_eq!(aws.batch_get_deployments(&["d-GONE".to_owned()]).await.unwrap(), []);
    assert_eq!(aws.batch_get_deployments(&[]).await.unwrap(), []);
    let error = aws.deployment_target("nonsense").await.expect_err("that is no id");
    assert_eq!(error.kind, Kind::Refused, "{error}");
}

#[tokio::test]
async fn task_sets_without_labels_are_neither_blue_nor_green() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    world.lock().codedeploy.hides_labels = true;
    world.pass(3);
    let target = aws.deployment_target(&id).await.unwrap().expect("it has begun");
    assert_eq!(target.task_sets.iter().map(|set| set.green).collect::<Vec<_>>(), [None, None]);
}

#[tokio::test]
async fn a_stop_rolls_back_and_a_second_one_comes_too_late() {
    let world = world();
    world.lock().codedeploy.groups[0].rolls_back = false;
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    world.pass(3);
    assert_eq!(aws.stop_deployment(&id).await, Ok(Stopped::Stopping));
    assert_eq!(aws.stop_deployment(&id).await, Ok(Stopped::Over));
    world.pass(1);
    let listed = aws.list_deployments_in_progress().await.unwrap();
    let found = aws.batch_get_deployments(&[listed, vec![id.clone()]].concat()).await.unwrap();
    let seen: Vec<_> = found.iter().map(|found| (found.status.as_str(), found.roll_back)).collect();
    assert_eq!(seen, [("InProgress", true), ("Stopped", false)]);
    let error = aws.stop_deployment("d-GONE").await.expect_err("it is gone");
    assert_eq!(error.kind, Kind::NotFound, "{error}");
}

#[tokio::test]
async fn a_hook_is_answered_once() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("new"));
    let call = world.next_call(jiff::SignedDuration::from_mins(30)).expect("AfterAllowTraffic has a hook");
    let hook = Hook { deployment: id.clone(), execution: call.execution.clone() };
    assert_eq!(aws.answer_hook(&hook, true).await, Ok(Answered::Taken));
    assert_eq!(aws.answer_hook(&hook, false).await, Ok(Answered::Already));
    let target = aws.deployment_target(&id).await.unwrap().expect("it has begun");
    let last = target.events.iter().find(|event| event.name == "AfterAllowTraffic").expect("it is there");
    assert_eq!((last.status.as_str(), last.ended.is_some()), ("Succeeded", true));
    let gone = Hook { deployment: "d-GONE".to_owned(), ..hook };
    assert_eq!(aws.answer_hook(&gone, true).await.map_err(|error| error.kind), Err(Kind::NotFound));
}
