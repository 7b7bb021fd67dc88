//! The tasks of one version of a service, one by one, where something happens to them: they are started, fail, and are
//! started again, as ECS does it.
//!
//! A task is pending for half a minute, and serves a minute after that. Of a version that is well nothing is kept here:
//! its tasks follow from its count.

use jiff::{SignedDuration, Timestamp};

use super::balancer::Seen;
use super::failures::{Failure, Kind};
use super::tasks::{Task, arn};
use super::{Account, World};

/// From the launch of a task until it runs.
const RUNS: SignedDuration = SignedDuration::from_secs(30);

/// From the launch of a task until the load balancer finds it healthy.
const SERVES: SignedDuration = SignedDuration::from_secs(90);

/// From the end of a task until the next one is launched.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// ECS waits before it starts the next one after tasks that never ran.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html>
const THROTTLED: SignedDuration = SignedDuration::from_mins(1);

/// A service's event about something that goes on comes again after so long.
const REPEATED: SignedDuration = SignedDuration::from_mins(5);

/// After so many failures ECS says that it can't start tasks consistently.
const IMPAIRED_AFTER: u32 = 3;

const SEE: &str = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// The tasks of a task set, or of a service revision.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// `cluster/name` of the service.
    pub service: String,
    /// How many there should be.
    pub wanted: u32,
    /// How many have met their end.
    pub failed: u32,
    members: Vec<Member>,
    failure: Failure,
    /// How many were told what becomes of them.
    fated: u32,
    launched: u32,
    next_launch: Timestamp,
    /// When the service said last why there is no task, or only a pending one.
    complained: Option<Timestamp>,
    steady: bool,
}

#[derive(Clone, Debug)]
struct Member {
    task: Task,
    fate: Option<Kind>,
    /// When it meets its fate.
    ends: Option<Timestamp>,
}

impl World {
    /// This becomes of the tasks of a service that run now, and of those that are started after them: of all, or of
    /// [`Failure::times`]. Those that run exit with 1, where what happens can happen to a new task only.
    pub fn crash(&self, service: &str, failure: Failure) {
        self.lock().crash(service, failure);
    }
}

impl Account {
    fn crash(&mut self, service: &str, failure: Failure) {
        let now = self.now;
        let id = self.serving_id(service);
        let wanted = self.wanted_tasks(service, &id);
        let workload = self.workload(&id).clone();
        let created = workload.started.unwrap_or(now);
        let own = self.service(service).clone();
        let mut members: Vec<Member> = match self.fleets.remove(&id) {
            Some(fleet) => fleet.members,
            None => (0..wanted)
                .map(|number| self.service_task(&own, &id, number, &workload, created))
                .map(|task| Member { task, fate: None, ends: None })
                .collect(),
        };
        let affected = failure.times.unwrap_or(u32::MAX);
        let (mut fated, ends) = (0, Some(now + failure.after));
        for member in members.iter_mut().filter(|member| member.ends.is_none()).take(affected as usize) {
            let exits = matches!(failure.kind, Kind::Exits(..) | Kind::FailsHealthChecks);
            member.fate = Some(if exits { failure.kind.clone() } else { Kind::Exits(1, None) });
            member.ends = ends;
            fated += u32::from(exits);
        }
        let launched = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let (service, next_launch, complained) = (service.to_owned(), now, None);
        let fleet = Fleet {
            service,
            wanted,
            failed: 0,
            members,
            failure,
            fated,
            launched,
            next_launch,
            complained,
            steady: false,
        };
        self.fleets.insert(id, fleet);
        self.step_fleets();
    }

    /// What of a service serves now: a task set, or a service revision, which every service has that somebody looks at.
    fn serving_id(&mut self, service: &str) -> String {
        let balancer = self.balancers.iter().find(|balancer| balancer.service == service);
        if let Some(balancer) = balancer {
            let serving = balancer.groups.iter().filter(|group| !group.running.is_empty());
            let most = serving.max_by(|a, b| balancer.percent(&a.arn).total_cmp(&balancer.percent(&b.arn)));
            let running = most.and_then(|group| group.running.iter().max_by_key(|running| running.tasks));
            return running.unwrap_or_else(|| panic!("nothing of {service} runs")).id.clone();
        }
        if let Some(revision) = self.service(service).revision.clone() {
            return revision;
        }
        let revision = self.add_revision(service, Vec::new(), None);
        self.service(service).revision = Some(revision.clone());
        self.founded(service, &revision);
        revision
    }

    fn wanted_tasks(&mut self, service: &str, id: &str) -> u32 {
        let balancer = self.balancers.iter().find(|balancer| balancer.service == service);
        let group =
            balancer.and_then(|own| own.groups.iter().find(|group| group.running.iter().any(|own| own.id == id)));
        let own = group.and_then(|group| group.running.iter().find(|own| own.id == id)).map_or(0, |own| own.tasks);
        let all = group.map_or(0, |group| group.running.iter().map(|own| own.tasks).sum());
        // A rolling deployment takes its tasks from the old version's.
        [own, all, self.service(service).desired].into_iter().find(|tasks| *tasks > 0).unwrap_or(1)
    }

    /// The first tasks of a version that does not just run are started.
    pub(super) fn launch(&mut self, service: &str, id: &str) {
        let Some(failure) = self.failures.get(id).cloned().filter(|_| !self.fleets.contains_key(id)) else { return };
        let wanted = self.wanted_tasks(service, id);
        let fleet = Fleet {
            service: service.to_owned(),
            wanted,
            failed: 0,
            members: Vec::new(),
            failure,
            fated: 0,
            launched: 0,
            next_launch: self.now,
            complained: None,
            steady: false,
        };
        self.fleets.insert(id.to_owned(), fleet);
        self.step_fleets();
    }

    /// Lets every fleet go as far as it can.
    pub(super) fn step_fleets(&mut self) {
        for id in self.fleets.keys().cloned().collect::<Vec<_>>() {
            let Some(mut fleet) = self.fleets.remove(&id) else { continue };
            if self.is_gone(&fleet.service, &id) {
                fleet.stop_all(&id, self);
                continue;
            }
            fleet.step(&id, self);
            let seen = fleet.seen(self.now);
            let running =
                self.balancers.iter_mut().flat_map(|own| &mut own.groups).flat_map(|group| &mut group.running);
            running.filter(|running| running.id == id).for_each(|running| running.seen = Some(seen));
            self.fleets.insert(id, fleet);
        }
    }

    fn is_gone(&self, service: &str, id: &str) -> bool {
        if let Some(balancer) = self.balancers.iter().find(|balancer| balancer.service == service) {
            return !balancer.groups.iter().any(|group| group.running.iter().any(|running| running.id == id));
        }
        let current = self.services.iter().any(|own| own.id() == service && own.revision.as_deref() == Some(id));
        let mut deployments = self.native.deployments.iter().filter(|own| own.in_progress() && own.service == service);
        !current && !deployments.any(|own| own.target == id || own.sources.iter().any(|source| source == id))
    }

    /// Whether all the tasks serve that there should be.
    pub(super) fn all_serve(&self, id: &str) -> bool {
        self.fleets.get(id).is_none_or(|fleet| fleet.seen(self.now).healthy >= fleet.wanted)
    }

    /// Tasks that run, and those that are pending, as `DescribeServices` counts them.
    #[must_use]
    pub fn counts(&self, service: &super::service::Service) -> (u32, u32) {
        let id = service.id();
        let balancer = self.balancers.iter().find(|balancer| balancer.service == id);
        let behind = balancer.into_iter().flat_map(|own| own.groups.iter().flat_map(|group| &group.running));
        let primary = behind.filter(|running| running.status == "PRIMARY").map(|running| running.id.as_str()).next();
        let fleet = primary.or(service.revision.as_deref()).and_then(|id| self.fleets.get(id));
        let count = |status| {
            let tasks = fleet.into_iter().flat_map(Fleet::tasks).filter(|task| task.last_status == status);
            u32::try_from(tasks.count()).unwrap_or(u32::MAX)
        };
        if fleet.is_some() { (count("RUNNING"), count("PENDING")) } else { (service.running(), service.pending()) }
    }

    /// The ARN of the target group that a task set or a service revision is behind.
    fn group_of_workload(&self, id: &str) -> Option<String> {
        let mut groups = self.balancers.iter().flat_map(|own| &own.groups);
        groups.find(|group| group.running.iter().any(|own| own.id == id)).map(|group| group.arn.clone())
    }

    /// An event of a service, in its own words.
    pub(super) fn service_says(&mut self, service: &str, what: &str) {
        let now = self.now;
        let own = self.service(service);
        let message = format!("(service {}) {what}", own.name);
        own.events.push((now, message));
    }
}

impl Fleet {
    /// Its tasks that should run.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.members.iter().map(|member| &member.task)
    }

    /// How many serve.
    pub(super) fn serving(&self, now: Timestamp) -> u32 {
        self.seen(now).healthy
    }

    /// How its targets stand.
    fn seen(&self, now: Timestamp) -> Seen {
        let mut seen = Seen::default();
        for member in self.members.iter().filter(|member| member.task.last_status == "RUNNING") {
            let served = now.duration_since(member.task.created);
            match member.fate {
                _ if served < SERVES => seen.initial += 1,
                Some(Kind::FailsHealthChecks) => seen.unhealthy += 1,
                _ => seen.healthy += 1,
            }
        }
        seen
    }

    fn step(&mut self, id: &str, account: &mut Account) {
        let now = account.now;
        for member in &mut self.members {
            let runs = member.task.created + RUNS;
            let waits = matches!(member.fate, Some(Kind::Pending(_) | Kind::DoesNotStart(_)));
            if member.task.last_status == "PENDING" && runs <= now && !waits {
                member.task.last_status = "RUNNING";
                member.task.started = Some(runs);
                account.send_task(&member.task, runs);
            }
        }
        let (over, left) = self.members.drain(..).partition(|member| member.ends.is_some_and(|ends| ends <= now));
        self.members = left;
        let over: Vec<Member> = over;
        for member in over {
            self.end(member, id, account);
        }
        self.start(id, account);
        let steady = self.seen(now).healthy >= self.wanted;
        let ends = self.members.iter().any(|member| member.ends.is_some());
        if steady && !ends && !self.steady {
            account.service_says(&self.service, "has reached a steady state.");
            account.send_service_action(&self.service, ("INFO", "SERVICE_STEADY_STATE"), None);
        }
        self.steady = steady && !ends;
    }

    fn end(&mut self, member: Member, id: &str, account: &mut Account) {
        let now = account.now;
        let Member { mut task, fate, ends } = member;
        let at = ends.unwrap_or(now);
        let group = account.group_of_workload(id);
        match fate {
            Some(Kind::Exits(code, reason)) => {
                task.stop("EssentialContainerExited", "Essential container in task exited".to_owned());
                task.exit_code = Some(code);
                task.container_reason = reason;
                self.next_launch = at + AGAIN;
            }
            Some(Kind::DoesNotStart(why)) => {
                task.fail(why);
                self.next_launch = at + THROTTLED;
            }
            Some(Kind::FailsHealthChecks) => {
                let group = group.clone().unwrap_or_default();
                task.stop(
                    "ServiceSchedulerInitiated",
                    format!("Task failed ELB health checks in (target-group {group})"),
                );
                task.exit_code = Some(143);
                self.next_launch = at + AGAIN;
                let why = "Health checks failed with these codes: [503]";
                let what = format!("(port 8080) is unhealthy in (target-group {group}) due to (reason {why}).");
                account.service_says(&self.service, &what);
                account.service_says(&self.service, &format!("has stopped 1 running tasks: (task {}).", task.id()));
            }
            Some(Kind::Pending(_) | Kind::Unplaced(_)) | None => {}
        }
        task.last_status = "STOPPED";
        task.stopping = Some(at);
        task.ended = Some(at);
        account.send_task(&task, at);
        if let Some(group) = group.filter(|_| task.started.is_some()) {
            account.service_says(&self.service, &format!("deregistered 1 targets in (target-group {group})"));
        }
        account.tasks.push(task);
        self.failed += 1;
        if self.failed.is_multiple_of(IMPAIRED_AFTER) && self.failure.times.is_none() {
            account.service_says(&self.service, &format!("is unable to consistently start tasks successfully. {SEE}"));
            account.send_service_action(&self.service, ("WARN", "SERVICE_TASK_START_IMPAIRED"), None);
        }
    }

    /// Launches what is missing.
    fn start(&mut self, id: &str, account: &mut Account) {
        let now = account.now;
        let missing = self.wanted.saturating_sub(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
        if missing == 0 || now < self.next_launch {
            self.complain(self.members.iter().find_map(|member| member.fate.clone()), account);
            return;
        }
        let mut launched = Vec::new();
        for _ in 0..missing {
            let fate = self.failure.of_task(self.fated);
            self.fated += 1;
            if let Some(Kind::Unplaced(_)) = fate {
                self.fated -= 1;
                self.complain(fate, account);
                break;
            }
            let member = self.member(id, fate, account);
            launched.push(format!("(task {})", member.task.id()));
            account.send_task(&member.task, now);
            self.members.push(member);
        }
        if !launched.is_empty() {
            let (count, tasks) = (launched.len(), launched.join(" "));
            account.service_says(&self.service, &format!("has started {count} tasks: {tasks}."));
        }
        self.complain(self.members.iter().find_map(|member| member.fate.clone()), account);
    }

    fn member(&mut self, id: &str, fate: Option<Kind>, account: &mut Account) -> Member {
        let now = account.now;
        let workload = account.workload(id).clone();
        let service = account.service(&self.service).clone();
        let mut task = account.service_task(&service, id, self.launched, &workload, now);
        task.arn = arn(&service.cluster, &format!("task {} launched of {id}", self.launched));
        task.last_status = "PENDING";
        task.started = None;
        self.launched += 1;
        let ends = match &fate {
            Some(Kind::Exits(..)) => Some(now + RUNS + self.failure.after),
            Some(Kind::FailsHealthChecks) => Some(now + SERVES + self.failure.after),
            Some(Kind::DoesNotStart(_)) => Some(now + RUNS),
            Some(Kind::Pending(_) | Kind::Unplaced(_)) | None => None,
        };
        Member { task, fate, ends }
    }

    /// Says from time to time why there is no task, or only a pending one.
    fn complain(&mut self, fate: Option<Kind>, account: &mut Account) {
        let now = account.now;
        if self.complained.is_some_and(|last| now < last + REPEATED) {
            return;
        }
        match fate {
            Some(Kind::Pending(event)) => account.service_says(&self.service, &event),
            Some(Kind::Unplaced(reason)) => {
                account.service_says(&self.service, &format!("was unable to place a task. Reason: {reason}. {SEE}"));
                let action = ("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE");
                account.send_service_action(&self.service, action, Some("RESOURCE:FARGATE"));
            }
            _ => return,
        }
        self.complained = Some(now);
    }

    /// The version goes, and its tasks with it.
    fn stop_all(&mut self, id: &str, account: &mut Account) {
        let now = account.now;
        let why = format!("Scaling activity initiated by (deployment {})", account.starter_of(id));
        for Member { mut task, .. } in self.members.drain(..) {
            task.stop("ServiceSchedulerInitiated", why.clone());
            task.exit_code = task.started.map(|_| 143);
            task.last_status = "STOPPED";
            task.stopping = Some(now);
            task.ended = Some(now);
            account.send_task(&task, now);
            account.tasks.push(task);
        }
    }
}
