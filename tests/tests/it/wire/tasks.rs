//! ECS's clusters, tasks and task definitions over the wire, and the images of what is deployed.

use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::Kind;
use tidegate_aws::tasks::Tasks;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::tasks::RunTask;
use tidegate_tests::world::version::Version;

use super::connect;

/// Five tasks of a service, one that stands alone, and images for both.
fn world() -> World {
    let world = World::new(TEN);
    for tag in ["v1", "v2", "v3"] {
        world.push(Image::new("shop", tag));
    }
    world.add(Service::new("prod/shop", 5, TEN).image("shop:v1"));
    world
}

fn job(world: &World) -> String {
    let definition = TaskDefinition::of("job").container("app", "shop:v1").container("log", "public.ecr.aws/log:1");
    world.register(definition.arm64().tag("scan", "on"))
}

#[tokio::test]
async fn tasks_are_the_same_over_the_wire_as_in_process() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let definition = job(&world);
    let alone = world.run_task(RunTask::of(&definition, "prod").tag("scan", "on")).expect("it runs");
    world.run_task(RunTask::of(&definition, "dev")).expect("it runs");
    world.pass(1);
    assert_eq!(aws.list_clusters().await.unwrap(), ["dev", "prod"]);
    assert_eq!(aws.list_clusters().await, world.list_clusters().await);
    assert_eq!(aws.list_services("prod").await.unwrap(), ["shop"]);
    assert_eq!(aws.list_services("dev").await.unwrap(), Vec::<String>::new());
    let arns = aws.list_tasks("prod").await.unwrap();
    assert_eq!(arns, world.list_tasks("prod").await.unwrap());
    assert_eq!(arns.len(), 6, "there is more than one page of them");
    let asked = [arns, vec!["arn:gone".to_owned()]].concat();
    let tasks = aws.describe_tasks("prod", &asked).await.unwrap();
    assert_eq!(tasks, world.describe_tasks("prod", &asked).await.unwrap());
    let own = tasks.iter().find(|task| task.arn == alone).expect("it is there");
    assert!(own.should_run() && !own.is_of_a_service() && own.tags.get("scan").is_some(), "{own:?}");
    assert!(own.images.iter().all(|image| image.digest.is_some()), "{own:?}");
    assert_eq!(tasks.iter().filter(|task| task.is_of_a_service()).count(), 5);
    let gone = aws.list_tasks("gone").await.expect_err("there is no such cluster");
    assert_eq!(gone.kind, Kind::NotFound, "{gone}");
}

#[tokio::test]
async fn a_task_that_is_stopped_says_why_and_is_listed_no_more() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arn = world.run_task(RunTask::of(&job(&world), "prod")).expect("it runs");
    world.pass(1);
    aws.stop_task("prod", &arn, "its image is blocked").await.unwrap();
    assert_eq!(world.task(&arn).stopped_reason.as_deref(), Some("its image is blocked"));
    assert!(!aws.list_tasks("prod").await.unwrap().contains(&arn));
    let task = aws.describe_tasks("prod", std::slice::from_ref(&arn)).await.unwrap().remove(0);
    assert_eq!((task.desired_status.as_str(), task.last_status.as_str()), ("STOPPED", "RUNNING"));
    world.pass(1);
    assert_eq!(world.task(&arn).last_status, "STOPPED");
    assert!(aws.stop_task("prod", "arn:gone", "nothing").await.is_err());
}

#[tokio::test]
async fn task_definitions_are_the_same_over_the_wire_as_in_process() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let arns: Vec<String> = (0..7).map(|_| job(&world)).collect();
    let listed = aws.list_task_definitions(Some("job"), 100).await.unwrap();
    assert_eq!(listed, world.list_task_definitions(Some("job"), 100).await.unwrap());
    assert_eq!(listed, (arns.iter().rev().cloned().collect(), false), "the newest is the first");
    let five = aws.list_task_definitions(None, 5).await.unwrap();
    assert_eq!(five, world.list_task_definitions(None, 5).await.unwrap());
    assert_eq!((five.0.len(), five.1), (5, true));
    let definition = aws.task_definition(&arns[0]).await.unwrap();
    assert_eq!(definition, world.task_definition(&arns[0]).await.unwrap());
    assert!(definition.active && definition.tags.get("scan").is_some(), "{definition:?}");
    let images: Vec<_> = definition.images.iter().filter_map(|image| image.image.as_deref()).collect();
    assert_eq!(images, ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:v1", "public.ecr.aws/log:1"]);
    assert!(aws.task_definition("arn:aws:ecs:eu-west-1:123456789012:task-definition/gone:1").await.is_err());
}

#[tokio::test]
async fn what_is_deregistered_can_be_described_and_not_used() {
    let world = world();
    let (_server, aws) = connect(&world).await;
    let definition = job(&world);
    let before = world.run_task(RunTask::of(&definition, "prod")).expect("it runs");
    aws.deregister_task_definition(&definition).await.unwrap();
    assert!(!aws.task_definition(&definition).await.unwrap().active);
    assert_eq!(aws.list_task_definitions(Some("job"), 9).await.unwrap(), (Vec::new(), false));
    assert!(aws.deregister_task_definition(&definition).await.is_err(), "it is inactive already");
    let refused = world.run_task(RunTask::of(&definition, "prod")).expect_err("it is inactive");
    assert_eq!((refused.code, refused.message.as_str()), ("ClientException", "TaskDefinition is inactive"));
    world.pass(1);
    assert_eq!(world.task(&before).last_status, "RUNNING", "what runs is unharmed");
}

#[tokio::test]
async fn the_images_of_a_service_deployment_are_the_same_over_the_wire_as_in_process() {
    let world = world();
    world.balance(Balancer::application("prod/shop").serving(Version::new("v1"), 5));
    let (_server, aws) = connect(&world).await;
    let names = ["shop".to_owned()];
    let old = world.lock().service("prod/shop").task_definition();
    for tag in ["v2", "v3"] {
        let arn = [world.deploy("prod/shop", Version::new(tag).image(&format!("shop:{tag}")))];
        let deployment = aws.describe_service_deployments(&arn).await.unwrap().remove(0);
        let target = [deployment.target.expect("it has one").arn];
        let revision = aws.describe_service_revisions(&target).await.unwrap().remove(0);
        assert_eq!(revision.images[0].digest, None, "no task has started yet");
        world.pass(1);
        let revisions = aws.describe_service_revisions(&target).await.unwrap();
        assert_eq!(revisions, world.describe_service_revisions(&target).await.unwrap());
        assert!(revisions[0].images[0].digest.is_some(), "{revisions:?}");
        let services = aws.describe_services("prod", &names).await.unwrap();
        assert_eq!(services, world.describe_services("prod", &names).await.unwrap());
        assert_eq!(services.services[0].task_definition, revisions[0].task_definition);
        assert_eq!(services.services[0].task_definitions.len(), 2);
        world.pass(15);
    }
    let brought = aws.successful_revisions("prod", "shop", 10).await.unwrap();
    assert_eq!(brought, world.successful_revisions("prod", "shop", 10).await.unwrap());
    let revisions = aws.describe_service_revisions(&brought).await.unwrap();
    assert_eq!(revisions.len(), 3, "what it ran at first was deployed once too");
    assert_eq!(revisions[2].task_definition.as_ref(), Some(&old));
    assert_eq!(aws.successful_revisions("prod", "shop", 1).await.unwrap(), brought[..1]);
    let gone = aws.successful_revisions("prod", "gone", 1).await.expect_err("there is no such service");
    assert_eq!(gone.kind, Kind::NotFound, "{gone}");
}

#[tokio::test]
async fn the_task_definitions_under_code_deploy_are_the_same_over_the_wire_as_in_process() {
    let world = World::new(TEN);
    for tag in ["v1", "v2"] {
        world.push(Image::new("shop", tag));
    }
    world.add(Service::new("prod/shop", 4, TEN).by_code_deploy());
    world.balance(Balancer::application("prod/shop").serving(Version::new("v1").image("shop:v1"), 4));
    world.lock().codedeploy.groups.push(DeploymentGroup::new("prod/shop").termination_wait(5));
    let (_server, aws) = connect(&world).await;
    let names = ["shop".to_owned()];
    let old = world.lock().service("prod/shop").task_definition();
    world.deploy("prod/shop", Version::new("v2").image("shop:v2"));
    world.pass(3);
    let services = aws.describe_services("prod", &names).await.unwrap();
    assert_eq!(services, world.describe_services("prod", &names).await.unwrap());
    let sets = &services.services[0].task_sets;
    assert_eq!(sets.iter().filter(|set| set.task_definition.as_ref() == Some(&old)).count(), 1, "{sets:?}");
    assert_eq!(services.services[0].task_definitions.len(), 2);
    world.pass(10);
    world.deploy("prod/shop", Version::new("v1").task_definition(&old));
    world.pass(15);
    let ids = aws.list_successful_deployments("AppECS-shop", "DgpECS-shop").await.unwrap();
    assert_eq!(ids, world.list_successful_deployments("AppECS-shop", "DgpECS-shop").await.unwrap());
    let found = aws.batch_get_deployments(&ids).await.unwrap();
    assert_eq!(found, world.batch_get_deployments(&ids).await.unwrap());
    let revisions: Vec<_> = found.iter().filter_map(|deployment| deployment.revision.clone()).collect();
    assert_eq!(revisions.len(), 3);
    assert_eq!((revisions[0] == revisions[2], revisions[0] == revisions[1]), (true, false), "the first is back");
}
