//! What a deployment is checked by, over the wire: task definitions, tasks, listeners, what CodeDeploy deploys, log groups, smoke requests
//! and functions that are asked.

use std::time::Duration;

use tidegate_aws::app_specs::AppSpecs;
use tidegate_aws::definitions::Definitions;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::Kind;
use tidegate_aws::functions::Asked;
use tidegate_aws::listeners::Listeners;
use tidegate_aws::logs::Logs;
use tidegate_aws::probe::Probe;
use tidegate_aws::service_tasks::ServiceTasks;
use tidegate_core::smoke::{Answer, Endpoint, Expected, Request};
use tidegate_core::task_definition::{self as core, TaskDefinition as Whole};
use tidegate_tests::scene::TEN;
use tidegate_tests::wire::front::Front;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::native::{DeploymentConfiguration, Strategy};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::connect;

/// A service that CodeDeploy deploys, before a load balancer with a test listener.
fn world(group: DeploymentGroup) -> World {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 4, TEN).by_code_deploy().grace(60).public_ip().minimum_healthy(50));
    let balancer = Balancer::application("prod/shop").internal().test_listener();
    world.balance(balancer.serving(Version::new("v1"), 4));
    world.lock().codedeploy.groups.push(group.hook("AfterInstall", "CodeDeployHook_tidegate"));
    world
}

fn group() -> DeploymentGroup {
    DeploymentGroup::new("prod/shop")
}

/// A task definition with everything that anybody looks at.
fn everything() -> Whole {
    let container = core::Container {
        name: "app".to_owned(),
        image: "shop:v1".to_owned(),
        essential: Some(false),
        memory: Some(512),
        memory_reservation: Some(256),
        privileged: Some(true),
        user: Some("root".to_owned()),
        environment: vec![core::Variable { name: "TOKEN".to_owned(), value: "x".to_owned() }],
        secrets: vec![core::Secret { name: "KEY".to_owned(), value_from: "arn:aws:ssm:::parameter/key".to_owned() }],
        environment_files: 2,
        firelens_configuration: true,
        linux_parameters: core::LinuxParameters {
            capabilities: core::Capabilities { add: vec!["NET_ADMIN".to_owned()], drop: vec!["ALL".to_owned()] },
            devices: 1,
            max_swap: Some(128),
            tmpfs: 3,
            ..core::LinuxParameters::default()
        },
        health_check: Some(core::HealthCheck {
            command: vec!["CMD".to_owned(), "true".to_owned()],
            interval: Some(5),
            retries: Some(2),
            start_period: Some(90),
        }),
        mount_points: vec![core::MountPoint { source_volume: "data".to_owned(), ..core::MountPoint::default() }],
        port_mappings: vec![core::PortMapping { container_port: Some(80), host_port: Some(0) }],
        resource_requirements: vec![core::ResourceRequirement { kind: "GPU".to_owned(), value: "1".to_owned() }],
        repository_credentials: true,
        extra_hosts: 1,
        disable_networking: Some(false),
        ..core::Container::default()
    };
    Whole {
        family: "everything".to_owned(),
        network_mode: "host".to_owned(),
        pid_mode: "host".to_owned(),
        ipc_mode: "task".to_owned(),
        requires_compatibilities: vec!["EC2".to_owned()],
        volumes: vec![core::Volume {
            name: "data".to_owned(),
            host: Some(core::HostPath { source_path: Some("/var/run/docker.sock".to_owned()) }),
            docker_volume_configuration: true,
            ..core::Volume::default()
        }],
        placement_constraints: 2,
        container_definitions: vec![container],
        ..Whole::default()
    }
}

#[tokio::test]
async fn a_task_definition_is_whole_over_the_wire_as_in_process() {
    let world = world(group());
    let plain = TaskDefinition::of("plain").container("app", "shop:v1").fargate(512, 1024).environment("A", "b");
    let definitions = [world.register(TaskDefinition::raw(everything())), world.register(plain), "shop:7".to_owned()];
    let (_server, aws) = connect(&world).await;
    for name in definitions {
        let found = aws.definition(&name).await.unwrap();
        assert_eq!(found, world.definition(&name).await.unwrap(), "{name}");
        assert!(found.task_definition_arn.ends_with(&name), "{found:?}");
    }
    let raw = aws.definition("everything").await.unwrap();
    assert_eq!((raw.cpu, raw.placement_constraints, raw.container_definitions[0].environment_files), (None, 2, 2));
    let size = aws.describe_task_definition("plain").await.unwrap().expect("a size");
    assert_eq!((size.cpu_units, size.memory_mib), (512, 1024));
    assert_eq!(aws.describe_task_definition("everything").await.unwrap(), None, "it runs on instances");
    assert_eq!(world.lock().log_groups.len(), 3);
}

#[tokio::test]
async fn tasks_that_failed_are_the_same_over_the_wire_as_in_process() {
    let world = world(group());
    let (_server, aws) = connect(&world).await;
    world.deploy("prod/shop", Version::new("v2").fails(Failure::out_of_memory().times(3)));
    world.pass(3);
    let found = aws.tasks_of_service("prod", "shop", 100).await.unwrap();
    assert_eq!(found, world.tasks_of_service("prod", "shop", 100).await.unwrap());
    assert_eq!(found.iter().filter(|task| task.has_stopped()).count(), 3, "{found:?}");
    let few = aws.tasks_of_service("prod", "shop", 2).await.unwrap();
    assert_eq!((few.len(), &few), (4, &world.tasks_of_service("prod", "shop", 2).await.unwrap()));
    let gone = aws.tasks_of_service("prod", "gone", 2).await.expect_err("there is no such service");
    assert_eq!(gone.kind, Kind::NotFound);
    let names = ["shop".to_owned()];
    let services = aws.describe_services("prod", &names).await.unwrap();
    assert_eq!(services, world.describe_services("prod", &names).await.unwrap());
    let settings = &services.services[0].settings;
    assert_eq!((settings.minimum_healthy_percent, settings.health_check_grace_s), (Some(50), Some(60)));
    assert_eq!((settings.public_ip, settings.rolls_back), (Some(true), false));
    assert!(services.services[0].messages.iter().any(|(_, says)| says.contains("has started 4 tasks")), "{services:?}");
}

#[tokio::test]
async fn a_service_that_rolls_back_says_so() {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 4, TEN));
    let configuration = DeploymentConfiguration::new(Strategy::Rolling).circuit_breaker();
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    let (_server, aws) = connect(&world).await;
    let names = ["shop".to_owned()];
    let services = aws.describe_services("prod", &names).await.unwrap();
    assert_eq!(services, world.describe_services("prod", &names).await.unwrap());
    assert!(services.services[0].settings.rolls_back);
}

#[tokio::test]
async fn an_app_spec_is_the_same_over_the_wire_as_in_process() {
    for (group, kept) in [(group(), true), (group().revisions_in_s3(), true), (group().without_revisions(), false)] {
        let world = world(group);
        let (_server, aws) = connect(&world).await;
        let id = world.deploy("prod/shop", Version::new("v2"));
        let spec = aws.app_spec(&id).await.unwrap();
        assert_eq!(spec, world.app_spec(&id).await.unwrap());
        assert_eq!(spec.is_some_and(|spec| spec.contains("CodeDeployHook_tidegate")), kept);
        assert_eq!(aws.app_spec("d-GONE").await, Ok(None));
    }
    let world = world(group().revisions_in_s3());
    let (_server, aws) = connect(&world).await;
    let id = world.deploy("prod/shop", Version::new("v2"));
    world.lock().faults.add("GetObject", Fault::Throttle, Times::First(1));
    assert!(aws.app_spec(&id).await.unwrap().is_some(), "it is asked again");
    world.lock().faults.add("GetObject", Fault::Denied, Times::Always);
    let error = aws.app_spec(&id).await.expect_err("it may not");
    assert!(error.kind == Kind::Denied && error.message.contains("s3:GetObject"), "{error}");
}

#[tokio::test]
async fn listeners_log_groups_and_those_that_are_gone_are_the_same_over_the_wire_as_in_process() {
    let world = world(group());
    let (_server, aws) = connect(&world).await;
    let (tests, balancer) = {
        let mut account = world.lock();
        let balancer = account.balancer("prod/shop");
        (balancer.test_listener.clone().expect("one").arn, balancer.arn.clone())
    };
    for arn in [&tests, &balancer] {
        assert_eq!(aws.listener(arn).await.unwrap(), world.listener(arn).await.unwrap());
        assert_eq!(aws.load_balancer(arn).await.unwrap(), world.load_balancer(arn).await.unwrap());
    }
    assert_eq!(
        aws.listener(&tests).await.unwrap().map(|own| (own.port, own.protocol)),
        Some((8443, "HTTPS".to_owned()))
    );
    assert!(aws.load_balancer(&balancer).await.unwrap().expect("it").internal);
    for name in ["/ecs/shop-1", "/ecs/shop-2", "/ecs/shop-3"] {
        world.lock().log_groups.insert(name.to_owned());
    }
    for (name, there) in [("/ecs/shop", true), ("/ecs/shop-3", true), ("/ecs/sho", false), ("/ecs/gone", false)] {
        assert_eq!((aws.log_group_exists(name).await, world.log_group_exists(name).await), (Ok(there), Ok(there)));
    }
}

#[tokio::test]
async fn a_smoke_request_reaches_the_version_behind_the_test_listener() {
    let world = world(group());
    let (_server, aws) = connect(&world).await;
    let front = Front::start(&world, "prod/shop").await;
    world.lock().balancer("prod/shop").groups[0].running[0].version = Version::new("v1")
        .answers("/health", 503, "{\"status\": \"starting\"}", Duration::from_millis(30))
        .redirects("/old", "https://elsewhere.example.com/");
    let balancer = world.lock().balancer("prod/shop").clone();
    let tests = aws.listener(&balancer.test_listener.expect("one").arn).await.unwrap().expect("it is there");
    let named = aws.load_balancer(&tests.load_balancer).await.unwrap().expect("it is there");
    assert_eq!(
        (named.dns_name.as_str(), tests.port, tests.protocol.as_str()),
        (front.name.as_str(), front.port, "HTTP")
    );
    let to = Endpoint { dns_name: named.dns_name, port: tests.port, tls: false, internal: named.internal };
    let request = |path: &str| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        host: Some("shop.example.com".to_owned()),
        headers: [("X-Smoke".to_owned(), "1".to_owned())].into(),
        body: Some("ping".to_owned()),
        expected: Expected::default(),
    };
    let Answer::Answered { status, took_ms, body, .. } = aws.probe(&to, &request("/health?deep=1")).await else {
        panic!("it answers")
    };
    assert_eq!((status, body.as_str()), (503, "{\"status\": \"starting\"}"));
    assert!(took_ms >= 30, "{took_ms}");
    let answer = aws.probe(&to, &request("/old")).await;
    assert!(matches!(answer, Answer::Answered { status: 302, location: Some(_), .. }), "{answer:?}");
    let asked = &world.asked()[0];
    assert_eq!((&*asked.method, &*asked.path, &*asked.host), ("POST", "/health?deep=1", "shop.example.com"));
    assert_eq!((asked.headers.get("x-smoke").map(String::as_str), &*asked.body), (Some("1"), "ping"));
}

#[tokio::test]
async fn a_function_is_asked_over_the_wire_as_in_process() {
    let world = world(group());
    let (_server, aws) = connect(&world).await;
    world.function(
        "prober",
        |_, payload| if payload == "{}" { Ok("1".to_owned()) } else { Err("\"panic\"".to_owned()) },
    );
    world.driven_function("driven");
    for payload in ["{}", "[]"] {
        assert_eq!(aws.invoke("prober", payload).await, world.invoke("prober", payload).await);
    }
    let (answered, ()) = tokio::join!(aws.invoke("driven", "[1]"), async {
        let waiting = world.invocation().await;
        assert_eq!((&*waiting.function, &*waiting.payload), ("driven", "[1]"));
        waiting.answer.send(Ok("[2]".to_owned())).expect("somebody waits");
    });
    assert_eq!(answered.as_deref(), Ok("[2]"));
    assert_eq!(aws.invoke("gone", "{}").await.expect_err("it is gone").kind, Kind::NotFound);
}
