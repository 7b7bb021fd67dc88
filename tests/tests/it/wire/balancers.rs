//! Elastic Load Balancing over the wire.

use tidegate_aws::calls::Counted;
use tidegate_aws::error::Kind;
use tidegate_aws::loadbalancing::LoadBalancing;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::connect;

/// Services behind load balancers, the second one behind a Network Load Balancer.
fn world(services: usize) -> World {
    let world = World::new(TEN);
    for index in 0..services {
        let name = format!("prod/shop-{index}");
        world.add(Service::new(&name, 4, TEN));
        let balancer = if index == 1 { Balancer::network(&name) } else { Balancer::application(&name) };
        world.balance(balancer.serving(Version::new("old").unhealthy(1), 3));
    }
    world
}

/// Names and ARNs of every target group.
fn groups(world: &World) -> (Vec<String>, Vec<String>) {
    let account = world.lock();
    let groups = account.balancers.iter().flat_map(|balancer| &balancer.groups);
    groups.map(|group| (group.name.clone(), group.arn.clone())).unzip()
}

#[tokio::test]
async fn target_groups_are_found_by_name_and_by_arn() {
    let world = world(2);
    let (_server, aws) = connect(&world).await;
    let (names, arns) = groups(&world);
    let found = aws.target_groups_by_name(&names).await.unwrap();
    assert_eq!(found, world.target_groups_by_name(&names).await.unwrap());
    assert_eq!(found, aws.target_groups_by_arn(&arns).await.unwrap());
    assert_eq!(found[0].application_load_balancer(), Some(world.lock().balancer("prod/shop-0").dimension()));
    assert!(found[0].dimension().starts_with("targetgroup/prod-shop-0-1/"));
    assert_eq!(found[2].application_load_balancer(), None, "a Network Load Balancer counts no requests");
}

#[tokio::test]
async fn one_target_group_that_is_gone_does_not_hide_the_others() {
    let world = world(1);
    let (_server, aws) = connect(&world).await;
    let (names, arns) = groups(&world);
    let mut asked = names.clone();
    asked.insert(1, "gone".to_owned());
    let found = aws.target_groups_by_name(&asked).await.unwrap();
    assert_eq!(found.into_iter().map(|group| group.name).collect::<Vec<_>>(), names);
    let asked = [arns[0].clone(), "arn:gone".to_owned()];
    assert_eq!(aws.target_groups_by_arn(&asked).await.unwrap().len(), 1);
    assert_eq!(aws.target_groups_by_name(&["gone".to_owned()]).await.unwrap(), []);
    let _before = aws.take_calls();
    assert_eq!(aws.target_groups_by_arn(&[]).await.unwrap(), []);
    assert!(aws.take_calls().is_empty(), "to name nothing is to ask for everything");
}

#[tokio::test]
async fn more_target_groups_than_one_call_takes_are_asked_for_in_several() {
    let world = world(12);
    let (_server, aws) = connect(&world).await;
    let (names, _) = groups(&world);
    let found = aws.target_groups_by_name(&names).await.unwrap();
    assert_eq!(found.into_iter().map(|group| group.name).collect::<Vec<_>>(), names);
    assert_eq!(world.lock().calls.get("DescribeTargetGroups"), Some(&2));
}

#[tokio::test]
async fn the_health_of_targets_comes_with_its_reason() {
    let world = world(1);
    let (_server, aws) = connect(&world).await;
    let (_, arns) = groups(&world);
    let targets = aws.target_health(&arns[0]).await.unwrap();
    assert_eq!(targets, world.target_health(&arns[0]).await.unwrap());
    let unhealthy: Vec<_> = targets.iter().filter(|target| target.state == "unhealthy").collect();
    assert_eq!((targets.len(), unhealthy.len()), (3, 1));
    assert_eq!(unhealthy[0].why, "Target.ResponseCodeMismatch: Health checks failed with these codes: [503]");
    assert_eq!(aws.target_health(&arns[1]).await.unwrap(), [], "nothing runs there");
    let gone = aws.target_health("arn:gone").await.expect_err("it is gone");
    assert_eq!(gone.kind, Kind::NotFound, "{gone}");
}

#[tokio::test]
async fn weights_are_read_from_a_rule_and_from_a_listener() {
    let world = world(1);
    let (_server, aws) = connect(&world).await;
    let (_, arns) = groups(&world);
    world.lock().balancer("prod/shop-0").listener.shift(&arns[1], 10.0);
    let listener = world.lock().balancer("prod/shop-0").listener.clone();
    let weights = aws.rule_weights(&listener.rule).await.unwrap();
    assert_eq!(weights, world.rule_weights(&listener.rule).await.unwrap());
    assert_eq!(weights, aws.listener_weights(&listener.arn).await.unwrap());
    assert_eq!(weights.iter().map(|weight| weight.weight).collect::<Vec<_>>(), [90, 10]);
    assert_eq!(aws.rule_weights("arn:gone").await.unwrap(), []);
    assert_eq!(aws.listener_weights("arn:gone").await.unwrap(), []);
}
