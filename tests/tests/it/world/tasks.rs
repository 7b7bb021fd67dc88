//! Tasks, and images that can't be pulled.

use serde_json::{Value, json};
use tidegate_aws::images::{Images, Repository, StorageClass};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::native::{DeploymentConfiguration, ServiceDeployment, Strategy};
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::tasks::RunTask;
use tidegate_tests::world::version::Version;
use tidegate_tests::world::{ACCOUNT, REGION, World};

use super::minutes;

/// A shop that runs `shop:v1`, deployed all at once.
fn shop(configuration: DeploymentConfiguration) -> World {
    let world = World::new(TEN);
    world.push(Image::new("shop", "v1"));
    world.add(Service::new("prod/shop", 4, TEN).image("shop:v1"));
    world.balance(Balancer::application("prod/shop").serving(Version::new("v1"), 4));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

fn blue_green() -> DeploymentConfiguration {
    DeploymentConfiguration::new(Strategy::BlueGreen)
}

async fn archive(world: &World, digest: &str) {
    let [account, region, name] = [ACCOUNT, REGION, "shop"].map(str::to_owned);
    let repository = Repository { account, region, name };
    world.set_storage(&repository, digest, StorageClass::Archive).await.expect("it is moved");
}

fn newest(world: &World) -> ServiceDeployment {
    world.lock().native.deployments.last().expect("a deployment").clone()
}

/// The digests that the tasks of a cluster run, each once.
fn running(world: &World) -> Vec<String> {
    let tasks = world.lock().tasks_in("prod");
    let mut digests: Vec<_> =
        tasks.into_iter().flat_map(|task| task.workload.images).filter_map(|own| own.digest).collect();
    digests.sort();
    digests.dedup();
    digests
}

/// Of each event about a task, its last status and its reason to stop.
fn told(world: &World) -> Vec<(String, String)> {
    let word = |event: &Value, key: &str| event["detail"][key].as_str().unwrap_or_default().to_owned();
    let events = world.take_events_of("ECS Task State Change");
    events.iter().map(|event| (word(event, "lastStatus"), word(event, "stoppedReason"))).collect()
}

#[test]
fn a_task_is_pending_and_then_runs_the_digest_that_its_tag_meant() {
    let world = World::new(TEN);
    let digest = world.push(Image::new("shop", "v1"));
    let definition = world.register(TaskDefinition::of("job").container("app", "shop:v1"));
    let _before = world.take_events();
    let arn = world.run_task(RunTask::of(&definition, "prod")).expect("it runs");
    assert_eq!((world.task(&arn).last_status, world.task(&arn).group.as_str()), ("PENDING", "family:job"));
    world.pass(1);
    world.push(Image::new("shop", "v1").built_from("something else"));
    let task = world.task(&arn);
    assert_eq!((task.last_status, task.workload.images[0].digest.as_ref()), ("RUNNING", Some(&digest)));
    let events = world.take_events_of("ECS Task State Change");
    let containers: Vec<_> =
        events.iter().map(|event| event["detail"]["containers"][0]["imageDigest"].clone()).collect();
    assert_eq!(containers, [Value::Null, json!(digest)]);
    assert_eq!(events[1]["detail"]["group"], "family:job");
    assert_eq!(events[1]["detail"]["tags"], Value::Null, "an event has no tags");
}

#[tokio::test]
async fn a_task_of_an_archived_or_missing_image_does_not_start() {
    let world = World::new(TEN);
    let digest = world.push(Image::new("shop", "v1"));
    archive(&world, &digest).await;
    for image in ["shop:v1", "shop:gone", "nothing:v1"] {
        let definition = world.register(TaskDefinition::of("job").container("app", image));
        let arn = world.run_task(RunTask::of(&definition, "prod")).expect("it is accepted");
        world.pass(1);
        let task = world.task(&arn);
        assert_eq!((task.last_status, task.stop_code), ("STOPPED", Some("TaskFailedToStart")));
        let why = task.stopped_reason.expect("a reason");
        assert!(why.starts_with("CannotPullContainerError") && why.ends_with("404 Not Found"), "{why}");
    }
}

#[test]
fn an_index_has_to_have_the_platform_of_the_task() {
    let world = World::new(TEN);
    let index = world.push(Index::new("shop", "v1").with(Image::of("linux/amd64")));
    let run = |definition: TaskDefinition| {
        let arn = world.run_task(RunTask::of(&world.register(definition.container("app", "shop:v1")), "prod"));
        world.pass(1);
        world.task(&arn.expect("it is accepted"))
    };
    let task = run(TaskDefinition::of("job"));
    assert_eq!((task.last_status, task.workload.images[0].digest.as_ref()), ("RUNNING", Some(&index)));
    assert_eq!(run(TaskDefinition::of("job").arm64()).last_status, "STOPPED");
    world.lock().registry.tells_platforms = true;
    let child = world.platform_of(&index, "linux/amd64");
    assert_eq!(run(TaskDefinition::of("job")).workload.images[0].digest, Some(child));
}

#[test]
fn a_deployment_resolves_its_images_when_its_first_task_starts_and_not_before() {
    let world = shop(blue_green().hook(LifecycleHook::new("gate", &["PRE_SCALE_UP"])));
    let old = running(&world);
    let first = world.push(Image::new("shop", "v2"));
    world.deploy("prod/shop", Version::new("v2").image("shop:v2"));
    let call = world.next_call(minutes(1)).expect("the hook is called");
    world.pass(10);
    assert_eq!(running(&world), old, "nothing starts while a hook is open");
    let second = world.push(Image::new("shop", "v2").built_from("a hurry"));
    assert!(world.lock().answer_native_hook(&call.execution, &Ok(json!({"hookStatus": "SUCCEEDED"}))));
    world.push(Image::new("shop", "v2").built_from("another hurry"));
    world.pass(5);
    assert!(running(&world).contains(&second) && !running(&world).contains(&first), "{:?}", running(&world));
    assert_eq!(newest(&world).status, "SUCCESSFUL");
    assert_eq!(running(&world), [second]);
}

#[tokio::test]
async fn a_deployment_of_an_archived_image_waits_until_it_is_back() {
    let world = shop(blue_green());
    let digest = world.push(Image::new("shop", "v2"));
    archive(&world, &digest).await;
    let _before = world.take_events();
    world.deploy("prod/shop", Version::new("v2").image("shop:v2"));
    world.pass(5);
    let deployment = newest(&world);
    assert_eq!((deployment.status, deployment.stage()), ("IN_PROGRESS", "SCALE_UP"));
    let told = told(&world);
    assert!(told.iter().all(|(status, why)| status == "STOPPED" && why.contains("shop:v2: 404")), "{told:?}");
    assert_eq!((told.len(), running(&world).contains(&digest)), (6, false));
    world.push(Image::new("shop", "v2"));
    world.pass(10);
    assert_eq!((newest(&world).status, running(&world)), ("SUCCESSFUL", vec![digest]));
}

#[test]
fn the_circuit_breaker_brings_the_old_version_back_and_the_events_say_so() {
    let world = shop(blue_green().circuit_breaker());
    let old = world.lock().service("prod/shop").task_definition();
    let _before = world.take_events();
    world.deploy("prod/shop", Version::new("v2").image("shop:gone"));
    assert_ne!(world.lock().service("prod/shop").task_definition(), old);
    world.pass(10);
    assert_eq!(newest(&world).status, "ROLLBACK_SUCCESSFUL");
    assert_eq!(world.lock().service("prod/shop").task_definition(), old);
    let events = world.take_events_of("ECS Deployment State Change");
    let names: Vec<_> = events.iter().filter_map(|event| event["detail"]["eventName"].as_str()).collect();
    let (progress, failed) = ("SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_FAILED");
    assert_eq!(names, [progress, failed, progress, "SERVICE_DEPLOYMENT_COMPLETED"]);
    let service = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/shop");
    assert!(events.iter().all(|event| event["resources"] == json!([service])), "{events:?}");
}

#[test]
fn a_task_definition_that_is_deregistered_is_not_deployed() {
    let world = shop(blue_green());
    let definition = world.register(TaskDefinition::of("shop").container("app", "shop:v1"));
    world.lock().deregister_task_definition(&definition).expect("it is active");
    let refused = world.try_deploy("prod/shop", Version::new("v2").task_definition(&definition));
    assert_eq!(refused.map_err(|error| error.code), Err("ClientException"));
    assert!(world.lock().native.deployments.is_empty(), "no deployment has begun");
}

#[test]
fn under_code_deploy_it_fails_when_it_is_installed() {
    let world = World::new(TEN);
    world.push(Image::new("shop", "v1"));
    world.add(Service::new("prod/shop", 4, TEN).by_code_deploy());
    world.balance(Balancer::application("prod/shop").serving(Version::new("v1").image("shop:v1"), 4));
    world.lock().codedeploy.groups.push(DeploymentGroup::new("prod/shop"));
    let definition = world.register(TaskDefinition::of("shop").container("app", "shop:v1"));
    world.lock().deregister_task_definition(&definition).expect("it is active");
    let id = world.deploy("prod/shop", Version::new("v2").task_definition(&definition));
    world.pass(1);
    assert_eq!(world.status(&id), "Failed");
    world.pass(5);
    let gone = world.deploy("prod/shop", Version::new("v3").image("shop:gone"));
    world.pass(30);
    assert_eq!(world.status(&gone), "InProgress", "it waits for its tasks");
    world.pass(40);
    assert_eq!(world.status(&gone), "Failed");
    assert_eq!(running(&world).len(), 1, "the old version is unharmed");
}

#[test]
fn services_without_images_are_as_they_were() {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 4, TEN));
    world.deploy("prod/shop", Version::new("v2"));
    world.pass(10);
    assert_eq!(newest(&world).status, "SUCCESSFUL");
    assert_eq!(told(&world), []);
    let tasks = world.lock().tasks_in("prod");
    assert_eq!(tasks.len(), 4);
    assert!(tasks.iter().all(|task| task.workload.task_definition.ends_with(":task-definition/shop:7")), "{tasks:?}");
}
