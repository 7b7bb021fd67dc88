//! A release in a world, and a canary gate that looks at it: for scenario tests.

use canary_gate::handler::{Gate, Reply, RunError};
use canary_gate::report::Summary;
use canary_gate::settings::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_core::canary::Facts;
use tidegate_core::prices::Architecture;
use tidegate_lambda::start::{Host, Invocation};

use crate::scene::{TEN, TOPIC, scheduled};
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::hooks::{Caller, HookCall};
use crate::world::service::Service;
use crate::world::version::Version;

/// The function's name.
pub const FUNCTION: &str = "CodeDeployHook_tidegate-canary-gate";

/// A world, and a gate whose ports it is.
pub struct Release {
    /// The world.
    pub world: World,
    gate: Gate<World>,
    /// Seconds from an invocation's beginning to its deadline.
    pub timeout_s: i64,
}

impl Release {
    /// A service that a version of it has been serving for two hours and a half when the story begins, at [`TEN`].
    #[must_use]
    pub fn of(service: Service, balancer: Balancer) -> Self {
        Self::with(&[], service, balancer)
    }

    /// As [`Release::of`], with variables in the function's environment.
    #[must_use]
    pub fn with(variables: &[(&str, &str)], service: Service, balancer: Balancer) -> Self {
        let read = |name: &str| {
            let own = variables.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
            own.or_else(|| (name == "TIDEGATE_TOPIC_ARN").then_some(TOPIC)).map(str::to_owned)
        };
        let world = world(service, balancer);
        Self { gate: gate(&world, read), world, timeout_s: 900 }
    }

    /// The same world, as a gate with other variables sees it.
    #[must_use]
    pub fn with_variables(&self, variables: &[(&str, &str)]) -> Self {
        let read = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Self { gate: gate(&self.world, read), world: self.world.clone(), timeout_s: self.timeout_s }
    }

    /// Begins to deploy a version of the shop, and gives the deployment's id.
    #[must_use]
    pub fn deploy(&self, version: Version) -> String {
        self.world.deploy("prod/shop", version)
    }

    /// Invokes the gate with any event.
    ///
    /// # Errors
    /// The function's own.
    pub async fn invoke(&self, event: &Value) -> Result<Reply, RunError> {
        let deadline = self.world.lock().now + SignedDuration::from_secs(self.timeout_s);
        let invocation = Invocation { request_id: "8f6d3f2c-0000-4000-8000-000000000000".to_owned(), deadline };
        self.gate.handle(event, &invocation).await
    }

    /// The schedule's minute.
    ///
    /// # Panics
    /// Where the run fails as a whole.
    pub async fn run(&self) -> Summary {
        let event = scheduled(self.world.lock().now);
        match self.invoke(&event).await {
            Ok(Reply::Summary(summary)) => *summary,
            other => panic!("{other:?}"),
        }
    }

    /// So many minutes: hooks are answered as they come, and the schedule runs at the end of each.
    pub async fn run_for(&self, minutes: u32) {
        for _ in 0..minutes {
            let end = self.world.lock().now + SignedDuration::from_mins(1);
            loop {
                let left = end.duration_since(self.world.lock().now);
                let Some(call) = self.world.next_call(left.max(SignedDuration::ZERO)) else { break };
                self.answer(&call).await;
            }
            self.run().await;
        }
    }

    /// Makes a call that a deployment waits for. Functions of others succeed at once.
    ///
    /// # Panics
    /// Where the answer is none that ECS could be given.
    pub async fn answer(&self, call: &HookCall) {
        if !call.function.ends_with(FUNCTION) {
            self.world.lock().answer_native_hook(&call.execution, &Ok(json!({"hookStatus": "SUCCEEDED"})));
            return;
        }
        let reply = self.invoke(&call.payload).await;
        match (call.caller, reply) {
            (Caller::Ecs, reply) => {
                let answer = reply.map(|reply| serde_json::to_value(reply).expect("JSON"));
                let answer = answer.map_err(|error| json!({"errorMessage": error.to_string()}));
                self.world.lock().answer_native_hook(&call.execution, &answer);
            }
            (Caller::CodeDeploy, _) => self.go_on().await,
        }
    }

    /// Makes the invocations that the gate has asked for.
    ///
    /// # Panics
    /// Where it asked for one with something other than JSON.
    pub async fn go_on(&self) {
        loop {
            let next = self.world.lock().invoked_later.pop();
            let Some((_, payload)) = next else { return };
            let _ = self.invoke(&serde_json::from_str(&payload).expect("JSON")).await;
        }
    }

    /// Minutes since the story began.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.world.lock().now.duration_since(TEN).as_mins()
    }

    /// The status of a deployment, whoever deploys.
    #[must_use]
    pub fn status(&self, id: &str) -> String {
        self.world.status(id)
    }

    /// How often an operation was called.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u32 {
        self.world.calls(operation)
    }

    /// The records so far, as `verdict reason`, each once in a row.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        self.world.records()
    }

    /// Every record so far.
    #[must_use]
    pub fn full_records(&self) -> Vec<Value> {
        self.world.full_records()
    }

    /// The newest record.
    #[must_use]
    pub fn record(&self) -> Value {
        self.world.record()
    }

    /// Subjects of the messages so far.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        self.world.subjects()
    }
}

/// A world in which a version of a service has been serving for two hours and a half at [`TEN`].
#[must_use]
pub fn world(service: Service, balancer: Balancer) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(150));
    world.add(service);
    world.balance(balancer);
    world.pass(150);
    world
}

/// The facts of an hour of a release with everything that a judgement can look at: what a live run gathers.
///
/// # Panics
/// Where they are not what the judgement reads.
#[must_use]
pub fn facts_of_a_release() -> Facts {
    let at = |minute: i64| (TEN + SignedDuration::from_mins(minute)).to_string();
    let counts = |requests: i64, minute: i64| json!({"requests": requests, "errors": minute % 3, "connection_errors": minute % 2, "slow": requests / 50});
    let minute = |minute| json!({"at": at(minute), "canary": counts(100, minute), "baseline": counts(900, minute)});
    let before = |minute: i64| json!({"at": at(-minute), "requests": 1000, "errors": minute % 3, "connection_errors": minute % 2, "slow": 20});
    let hosts = |minute| json!({"at": at(minute), "healthy": 4, "unhealthy": 0});
    let facts = json!({
        "deployment": {
            "id": "d-000000001", "platform": "code_deploy", "strategy": "canary", "started_at": at(-2),
            "traffic_from": at(0), "weight_percent": 10.0, "first_percent": 10.0,
        },
        "minutes": (0..60).map(minute).collect::<Vec<_>>(),
        "before": (3..123).map(before).collect::<Vec<_>>(),
        "hosts": (0..60).map(hosts).collect::<Vec<_>>(),
    });
    serde_json::from_value(facts).expect("facts")
}

fn gate(world: &World, variables: impl Fn(&str) -> Option<String>) -> Gate<World> {
    let host = Host { name: FUNCTION.to_owned(), memory_mib: 256, architecture: Architecture::X86_64 };
    Gate::new(world.clone(), Settings::read(variables), host)
}
