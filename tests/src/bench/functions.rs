//! The functions that are measured: what each does first of all, at rest, and in one decision.

use std::hint::black_box;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_core::canary::{self, judge};
use tidegate_core::scaling::{self, decide};

use super::{deployments, images};
use crate::release::{FUNCTION, facts_of_a_release};
use crate::scanning::POLICY;
use crate::scene::{TEN, TOPIC, facts_of_a_busy_service, scheduled};
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::native::DeploymentConfiguration;
use crate::world::native::hooks::LifecycleHook;
use crate::world::service::Service;
use crate::world::version::Version;

/// What is measured of a function.
pub struct Function {
    /// The name of its crate.
    pub name: &'static str,
    /// The module with the same clients in Python, under `tests/python`.
    pub python: &'static str,
    /// The template's parameter that says how much memory it has.
    pub memory: &'static str,
    /// Variables of its environment, beside those that every function has.
    pub variables: &'static [(&'static str, &'static str)],
    /// What its first invocation is, with the services that it calls, as `AWS_ENDPOINT_URL_...` names them.
    pub first: (&'static str, &'static [&'static str]),
    /// A world with its event, for a first invocation.
    pub begin: fn() -> (World, Value),
    /// Whether that was answered as it should be.
    pub began: fn(&Value) -> bool,
    /// What it has to carry.
    pub load: Load,
}

/// What a function has to carry.
pub enum Load {
    /// An account with many services.
    Services(Services),
    /// An image with many findings.
    Images,
    /// A deployment that begins, and a service whose tasks crash.
    Deployments,
}

/// What is measured of a function that looks at many services.
pub struct Services {
    /// A world of a hundred services, with something to do where most of its memory goes.
    pub hundred: fn() -> World,
    /// A world of so many services in ten clusters, where nothing is to be changed.
    pub at_rest: fn(usize, Age) -> World,
    /// Whether a run saw all of so many, and left them alone.
    pub rested: fn(&Value, usize) -> bool,
    /// Calls that a run over a thousand of them may make.
    pub calls: f64,
    /// What one decision is called.
    pub decision: &'static str,
    /// One decision, over and over.
    pub decide: fn() -> Box<dyn Fn()>,
}

/// How old the services of a world are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// They have no events yet.
    New,
    /// Each has the hundred events that ECS keeps, and that every description of it carries.
    Years,
}

/// Every function.
#[must_use]
pub fn functions() -> [Function; 4] {
    [scaler(), gate(), scan_gate(), deploy_hook()]
}

fn scaler() -> Function {
    Function {
        name: "cost-scaler",
        python: "scaler",
        memory: "ScalerMemorySize",
        variables: &[],
        first: (
            "first invocation over TLS to four endpoints, CPU",
            &["RESOURCE_GROUPS_TAGGING_API", "ECS", "APPLICATION_AUTO_SCALING", "CLOUDWATCH"],
        ),
        begin: || (scaled(1, Age::Years), scheduled(TEN)),
        began: |summary| summary["left_alone"]["on_target"] == 1,
        load: Load::Services(Services {
            hundred: || scaled(100, Age::Years),
            at_rest: scaled,
            rested: |summary, services| summary["left_alone"]["on_target"] == services,
            calls: 150.0,
            decision: "one decision",
            decide: || {
                let facts = facts_of_a_busy_service();
                let policy = scaling::Policy { min: Some(2), max: Some(40), ..Default::default() };
                Box::new(move || drop(black_box(decide(black_box(&facts), &policy, TEN))))
            },
        }),
    }
}

fn gate() -> Function {
    Function {
        name: "canary-gate",
        python: "gate",
        memory: "CanaryGateMemorySize",
        variables: &[],
        first: ("first hook over TLS to three endpoints, CPU", &["ECS", "ELASTIC_LOAD_BALANCING_V2", "CLOUDWATCH"]),
        begin: waiting_hook,
        began: |answer| answer["hookStatus"] == "IN_PROGRESS",
        load: Load::Services(Services {
            hundred: || {
                let world = gated(100, Age::Years);
                let ids: Vec<String> = world.lock().services.iter().map(Service::id).step_by(20).collect();
                for id in &ids {
                    release(&world, id, DeploymentConfiguration::canary(10.0, 60));
                }
                world.pass(30);
                world
            },
            at_rest: gated,
            rested: |summary, services| summary["seen"] == services && summary["in_progress"] == 0,
            // One to list what CodeDeploy deploys, N/100 to the tagging index, N/10 to describe the services.
            calls: 111.0,
            decision: "one judgement of an hour",
            decide: || {
                let facts = facts_of_a_release();
                let slow = canary::policy::Slow { ms: 500.0, max_ratio: 2.0 };
                let policy = canary::Policy { slow: Some(slow), ..Default::default() };
                let now = TEN + SignedDuration::from_mins(63);
                Box::new(move || drop(black_box(judge(black_box(&facts), &policy, now))))
            },
        }),
    }
}

fn scan_gate() -> Function {
    Function {
        name: "scan-gate",
        python: "scan",
        memory: "ScanGateMemorySize",
        variables: &[("TIDEGATE_SCAN_POLICY", POLICY)],
        first: ("first batch over TLS to four endpoints, CPU", &["SSM", "RESOURCE_GROUPS_TAGGING_API", "ECS", "ECR"]),
        begin: images::brought,
        began: |answer| answer["batchItemFailures"] == json!([]),
        load: Load::Images,
    }
}

fn deploy_hook() -> Function {
    Function {
        name: "deploy-hook",
        python: "hook",
        memory: "DeployHookMemorySize",
        variables: &[("TIDEGATE_TOPIC_ARN", TOPIC)],
        first: (
            "first hook over TLS to four endpoints, CPU",
            &["ECS", "ECR", "ELASTIC_LOAD_BALANCING_V2", "CLOUDWATCH"],
        ),
        begin: deployments::called,
        began: |answer| answer["hookStatus"] == "SUCCEEDED",
        load: Load::Deployments,
    }
}

/// Services on their target.
fn scaled(services: usize, age: Age) -> World {
    let service = |id: &str| Service::new(id, 20, TEN).enrolled("on", 2, 40).load(|_| 14.0).behind_load_balancer();
    world(services, age, service)
}

/// Services that nobody deploys; every second one is CodeDeploy's.
fn gated(services: usize, age: Age) -> World {
    let service = |id: &str| {
        let service = Service::new(id, 4, TEN).tag("gate", "on");
        let number = id.bytes().last().unwrap_or(b'0');
        if number % 2 == 1 { service.by_code_deploy() } else { service }
    };
    world(services, age, service)
}

fn world(services: usize, age: Age, service: impl Fn(&str) -> Service) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(20));
    for index in 0..services {
        let mut service = service(&format!("cluster-{}/service-{index}", index % 10));
        if age == Age::Years {
            service.fill_events(TEN);
        }
        world.add(service);
    }
    world.pass(20);
    world
}

/// Begins a release under ECS's canary.
fn release(world: &World, id: &str, configuration: DeploymentConfiguration) {
    world.balance(Balancer::application(id).requests(|_| 1000.0).serving(Version::new("v1").errors(0.1), 4));
    world.lock().native.configurations.insert(id.to_owned(), configuration);
    world.deploy(id, Version::new("v2").errors(0.1));
}

/// A release whose hook waits for its evidence, and that hook's next call.
fn waiting_hook() -> (World, Value) {
    let function = format!("arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}");
    let hook = LifecycleHook::new(&function, &["PRE_PRODUCTION_TRAFFIC_SHIFT"]);
    let world = gated(1, Age::Years);
    release(&world, "cluster-0/service-0", DeploymentConfiguration::canary(10.0, 10).hook(hook));
    let next = || world.next_call(SignedDuration::from_hours(1)).expect("a call");
    // The first is before the first step.
    let before = next();
    world.lock().answer_native_hook(&before.execution, &Ok(json!({"hookStatus": "SUCCEEDED"})));
    let call = next();
    (world, call.payload)
}
