//! A release in a world, and a deployment hook that its stages call: for scenario tests that read as sentences.

use deploy_hook::handler::{Gate, Reply, RunError};
use deploy_hook::settings::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_core::prices::Architecture;
use tidegate_lambda::start::{Host, Invocation};

use crate::queue::Queue;
use crate::release::world;
use crate::scene::TOPIC;
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::faults::{Fault, Times};
use crate::world::hooks::{Caller, HookCall};
use crate::world::native::hooks::LifecycleHook;
use crate::world::service::Service;
use crate::world::version::Version;

/// The function's name.
pub const FUNCTION: &str = "CodeDeployHook_tidegate-deploy-hook";

/// The name of its copy in the VPC.
pub const PROBER: &str = "tidegate-deploy-hook-prober";

/// Everything that changes something, but for the answer to a hook.
pub const WRITES: [&str; 8] = [
    "StopDeployment",
    "StopServiceDeployment",
    "StopTask",
    "UpdateService",
    "DeregisterTaskDefinition",
    "UpdateImageStorageClass",
    "StartImageScan",
    "Invoke",
];

/// A world, and a gate whose ports it is.
pub struct Hooking {
    /// The world.
    pub world: World,
    gate: Gate<World>,
    queue: Queue,
    /// Seconds from an invocation's beginning to its deadline.
    pub timeout_s: i64,
}

impl Hooking {
    /// A service that a version of it has been serving for two hours and a half when the story begins, at
    /// [`TEN`](crate::scene::TEN).
    #[must_use]
    pub fn of(service: Service, balancer: Balancer) -> Self {
        Self::with(&[], service, balancer)
    }

    /// As [`Hooking::of`], with variables in the function's environment.
    #[must_use]
    pub fn with(variables: &[(&str, &str)], service: Service, balancer: Balancer) -> Self {
        Self::over(variables, world(service, balancer))
    }

    /// A gate over any world, with variables in its environment.
    #[must_use]
    pub fn over(variables: &[(&str, &str)], world: World) -> Self {
        let read = |name: &str| {
            let own = variables.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
            own.or_else(|| (name == "TIDEGATE_TOPIC_ARN").then_some(TOPIC)).map(str::to_owned)
        };
        let host = Host { name: FUNCTION.to_owned(), memory_mib: 256, architecture: Architecture::X86_64 };
        let gate = Gate::new(world.clone(), Settings::read(read), host);
        Self { world, gate, queue: Queue::default(), timeout_s: 900 }
    }

    /// The same world, as a gate with other variables sees it.
    #[must_use]
    pub fn with_variables(&self, variables: &[(&str, &str)]) -> Self {
        Self { timeout_s: self.timeout_s, ..Self::over(variables, self.world.clone()) }
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
        // Boxed, as in the binary: a test's thread has less stack than the main one.
        Box::pin(self.gate.handle(event, &invocation)).await
    }

    /// As [`Hooking::invoke`], and what it is answered, as JSON.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn ask(&self, event: &Value) -> Value {
        let reply = self.invoke(event).await.unwrap_or_else(|error| panic!("{error}"));
        serde_json::to_value(reply).expect("JSON")
    }

    /// So many minutes, in which hooks are answered as they come.
    pub async fn run_for(&self, minutes: u32) {
        let end = self.world.lock().now + SignedDuration::from_mins(minutes.into());
        loop {
            let left = end.duration_since(self.world.lock().now).max(SignedDuration::ZERO);
            let Some(call) = self.world.next_call(left) else { return };
            self.answer(&call).await;
        }
    }

    /// The next call of the gate that a deployment waits for, within so many minutes.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn next_call(&self, minutes: i64) -> HookCall {
        self.world.next_call(SignedDuration::from_mins(minutes)).expect("a call")
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
        match call.caller {
            Caller::Ecs => {
                let answer = reply.map(|reply| serde_json::to_value(reply).expect("JSON"));
                let answer = answer.map_err(|error| json!({"errorMessage": error.to_string()}));
                self.world.lock().answer_native_hook(&call.execution, &answer);
            }
            Caller::CodeDeploy => self.go_on().await,
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

    /// Puts an event of EventBridge's into the queue.
    pub fn send(&mut self, event: &Value) {
        let now = self.world.lock().now;
        self.queue.send(event, now);
    }

    /// Hands the gate what the account has sent since, with whatever is still in the queue, in one batch.
    ///
    /// # Panics
    /// Where the batch fails as a whole.
    pub async fn deliver(&mut self) {
        for event in self.world.take_events() {
            let told = ["ECS Task State Change", "ECS Service Action"].iter().any(|own| event["detail-type"] == *own);
            // The template's rule lets nothing else through.
            if told {
                self.send(&event);
            }
        }
        let now = self.world.lock().now;
        let Some(batch) = self.queue.receive(now) else { return };
        let answer = self.ask(&batch).await;
        self.queue.answered(&answer);
    }

    /// Messages that are still in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Lets an operation fail, always.
    pub fn fails(&self, operation: &str, fault: Fault) {
        self.world.lock().faults.add(operation, fault, Times::Always);
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

    /// None of these was called.
    ///
    /// # Panics
    /// Where one was.
    pub fn never_called(&self, operations: &[&str]) {
        for operation in operations {
            assert_eq!(self.calls(operation), 0, "{operation}");
        }
    }

    /// The records so far, as `verdict reason`, each once in a row.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        self.world.records()
    }

    /// The newest record.
    #[must_use]
    pub fn record(&self) -> Value {
        self.world.record()
    }

    /// Rules that the newest record finds broken, or not kept yet.
    #[must_use]
    pub fn found(&self) -> Vec<String> {
        let record = self.record();
        let findings = record["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().filter_map(|finding| Some(finding["rule"].as_str()?.to_owned())).collect()
    }

    /// The body of the newest message.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn told(&self) -> String {
        self.world.lock().published.last().expect("a message").body.clone()
    }

    /// Subjects of the messages so far.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        self.world.subjects()
    }
}

/// The function as a hook at these stages of ECS's.
#[must_use]
pub fn at(stages: &[&str]) -> LifecycleHook {
    LifecycleHook::new(&format!("arn:aws:lambda:eu-west-1:123456789012:function:{FUNCTION}"), stages)
}
