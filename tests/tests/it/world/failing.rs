//! Tasks that do not just run on: what ECS makes of them, and what it tells.

use jiff::SignedDuration;
use tidegate_aws::service_tasks::ServiceTasks;
use tidegate_core::diagnosis::Task;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::native::{DeploymentConfiguration, Strategy};
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{minutes, shop};

fn code_deploy() -> World {
    let world = shop(Service::new("prod/shop", 4, TEN).by_code_deploy(), Balancer::application("prod/shop"));
    world.lock().codedeploy.groups.push(DeploymentGroup::new("prod/shop").hook("AfterInstall", "CodeDeployHook_gate"));
    world
}

fn native(configuration: DeploymentConfiguration) -> World {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop"));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

async fn tasks(world: &World) -> (Vec<Task>, Vec<Task>) {
    let all = world.tasks_of_service("prod", "shop", 100).await.expect("tasks");
    all.into_iter().partition(|task| task.desired_status == "RUNNING")
}

/// What the service's events say since the story began, without the ids of tasks.
fn says(world: &World) -> Vec<String> {
    let mut account = world.lock();
    let events = account.service("prod/shop").events.iter().filter(|(at, _)| *at >= TEN);
    events.map(|(_, says)| says.split(": (task").next().unwrap_or(says).to_owned()).collect()
}

/// Status of the tasks that events told of, with their exit codes.
fn told(world: &World) -> Vec<String> {
    let events = world.take_events_of("ECS Task State Change");
    let told = |event: &serde_json::Value| {
        let detail = &event["detail"];
        let code = detail["containers"][0]["exitCode"].to_string();
        format!("{} {code}", detail["lastStatus"].as_str().unwrap_or("?"))
    };
    events.iter().map(told).collect()
}

#[tokio::test]
async fn tasks_that_exit_at_once_keep_codedeploy_from_going_on_until_its_hour_is_over() {
    let world = code_deploy();
    let id = world.deploy("prod/shop", Version::new("v2").crashes_at_start(1));
    world.pass(10);
    assert_eq!(world.status(&id), "InProgress");
    assert!(world.lock().hooks_due.is_empty(), "the hook after Install is not called");
    let (wanted, stopped) = tasks(&world).await;
    assert!(wanted.len() >= 4, "the old ones run on: {wanted:?}");
    assert!(stopped.len() > 20, "{}", stopped.len());
    let first = &stopped[0];
    assert_eq!(first.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(first.stopped_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!((first.containers[0].exit_code, &first.containers[0].reason), (Some(1), &None));
    assert!(first.started_by.starts_with("ecs-svc/") && first.has_stopped(), "{first:?}");
    let ran = first.stopped_at.expect("an end").duration_since(first.started_at.expect("a start"));
    assert_eq!(ran, SignedDuration::from_secs(5));
    let says = says(&world);
    assert_eq!(says[0], "(service shop) has started 4 tasks");
    let impaired = "(service shop) is unable to consistently start tasks successfully. For more information, see the \
                    Troubleshooting section of the Amazon ECS Developer Guide.";
    assert!(says.iter().any(|said| said == impaired), "{says:?}");
    world.pass(51);
    assert_eq!(world.status(&id), "Failed");
    assert_eq!((world.lost("prod/shop"), world.failed("prod/shop")), (0, 0));
    world.pass(10);
    let (wanted, _) = tasks(&world).await;
    assert_eq!(wanted.len(), 4, "the new version's are gone");
    world.pass(60);
    assert_eq!(tasks(&world).await.1, [], "ECS tells of them for an hour");
}

#[tokio::test]
async fn tasks_that_came_up_once_let_the_deployment_go_on_and_are_found_stopped_later() {
    let world = code_deploy();
    world.deploy("prod/shop", Version::new("v2").out_of_memory());
    world.next_call(minutes(5)).expect("AfterInstall");
    assert_eq!(tasks(&world).await.1, [], "they all run for now");
    world.pass(1);
    let (_, stopped) = tasks(&world).await;
    assert_eq!(stopped.len(), 4);
    let container = &stopped[0].containers[0];
    assert_eq!(container.exit_code, Some(137));
    assert_eq!(container.reason.as_deref(), Some("OutOfMemoryError: Container killed due to memory usage"));
}

#[tokio::test]
async fn tasks_that_failed_before_others_came_up_are_told_of_at_the_hook() {
    let world = code_deploy();
    world.deploy("prod/shop", Version::new("v2").fails(Failure::exits(139).times(2)));
    let call = world.next_call(minutes(10)).expect("AfterInstall");
    assert!(call.at > TEN + SignedDuration::from_secs(90), "it took longer");
    let (wanted, stopped) = tasks(&world).await;
    assert_eq!((wanted.len(), stopped.len()), (8, 2));
    assert!(stopped.iter().all(|task| task.created_at >= Some(TEN) && task.containers[0].exit_code == Some(139)));
    assert_eq!(says(&world).last().map(String::as_str), Some("(service shop) has reached a steady state."));
}

#[tokio::test]
async fn the_circuit_breaker_ends_what_keeps_failing_and_without_it_scale_up_waits() {
    for breaks in [true, false] {
        let configuration = DeploymentConfiguration::new(Strategy::BlueGreen);
        let world = native(if breaks { configuration.circuit_breaker() } else { configuration });
        let id = world.deploy("prod/shop", Version::new("v2").crashes_at_start(127));
        world.pass(20);
        let expected = if breaks { "ROLLBACK_SUCCESSFUL" } else { "IN_PROGRESS" };
        assert_eq!(world.status(&id), expected);
        assert_eq!((world.share("prod/shop", "v2"), world.lost("prod/shop")), (0.0, 0));
        let scaled = |task: &Task| task.stop_code.as_deref() == Some("ServiceSchedulerInitiated");
        let (_, stopped) = tasks(&world).await;
        assert_eq!(stopped.iter().any(scaled), breaks, "what is left of it goes with it");
    }
}

#[tokio::test]
async fn a_rolling_deployment_keeps_the_old_tasks_while_the_new_ones_fail() {
    let world = native(DeploymentConfiguration::new(Strategy::Rolling));
    let id = world.deploy("prod/shop", Version::new("v2").crashes_at_start(1));
    world.pass(20);
    assert_eq!((world.status(&id).as_str(), world.lost("prod/shop")), ("IN_PROGRESS", 0));
    let (wanted, _) = tasks(&world).await;
    let old = wanted.iter().filter(|task| task.created_at < Some(TEN)).count();
    assert_eq!(old, 4, "{wanted:?}");
}

#[tokio::test]
async fn a_task_that_is_never_placed_or_never_more_than_pending_is_in_the_services_events() {
    let eni = "was unable to place a task because ENI provisioning timed out.";
    let world = native(DeploymentConfiguration::new(Strategy::BlueGreen));
    world.deploy("prod/shop", Version::new("v2").stuck_pending(eni));
    world.pass(7);
    let pending = tasks(&world).await.0.into_iter().filter(|task| task.last_status == "PENDING").count();
    assert_eq!(pending, 4);
    assert_eq!(says(&world)[1..], [format!("(service shop) {eni}"), format!("(service shop) {eni}")]);

    let world = native(DeploymentConfiguration::new(Strategy::BlueGreen));
    let reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    world.deploy("prod/shop", Version::new("v2").fails(Failure::unplaced(reason)));
    world.pass(4);
    assert_eq!(tasks(&world).await.0.len(), 4, "there are none but the old ones");
    let see = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
    assert_eq!(says(&world), [format!("(service shop) was unable to place a task. Reason: {reason}. {see}")]);
    let actions = world.take_events_of("ECS Service Action");
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0]["detail"]["eventName"], "SERVICE_TASK_PLACEMENT_FAILURE");
    assert_eq!(actions[0]["detail"]["reason"], "RESOURCE:FARGATE");
    assert_eq!(actions[0]["resources"][0], "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop");
}

#[tokio::test]
async fn what_a_load_balancer_finds_unhealthy_is_stopped_and_said_to_be() {
    let world = code_deploy();
    let id = world.deploy("prod/shop", Version::new("v2").fails(Failure::fails_health_checks()));
    world.pass(5);
    assert_eq!(world.status(&id), "InProgress");
    let (_, stopped) = tasks(&world).await;
    let why = stopped[0].stopped_reason.as_deref().unwrap_or_default();
    assert!(why.starts_with("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing"), "{why}");
    let says = says(&world);
    let unhealthy = |said: &&String| said.contains("is unhealthy in (target-group arn:aws:elasticloadbalancing");
    assert!(says.iter().any(|said| unhealthy(&said) && said.ends_with("failed with these codes: [503]).")), "{says:?}");
}

#[tokio::test]
async fn a_service_that_crashes_outside_of_any_deployment_tells_of_every_task() {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop"));
    world.crash("prod/shop", Failure::exits(1).times(1));
    assert_eq!(told(&world), ["STOPPED 1"]);
    assert_eq!(tasks(&world).await.0.len(), 3);
    world.pass(3);
    assert_eq!((tasks(&world).await.0.len(), told(&world)), (4, vec!["PENDING null".into(), "RUNNING null".into()]));

    world.crash("prod/shop", Failure::exits(137));
    assert_eq!(told(&world), ["STOPPED 137"; 4]);
    assert_eq!(tasks(&world).await.0, [], "all are gone, at first");
    world.pass(5);
    let told = told(&world);
    assert!(told.iter().filter(|told| *told == "STOPPED 137").count() >= 12, "{told:?}");
    assert!(world.lost("prod/shop") > 500, "nobody answers");
    let actions = world.take_events_of("ECS Service Action");
    assert!(actions.is_empty(), "they were taken with the others");
}

#[tokio::test]
async fn a_service_without_a_load_balancer_crashes_too() {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 2, TEN));
    world.crash("prod/shop", Failure::out_of_memory());
    world.pass(2);
    let (_, stopped) = tasks(&world).await;
    assert!(stopped.len() >= 4 && stopped.iter().all(|task| task.containers[0].exit_code == Some(137)), "{stopped:?}");
    let impaired = world.take_events_of("ECS Service Action");
    assert_eq!(impaired[0]["detail"]["eventName"], "SERVICE_TASK_START_IMPAIRED");
}

#[tokio::test]
async fn a_task_whose_log_group_or_image_is_missing_does_not_start() {
    let world = World::new(TEN);
    world.push(Image::new("shop", "v1"));
    world.add(Service::new("prod/shop", 4, TEN).by_code_deploy().image("shop:v1"));
    world.balance(Balancer::application("prod/shop").serving(Version::new("v1"), 4));
    world.lock().codedeploy.groups.push(DeploymentGroup::new("prod/shop"));
    assert!(world.lock().log_groups.contains("/ecs/shop"), "it comes with the family");
    let definition = TaskDefinition::of("shop").container("app", "shop:v1").log_group("/ecs/gone");
    let definition = world.register(definition);
    let id = world.deploy("prod/shop", Version::new("v2").task_definition(&definition));
    world.pass(3);
    let (_, stopped) = tasks(&world).await;
    assert_eq!(stopped[0].stop_code.as_deref(), Some("TaskFailedToStart"));
    let why = stopped[0].stopped_reason.as_deref().unwrap_or_default();
    assert!(why.starts_with("ResourceInitializationError: failed to validate logger args: "), "{why}");
    assert!(why.contains("ResourceNotFoundException: The specified log group does not exist."), "{why}");
    world.lock().log_groups.insert("/ecs/gone".to_owned());
    world.pass(4);
    assert_eq!(world.status(&id), "Succeeded");
}
