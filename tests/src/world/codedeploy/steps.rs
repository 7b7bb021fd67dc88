//! How a deployment moves on, and how it ends.

use jiff::SignedDuration;
use serde_json::json;

use super::{CodeDeployment, DeploymentGroup, Kept, LifecycleEvent, Shift};
use crate::world::Account;
use crate::world::balancer::{Balancer, Running};
use crate::world::hooks::{Caller, HookCall};
use crate::world::registry::manifest;
use crate::world::version::Version;

/// From the launch of a task set until it serves.
const START: SignedDuration = SignedDuration::from_secs(90);

/// ECS tries again so often to start a task.
const RETRY: SignedDuration = SignedDuration::from_mins(1);

/// CodeDeploy waits no longer for a task set.
const INSTALL_LIMIT: SignedDuration = SignedDuration::from_hours(1);

const NOT_STEADY: &str = "The deployment timed out while waiting for the replacement task set to become healthy. This \
    time out period is 60 minutes.";

/// A hook that has not been answered by then has failed.
const HOOK_LIMIT: SignedDuration = SignedDuration::from_secs(3600);

/// A roll-back goes on for so long after it has moved the traffic.
const ROLL_BACK_TAKES: SignedDuration = SignedDuration::from_mins(3);

const EVENTS: [&str; 8] = [
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
];

/// What came of an event.
enum Progress {
    Waits,
    Done,
    Failed(&'static str, &'static str),
}

impl Account {
    /// `CreateDeployment`, by a person: the id of the deployment.
    pub(in crate::world) fn create_code_deployment(
        &mut self,
        service: &str,
        version: Version,
        definition: String,
    ) -> String {
        let group = self.codedeploy.groups.iter().find(|group| group.service == service).cloned();
        let group = group.unwrap_or_else(|| panic!("{service} has no deployment group"));
        let busy = self.codedeploy.deployments.iter().any(|own| own.service == service && own.in_progress());
        assert!(!busy, "DeploymentLimitExceededException: {service} is being deployed");
        let balancer = self.balancer(service);
        let serving =
            balancer.groups.iter().max_by(|a, b| balancer.percent(&a.arn).total_cmp(&balancer.percent(&b.arn)));
        let from = serving.map_or_else(String::new, |group| group.arn.clone());
        let other = balancer.groups.iter().find(|group| group.arn != from);
        let to = other.unwrap_or_else(|| panic!("{service} has one target group only")).arn.clone();
        let tested = balancer.test_listener.is_some();
        self.found_deployments(&group, &from);
        let termination_wait = SignedDuration::from_mins(i64::from(group.termination_wait_minutes));
        let mut deployment = self.new_deployment(&group, "user", (from, to), (group.shift, definition));
        deployment.version = Some(version);
        deployment.termination_wait = termination_wait;
        let wanted = |name: &&&str| tested || !name.contains("TestTraffic");
        deployment.events = EVENTS.iter().filter(wanted).map(|name| LifecycleEvent::new(name, Some(&group))).collect();
        let id = deployment.id.clone();
        self.send_code_deployment(&deployment, "START");
        self.codedeploy.deployments.push(deployment);
        id
    }

    fn new_deployment(
        &mut self,
        group: &DeploymentGroup,
        creator: &'static str,
        (from, to): (String, String),
        (shift, task_definition): (Shift, String),
    ) -> CodeDeployment {
        let app_spec = app_spec(group, &task_definition);
        CodeDeployment {
            id: format!("d-{:09}", self.next_number()),
            application: group.application.clone(),
            group: group.name.clone(),
            service: group.service.clone(),
            config: shift.config(),
            status: "Created",
            creator,
            created: self.now,
            ended: None,
            error: None,
            rolled_back_by: None,
            rolls_back: None,
            events: Vec::new(),
            revision: manifest::digest(&app_spec).trim_start_matches("sha256:").to_owned(),
            app_spec,
            kept: group.kept,
            task_definition,
            to,
            from,
            shift,
            version: None,
            termination_wait: SignedDuration::ZERO,
            failed_task: None,
            given: None,
        }
    }

    /// What a service runs before its first deployment here was deployed once too, where anybody cares about its image.
    fn found_deployments(&mut self, group: &DeploymentGroup, from: &str) {
        let deployed = self.codedeploy.deployments.iter().any(|own| own.service == group.service);
        let running = self.balancer(&group.service).group(from).running.first().cloned();
        let Some(running) = running.filter(|_| !deployed) else { return };
        let workload = self.workload(&running.id).clone();
        if workload.images.iter().all(|own| own.image.is_none()) {
            return;
        }
        let parts = (String::new(), from.to_owned());
        let mut first = self.new_deployment(group, "user", parts, (group.shift, workload.task_definition));
        first.id = running.external_id.unwrap_or(first.id);
        first.created = self.service(&group.service).created;
        first.status = "Succeeded";
        first.ended = Some(first.created);
        self.codedeploy.deployments.push(first);
    }

    /// Lets every deployment go as far as it can.
    pub(in crate::world) fn step_code_deployments(&mut self) {
        for index in 0..self.codedeploy.deployments.len() {
            if self.codedeploy.deployments[index].in_progress() {
                let mut deployment = self.codedeploy.deployments[index].clone();
                deployment.step(self);
                self.codedeploy.deployments[index] = deployment;
            }
        }
    }

    pub(in crate::world) fn stop_code_deployment(&mut self, id: &str, roll_back: bool) {
        self.end_code_deployment(id, "Stopped", ("MANUAL_STOP", "The deployment was stopped by a user."), roll_back);
    }

    pub(in crate::world) fn answer_lifecycle_event(&mut self, id: &str, execution: &str, succeeded: bool) {
        let deployments = self.codedeploy.deployments.iter_mut().filter(|own| own.id == id);
        for event in deployments.flat_map(|own| &mut own.events) {
            if event.execution.as_deref() == Some(execution) {
                event.answer = Some(succeeded);
            }
        }
        self.step_code_deployments();
    }

    fn end_code_deployment(&mut self, id: &str, status: &'static str, error: (&'static str, &str), roll_back: bool) {
        let index = self.codedeploy.deployments.iter().position(|own| own.id == id).expect("a deployment of ours");
        let mut deployment = self.codedeploy.deployments[index].clone();
        deployment.end(self, status, error, roll_back);
        self.codedeploy.deployments[index] = deployment;
    }
}

impl CodeDeployment {
    fn step(&mut self, account: &mut Account) {
        let now = account.now;
        self.status = "InProgress";
        let group = self.deployment_group(account);
        let alarm = group.alarms.iter().find(|name| account.in_alarm(name));
        if let Some(alarm) = alarm.filter(|_| self.rolls_back.is_none()) {
            let message = format!(
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the \
                 affected deployments have been stopped. Activated alarms: <{alarm}>"
            );
            return self.end(account, "Stopped", ("ALARM_ACTIVE", &message), group.rolls_back);
        }
        while let Some(index) = self.events.iter().position(|event| event.ended.is_none()) {
            if self.events[index].started.is_none() {
                self.begin(index, account);
            }
            match self.progress(index, account) {
                Progress::Waits => return,
                Progress::Done => {
                    self.events[index].status = "Succeeded";
                    self.events[index].ended = Some(now);
                }
                Progress::Failed(code, message) => {
                    return self.end(account, "Failed", (code, message), group.rolls_back);
                }
            }
        }
        let shifted = self.events.last().and_then(|event| event.ended).unwrap_or(now);
        if now >= shifted + self.termination_wait {
            account.balancer(&self.service).group(&self.from).running.clear();
            account.service(&self.service).definition = Some(self.task_definition.clone());
            self.status = "Succeeded";
            self.ended = Some(now);
        }
    }

    fn begin(&mut self, index: usize, account: &mut Account) {
        let now = account.now;
        let number = account.next_number();
        let event = &mut self.events[index];
        event.started = Some(now);
        event.status = "InProgress";
        if let Some(function) = &event.function {
            let execution = format!("{}-{}-{number}", self.id, event.name);
            let payload = json!({"DeploymentId": self.id, "LifecycleEventHookExecutionId": execution});
            event.execution = Some(execution.clone());
            let function = function.clone();
            let call = HookCall { at: now, caller: Caller::CodeDeploy, function, execution, payload };
            account.hooks_due.push_back(call);
        }
        if let ("Install", Some(version)) = (event.name, self.version.clone()) {
            let balancer = account.balancer(&self.service);
            let tasks = balancer.group(&self.from).running.iter().map(|running| running.tasks).sum::<u32>().max(1);
            // What an earlier deployment may have left there goes.
            let id = format!("ecs-svc/{number:019}");
            let failure = version.failure.clone();
            balancer.group(&self.to).running = vec![Running {
                id: id.clone(),
                external_id: Some(self.id.clone()),
                status: "ACTIVE",
                version,
                tasks,
                serves_from: now + START,
                seen: None,
            }];
            account.failures.extend(failure.map(|failure| (id.clone(), failure)));
            let workload = account.workload_of(&self.task_definition);
            account.workloads.insert(id, workload);
        }
    }

    fn progress(&mut self, index: usize, account: &mut Account) -> Progress {
        let now = account.now;
        let event = self.events[index].clone();
        let since = now.duration_since(event.started.unwrap_or(now));
        match event.name {
            "Install" => self.install(account, since),
            "AllowTestTraffic" => {
                let balancer = account.balancer(&self.service);
                balancer.test_listener.iter_mut().for_each(|listener| listener.shift(&self.to, 100.0));
                Progress::Done
            }
            "AllowTraffic" => {
                let percent = self.shift.percent(since);
                // Between its steps it moves nothing, whoever else does.
                if self.given.replace(percent) != Some(percent) {
                    self.give(account.balancer(&self.service), percent);
                }
                if percent >= 100.0 { Progress::Done } else { Progress::Waits }
            }
            _ if event.function.is_none() => Progress::Done,
            _ => match event.answer {
                Some(true) => Progress::Done,
                Some(false) => Progress::Failed("HOOK_EXECUTION_FAILURE", "A lifecycle event hook reported Failed."),
                None if since >= HOOK_LIMIT => {
                    Progress::Failed("TIMEOUT", "A lifecycle event hook was not answered within one hour.")
                }
                None => Progress::Waits,
            },
        }
    }

    /// Waits for the new task set, whose definition CodeDeploy has not looked at before.
    fn install(&mut self, account: &mut Account, since: SignedDuration) -> Progress {
        let now = account.now;
        if self.version.is_some() && account.usable_definition(&self.task_definition).is_err() {
            let why = "The ECS service cannot be updated: TaskDefinition is inactive";
            return Progress::Failed("ECS_UPDATE_ERROR", why);
        }
        let started = self.start_tasks(account);
        let running = account.balancer(&self.service).group(&self.to).running.clone();
        let steady = running.iter().all(|own| own.serves_from <= now && account.all_serve(&own.id));
        match started && steady {
            true => Progress::Done,
            false if since >= INSTALL_LIMIT => Progress::Failed("TIMEOUT", NOT_STEADY),
            false => Progress::Waits,
        }
    }

    /// Whether the new task set's tasks start. Where their images can't be pulled, ECS tries again and again.
    fn start_tasks(&mut self, account: &mut Account) -> bool {
        let now = account.now;
        let waiting = account.balancer(&self.service).group(&self.to).running.first().map(|own| own.id.clone());
        let waiting = waiting.filter(|id| account.workload(id).started.is_none());
        let Some(id) = waiting else { return true };
        let started = account.start_workload(&self.service, &id);
        account.balancer(&self.service).group(&self.to).running[0].serves_from = now + START;
        let Err(why) = started else {
            account.send_service_task(&self.service, &id, None);
            return true;
        };
        if self.failed_task.is_none_or(|last| last + RETRY <= now) {
            self.failed_task = Some(now);
            account.send_service_task(&self.service, &id, Some(why));
        }
        false
    }

    /// Gives the new version its share; with all of it, it is the primary one.
    fn give(&self, balancer: &mut Balancer, percent: f64) {
        balancer.listener.shift(&self.to, percent);
        if percent >= 100.0 {
            balancer.group(&self.to).running.iter_mut().for_each(|running| running.status = "PRIMARY");
            balancer.group(&self.from).running.iter_mut().for_each(|running| running.status = "ACTIVE");
        }
    }

    fn end(&mut self, account: &mut Account, status: &'static str, (code, message): (&'static str, &str), back: bool) {
        let now = account.now;
        self.status = status;
        self.ended = Some(now);
        self.error = Some((code, message.to_owned()));
        for event in self.events.iter_mut().filter(|event| event.ended.is_none()) {
            event.status = if event.started.is_some() && status == "Failed" { "Failed" } else { "Skipped" };
            event.ended = event.started.map(|_| now);
        }
        let installed = !account.balancer(&self.service).group(&self.to).running.is_empty();
        if back && installed && self.rolls_back.is_none() {
            self.roll_back(account);
        }
    }

    /// A deployment of its own, in which the two target groups have the other's part.
    fn roll_back(&mut self, account: &mut Account) {
        let group = self.deployment_group(account);
        let parts = (self.to.clone(), self.from.clone());
        let blue = account.balancer(&self.service).group(&self.from).running.first().map(|own| own.id.clone());
        let definition = blue.map(|id| account.workload(&id).task_definition.clone()).unwrap_or_default();
        let shift = (Shift::AllAtOnce, definition);
        let mut back = account.new_deployment(&group, "codeDeployRollback", parts, shift);
        back.rolls_back = Some(self.id.clone());
        back.termination_wait = ROLL_BACK_TAKES;
        let hooks = group.hooks_on_roll_back.then_some(&group);
        let wanted = EVENTS.iter().filter(|name| !name.contains("TestTraffic"));
        back.events = wanted.map(|name| LifecycleEvent::new(name, hooks)).collect();
        self.rolled_back_by = Some(back.id.clone());
        let balancer = account.balancer(&self.service);
        balancer.test_listener.iter_mut().for_each(|listener| listener.shift(&self.from, 100.0));
        account.codedeploy.deployments.push(back);
    }

    fn deployment_group(&self, account: &Account) -> DeploymentGroup {
        let group = account.get_deployment_group(&self.application, &self.group);
        group.unwrap_or_else(|error| panic!("{}", error.message)).clone()
    }
}

/// An AppSpec: JSON, or YAML where it is a file.
fn app_spec(group: &DeploymentGroup, task_definition: &str) -> String {
    // In the order of the events, as people write them.
    let named = EVENTS.iter().filter_map(|event| Some((event, group.hooks.get(*event)?)));
    if group.kept == Kept::InS3 {
        let hooks: Vec<String> = named.map(|(event, function)| format!("  - {event}: \"{function}\"\n")).collect();
        let hooks = if hooks.is_empty() { String::new() } else { format!("Hooks:\n{}", hooks.concat()) };
        return format!(
            "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        \
             TaskDefinition: \"{task_definition}\"\n        LoadBalancerInfo:\n          ContainerName: \"app\"\n          \
             ContainerPort: 8080\n{hooks}"
        );
    }
    let hooks: Vec<_> = named.map(|(event, function)| json!({*event: function})).collect();
    let behind = json!({"ContainerName": "app", "ContainerPort": 8080});
    let properties = json!({"TaskDefinition": task_definition, "LoadBalancerInfo": behind});
    let service = json!({"Type": "AWS::ECS::Service", "Properties": properties});
    json!({"version": 0.0, "Resources": [{"TargetService": service}], "Hooks": hooks}).to_string()
}

impl LifecycleEvent {
    fn new(name: &'static str, group: Option<&DeploymentGroup>) -> Self {
        let scripted = !matches!(name, "Install" | "AllowTestTraffic" | "AllowTraffic");
        let function = group.filter(|_| scripted).and_then(|group| group.hooks.get(name).cloned());
        Self { name, status: "Pending", started: None, ended: None, function, execution: None, answer: None }
    }
}
