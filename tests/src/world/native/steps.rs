//! How a deployment moves on, and how it ends.

use jiff::{SignedDuration, Timestamp};

use super::plan::Stage;
use super::{HookAnswer, Rollback, START, ServiceDeployment, ServiceRevision, Strategy, plan};
use crate::world::balancer::{Balancer, Running, TargetGroup};
use crate::world::version::Version;
use crate::world::{ACCOUNT, Account, REGION};

/// ECS tries again so often to start a task.
const RETRY: SignedDuration = SignedDuration::from_mins(1);

/// The circuit breaker ends a deployment after so many tasks that did not start.
const BREAKS_AFTER: u32 = 3;

impl Account {
    /// Begins a service deployment: its ARN.
    pub(in crate::world) fn create_service_deployment(
        &mut self,
        service: &str,
        version: Version,
        definition: String,
    ) -> String {
        let busy = self.native.deployments.iter().any(|own| own.service == service && own.in_progress());
        assert!(!busy, "{service} is being deployed");
        let configuration = self.native.configurations.get(service).cloned().unwrap_or_default();
        let number = self.next_number();
        let name = arn("service-deployment", &format!("{service}/{number:021}"));
        let failure = version.failure.clone();
        let (target, sources) = self.place_revision(service, version, configuration.strategy);
        self.failures.extend(failure.map(|failure| (target.clone(), failure)));
        let workload = self.workload_of(&definition);
        self.workloads.insert(target.clone(), workload);
        self.service(service).definition = Some(definition);
        let monitors_alarms = !configuration.alarms.iter().any(|alarm| self.in_alarm(alarm));
        self.native.deployments.push(ServiceDeployment {
            arn: name.clone(),
            service: service.to_owned(),
            strategy: configuration.strategy,
            status: "IN_PROGRESS",
            created: self.now,
            started: Some(self.now),
            finished: None,
            target,
            sources,
            target_percent: 0.0,
            alarms: configuration.alarms,
            monitors_alarms,
            triggered_alarms: Vec::new(),
            bake_minutes: configuration.bake_minutes,
            rollback: None,
            hooks: Vec::new(),
            plan: plan::forward(configuration.strategy, configuration.bake_minutes),
            position: 0,
            stage_began: None,
            configured: configuration.hooks,
            circuit_breaker: configuration.circuit_breaker,
            failed_tasks: (0, None),
        });
        let state = |status: &str, rollout: &str| (status.to_owned(), Some(rollout.to_owned()));
        self.service(service).deployments = vec![state("PRIMARY", "IN_PROGRESS"), state("ACTIVE", "COMPLETED")];
        self.send_deployment(service, &name, ("SERVICE_DEPLOYMENT_IN_PROGRESS", "ECS deployment in progress."));
        name
    }

    /// Makes a revision of a version, and puts its tasks behind the idle target group, or the only one: the ARNs of the new
    /// revision and of those that run already.
    fn place_revision(&mut self, service: &str, version: Version, strategy: Strategy) -> (String, Vec<String>) {
        let Some(at) = self.balancers.iter().position(|balancer| balancer.service == service) else {
            let old = self.service(service).revision.clone().unwrap_or_else(|| {
                let old = self.add_revision(service, Vec::new(), None);
                self.founded(service, &old);
                self.service(service).revision = Some(old.clone());
                old
            });
            return (self.add_revision(service, Vec::new(), None), vec![old]);
        };
        let balancer = &self.balancers[at];
        let running = balancer.groups.iter().flat_map(|group| &group.running);
        let sources: Vec<String> = running.clone().map(|running| running.id.clone()).collect();
        let tasks = running.map(|running| running.tasks).sum::<u32>();
        let rolling = strategy == Strategy::Rolling;
        let mut groups = balancer.groups.iter();
        let group = if rolling { groups.next() } else { groups.find(|group| group.running.is_empty()) };
        let group = group.unwrap_or_else(|| panic!("{service} has no idle target group")).arn.clone();
        let rule = (!rolling).then(|| balancer.production_rule().to_owned());
        let id = self.add_revision(service, vec![group.clone()], rule);
        // A rolling deployment takes its tasks from the old version's, one by one.
        let tasks = if rolling && !sources.is_empty() { 0 } else { tasks.max(self.service(service).desired) };
        // Until its stage comes, nothing starts.
        let (external_id, serves_from, seen) = (None, Timestamp::MAX, None);
        let placed = Running { id: id.clone(), external_id, status: "ACTIVE", version, tasks, serves_from, seen };
        self.balancers[at].group(&group).running.push(placed);
        (id, sources)
    }

    pub(in crate::world) fn add_revision(
        &mut self,
        service: &str,
        target_groups: Vec<String>,
        listener_rule: Option<String>,
    ) -> String {
        let number = self.next_number();
        let arn = arn("service-revision", &format!("{service}/{number:019}"));
        let service = service.to_owned();
        let balancer = self.balancers.iter().find(|balancer| balancer.service == service);
        let tests = balancer.and_then(Balancer::test_rule).filter(|_| listener_rule.is_some()).map(str::to_owned);
        self.native.revisions.push(ServiceRevision {
            arn: arn.clone(),
            service,
            target_groups,
            listener_rule,
            test_listener_rule: tests,
        });
        arn
    }

    /// Lets every deployment go as far as it can.
    pub(in crate::world) fn step_service_deployments(&mut self) {
        for index in 0..self.native.deployments.len() {
            if self.native.deployments[index].in_progress() {
                let mut deployment = self.native.deployments[index].clone();
                deployment.step(self);
                self.native.deployments[index] = deployment;
            }
        }
    }

    pub(in crate::world) fn roll_service_deployment_back(&mut self, arn: &str, reason: &str) {
        let index = self.native.deployments.iter().position(|own| own.arn == arn).expect("a deployment of ours");
        let mut deployment = self.native.deployments[index].clone();
        deployment.roll_back(self, "STOP_REQUESTED", reason);
        self.native.deployments[index] = deployment;
    }

    /// What a function returned for a hook, or the error that it ended in. False where nobody waits for it any more.
    pub fn answer_native_hook(&mut self, execution: &str, answer: &HookAnswer) -> bool {
        let now = self.now;
        let mut deployments = self.native.deployments.iter_mut().filter(|own| own.in_progress());
        let taken = deployments.any(|own| own.answer_hook(execution, answer, now));
        self.step_service_deployments();
        taken
    }
}

impl ServiceDeployment {
    fn step(&mut self, account: &mut Account) {
        let now = account.now;
        if self.rollback.is_some() {
            self.status = "ROLLBACK_IN_PROGRESS";
        } else if self.monitors_alarms {
            self.triggered_alarms = self.alarms.iter().filter(|alarm| account.in_alarm(alarm)).cloned().collect();
            if !self.triggered_alarms.is_empty() {
                let alarms = self.triggered_alarms.join(", ");
                self.roll_back(account, "ROLLBACK_IN_PROGRESS", &format!("Deployment alarms in ALARM: {alarms}."));
            }
        }
        while self.in_progress() {
            let Some(stage) = self.plan.get(self.position).copied() else {
                return self
                    .finish(account, if self.rollback.is_some() { "ROLLBACK_SUCCESSFUL" } else { "SUCCESSFUL" });
            };
            if self.stage_began.is_none() {
                self.enter(stage, account);
            }
            self.call_hooks(account);
            if let Some(why) = self.hooks.iter_mut().find_map(|hook| hook.failure.take()) {
                match &self.rollback {
                    Some(_) => self.finish(account, "ROLLBACK_FAILED"),
                    None => self.roll_back(account, "ROLLBACK_IN_PROGRESS", &why),
                }
                continue;
            }
            if stage.name == "SCALE_UP" && !self.start_tasks(account) {
                if self.rollback.is_some() {
                    continue;
                }
                return;
            }
            let since = now.duration_since(self.stage_began.unwrap_or(now));
            if self.strategy == Strategy::Rolling && stage.name == "SCALE_UP" {
                self.replace_tasks(account, since.as_secs_f64() / stage.lasts.as_secs_f64());
            }
            let starting = stage.name == "SCALE_UP" && !account.all_serve(&self.target);
            if starting || since < stage.lasts || self.open_hooks().next().is_some() {
                return;
            }
            self.position += 1;
            self.stage_began = None;
        }
    }

    /// Begins a stage: its share of the traffic, and its hooks.
    fn enter(&mut self, stage: Stage, account: &mut Account) {
        self.stage_began = Some(account.now);
        self.target_percent = stage.percent;
        if let Some((balancer, group)) = self.balancer(account) {
            if self.strategy != Strategy::Rolling && !self.sources.is_empty() {
                balancer.listener.shift(&group, stage.percent);
            }
            let tests = if self.rollback.is_some() { 0.0 } else { 100.0 };
            if let Some(listener) = balancer.test_listener.as_mut().filter(|_| stage.name == "TEST_TRAFFIC_SHIFT") {
                listener.shift(&group, tests);
            }
        }
        self.open_hooks_at(stage.name, account);
    }

    /// Whether the new revision's tasks start. Where their images can't be pulled, ECS tries again and again, unless the
    /// circuit breaker ends it.
    fn start_tasks(&mut self, account: &mut Account) -> bool {
        let now = account.now;
        if account.workload(&self.target).started.is_some() {
            return self.tasks_stay(account);
        }
        let started = account.start_workload(&self.service, &self.target);
        let target = self.target.clone();
        if let Some((balancer, group)) = self.balancer(account) {
            let running = balancer.group(&group).running.iter_mut().filter(|running| running.id == target);
            running.for_each(|running| running.serves_from = now + START);
        }
        let Err(why) = started else {
            account.send_service_task(&self.service, &self.target, None);
            return true;
        };
        self.stage_began = Some(now);
        let (count, last) = self.failed_tasks;
        if last.is_none_or(|last| last + RETRY <= now) {
            self.failed_tasks = (count + 1, Some(now));
            account.send_service_task(&self.service, &self.target, Some(why));
        }
        self.break_circuit(self.failed_tasks.0, account);
        false
    }

    /// Whether the circuit breaker does not end it for the tasks that have stopped.
    fn tasks_stay(&mut self, account: &mut Account) -> bool {
        let failed = account.fleets.get(&self.target).map_or(0, |fleet| fleet.failed);
        self.break_circuit(failed, account);
        self.rollback.is_none()
    }

    fn break_circuit(&mut self, failed: u32, account: &mut Account) {
        if self.circuit_breaker && failed >= BREAKS_AFTER && self.rollback.is_none() {
            let why = "ECS deployment circuit breaker: tasks failed to start.";
            account.send_deployment(&self.service, &self.arn, ("SERVICE_DEPLOYMENT_FAILED", why));
            self.roll_back(account, "ROLLBACK_IN_PROGRESS", why);
        }
    }

    /// The service's load balancer, and the ARN of the target group that the new revision is behind.
    fn balancer<'a>(&self, account: &'a mut Account) -> Option<(&'a mut Balancer, String)> {
        let balancer = account.balancers.iter_mut().find(|balancer| balancer.service == self.service)?;
        let behind = |group: &&TargetGroup| group.running.iter().any(|running| running.id == self.target);
        let group = balancer.groups.iter().find(behind)?.arn.clone();
        Some((balancer, group))
    }

    /// Gives the new revision this share of the tasks in the one target group.
    fn replace_tasks(&self, account: &mut Account, share: f64) {
        let serving = account.fleets.get(&self.target).map(|fleet| fleet.serving(account.now));
        let Some((balancer, group)) = self.balancer(account).filter(|_| !self.sources.is_empty()) else { return };
        let running = &mut balancer.group(&group).running;
        let all: u32 = running.iter().map(|running| running.tasks).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let new = (f64::from(all) * share.clamp(0.0, 1.0)) as u32;
        // The old ones stay for as long as the new ones do not serve.
        let new = serving.map_or(new, |serving| serving.min(new));
        for running in running {
            running.tasks = if running.id == self.target { new } else { all - new };
        }
    }

    fn roll_back(&mut self, account: &mut Account, status: &'static str, reason: &str) {
        self.hooks.iter_mut().filter(|hook| hook.status == "IN_PROGRESS").for_each(|hook| hook.status = "FAILED");
        let revision = self.sources.first().cloned();
        let rollback = |reason: &str| {
            Some(Rollback { reason: reason.to_owned(), started: account.now, revision: revision.clone() })
        };
        if revision.is_none() {
            self.rollback = rollback(&format!("{reason} No rollback candidate was found to run the rollback."));
            return self.finish(account, "ROLLBACK_FAILED");
        }
        self.rollback = rollback(reason);
        self.status = status;
        let back = revision.as_ref().and_then(|revision| account.workloads.get(revision));
        if let Some(definition) = back.map(|workload| workload.task_definition.clone()) {
            account.service(&self.service).definition = Some(definition);
        }
        let why = format!("{reason} Rolling back.");
        account.send_deployment(&self.service, &self.arn, ("SERVICE_DEPLOYMENT_IN_PROGRESS", &why));
        let rolling = self.strategy == Strategy::Rolling;
        self.plan = plan::back(if rolling { 0.0 } else { self.target_percent });
        self.position = 0;
        if rolling {
            self.replace_tasks(account, 0.0);
        }
        self.give_tests_back(account);
        // The traffic goes back at once, whatever takes its time after it.
        self.enter(self.plan[0], account);
    }

    /// The test listener goes back to what is behind the production one.
    fn give_tests_back(&self, account: &mut Account) {
        if let Some((balancer, group)) = self.balancer(account).filter(|_| !self.sources.is_empty()) {
            balancer.test_listener.iter_mut().for_each(|listener| listener.shift(&group, 0.0));
        }
    }

    fn finish(&mut self, account: &mut Account, status: &'static str) {
        self.status = status;
        self.finished = Some(account.now);
        let stays = |id: &str| (id == self.target) == (status == "SUCCESSFUL");
        let balancer = account.balancers.iter_mut().find(|balancer| balancer.service == self.service);
        for group in balancer.into_iter().flat_map(|balancer| &mut balancer.groups) {
            group.running.retain(|running| stays(&running.id));
            group.running.iter_mut().for_each(|running| running.status = "PRIMARY");
        }
        let service = account.service(&self.service);
        service.deployments = vec![("PRIMARY".to_owned(), Some("COMPLETED".to_owned()))];
        if status == "SUCCESSFUL" {
            service.revision = Some(self.target.clone());
        }
        if status != "ROLLBACK_FAILED" {
            let told = ("SERVICE_DEPLOYMENT_COMPLETED", "ECS deployment completed.");
            account.send_deployment(&self.service, &self.arn, told);
        }
    }
}

/// The ARN of something of ECS's.
pub(super) fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}")
}
