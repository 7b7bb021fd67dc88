//! Whether stops are an incident, and whether that is news.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::diagnosis::{Class, Diagnosis, Task, grouped, of_event, of_task};
use crate::verdict::Verdict;
use crate::words::counted;

use super::facts::Facts;
use super::{Incident, Level, Policy, Reason};

/// A message of the service within this time of an event is that event's.
const SAME_EVENT: SignedDuration = SignedDuration::from_mins(1);

/// Judges what a batch tells of one service. The order of what it tells does not matter, nor whether it is told twice.
#[must_use]
pub fn judge(facts: &Facts, policy: &Policy, now: Timestamp) -> Incident {
    let history = History::new(facts, policy, now);
    let told: BTreeMap<&str, &Task> = facts.stops.iter().map(|task| (key(task), history.task(task))).collect();
    let stops = grouped(told.into_values());
    let events: BTreeMap<_, _> =
        facts.events.iter().filter_map(|event| Some((event.message.as_str(), of_event(&event.message)?))).collect();
    let events: Vec<Diagnosis> = events.into_values().filter(|event| !event.class.is_expected()).collect();
    let unexpected = stops.iter().filter(|group| !group.diagnosis.class.is_expected());
    let count: u32 = unexpected.clone().map(|group| group.count).sum();
    let plain = |reason: Reason, why: String| {
        let incident = Incident::plain(Verdict::Pass, reason, why);
        Incident { stops: stops.clone(), events: events.clone(), ..incident }
    };
    if count == 0 && events.is_empty() {
        let Some(group) = stops.first() else {
            return plain(Reason::NothingWrong, "nothing that was told is wrong".to_owned());
        };
        let all = stops.iter().map(|group| group.count).sum::<u32>();
        return plain(Reason::ExpectedStop, format!("{} stopped: {}", counted(all, "task"), group.diagnosis.cause));
    }
    if facts.desired == 0 {
        return plain(Reason::NoneWanted, "no task is wanted any more".to_owned());
    }
    let told = history.told(&facts.stops);
    let level = told.iter().map(|at| history.level(*at)).chain([history.level(now)]).max().unwrap_or_default();
    // An event tells of tasks that could not be started, so that what is missing is missing for that.
    let lacking = history.lacking(now);
    let level = match (events.is_empty(), lacking) {
        (true, _) | (false, 0) => level,
        (false, _) => level.max(history.level_of(now, lacking)),
    };
    let cause = unexpected.map(|group| &group.diagnosis).chain(&events).next();
    let cause = cause.map_or_else(String::new, |diagnosis| diagnosis.cause.clone());
    if facts.deploying && level != Level::P1 {
        return plain(
            Reason::Deploying,
            format!("a deployment is in progress, whose own gate looks at its tasks; {cause}"),
        );
    }
    let (desired, running) = (facts.desired, history.running(now));
    let (reason, what) = match level {
        Level::None => {
            return plain(Reason::NothingWrong, format!("{running} of {} run; {cause}", counted(desired, "task")));
        }
        Level::P1 if running > 0 => {
            (Reason::AllStopped, format!("all tasks had stopped, and {running} of {desired} run again"))
        }
        Level::P1 => (Reason::AllStopped, format!("none of {} runs", counted(desired, "task"))),
        Level::P2 => {
            let healthy = history.healthy(now);
            (Reason::MostUnhealthy, format!("{healthy} of {} are healthy", counted(desired, "task")))
        }
        Level::P3 if count == 0 => (Reason::NotStarted, format!("{running} of {} run", counted(desired, "task"))),
        Level::P3 => (Reason::TaskStopped, format!("{} stopped", counted(count, "task"))),
    };
    let classes = stops.iter().map(|group| group.diagnosis.class).filter(|class| !class.is_expected());
    let classes: BTreeSet<Class> = classes.chain(events.iter().map(|event| event.class)).collect();
    let of_events = facts.events.iter().filter(|event| of_event(&event.message).is_some()).map(|event| event.at);
    let first = told.iter().copied().chain(of_events).min().unwrap_or(now);
    let is_news = history.is_news(level, &classes, first);
    let why = format!("{}: {what}; {cause}", level.as_str());
    Incident { verdict: Verdict::Fail, reason, why, level, is_news, stops, events }
}

/// What names a task. Its ARN, in every message of ECS.
fn key(task: &Task) -> &str {
    &task.task_arn
}

/// How the service stood at each moment of the last hour, from the times of its tasks.
struct History<'a> {
    tasks: BTreeMap<&'a str, &'a Task>,
    /// Stops that should not have been, with their class, the first first.
    failures: Vec<(Timestamp, Class)>,
    /// What the service's events said that is wrong, with its class.
    messages: Vec<(Timestamp, Class)>,
    running_now: u32,
    unhealthy_now: u32,
    desired: u32,
    together: SignedDuration,
    now: Timestamp,
}

impl<'a> History<'a> {
    fn new(facts: &'a Facts, policy: &Policy, now: Timestamp) -> Self {
        // What was read may be older than what was told, or newer. Of two a task that has stopped is the newer one, and
        // of two that have, the one that says more.
        let known =
            |task: &Task| (task.has_stopped(), task.stopped_at, task.stopped_reason.clone(), format!("{task:?}"));
        let mut tasks: BTreeMap<&str, &Task> = BTreeMap::new();
        for task in facts.tasks.iter().chain(&facts.stops) {
            let kept = tasks.entry(key(task)).or_insert(task);
            if known(task) > known(kept) {
                *kept = task;
            }
        }
        let stopped = tasks.values().filter(|task| task.has_stopped());
        let failures = stopped.map(|task| (task.ended_at().unwrap_or(now), of_task(task).class));
        let mut failures: Vec<_> = failures.filter(|(_, class)| !class.is_expected()).collect();
        failures.sort_unstable();
        let runs = tasks.values().filter(|task| runs(task));
        let listed = count(runs.clone());
        let running_now = if facts.tasks_left_out { facts.running } else { facts.running.min(listed) };
        let by_container = count(runs.filter(|task| task.health_status == "UNHEALTHY"));
        // A task may have a port in more than one target; it is counted once, with what is wrong with it.
        let targets = facts.targets.iter().filter(|target| target.state == "unhealthy");
        let by_target = count(targets.map(|target| &target.target).collect::<BTreeSet<_>>());
        let unhealthy_now = by_container.max(by_target);
        let together = SignedDuration::from_secs(policy.together_s.into());
        let messages = facts.messages.iter().filter_map(|event| Some((event.at, of_event(&event.message)?.class)));
        let messages = messages.collect();
        Self { tasks, failures, messages, running_now, unhealthy_now, desired: facts.desired, together, now }
    }

    /// A task as it is known best.
    fn task<'b>(&'b self, task: &'b Task) -> &'b Task {
        self.tasks.get(key(task)).copied().unwrap_or(task)
    }

    /// When those of these tasks stopped that should not have.
    fn told(&self, stops: &[Task]) -> Vec<Timestamp> {
        let stops = stops.iter().map(|task| self.task(task)).filter(|task| !of_task(task).class.is_expected());
        let times: BTreeSet<Timestamp> = stops.map(|task| task.ended_at().unwrap_or(self.now)).collect();
        times.into_iter().collect()
    }

    /// Tasks that ran at a moment.
    fn running(&self, at: Timestamp) -> u32 {
        if at >= self.now {
            return self.running_now;
        }
        let since = |time: Option<Timestamp>| time.is_some_and(|time| time > at && time <= self.now);
        let tasks = self.tasks.values();
        let started = count(tasks.clone().filter(|task| runs(task) && since(task.started_at)));
        // Those that ran then, and have stopped since.
        let ran = |task: &&&Task| task.started_at.is_some_and(|started| started <= at);
        let stopped = count(tasks.filter(|task| !runs(task) && since(task.ended_at())).filter(ran));
        self.running_now.saturating_sub(started) + stopped
    }

    /// Tasks that ran and were healthy. Of the health of before nothing is known; it is taken for what it is now.
    fn healthy(&self, at: Timestamp) -> u32 {
        self.running(at).saturating_sub(self.unhealthy_now)
    }

    /// Tasks that should run and be healthy, and are not.
    fn lacking(&self, at: Timestamp) -> u32 {
        self.desired.saturating_sub(self.healthy(at))
    }

    /// Stops that should not have been, that belong to this moment.
    fn failures(&self, at: Timestamp) -> impl Iterator<Item = &(Timestamp, Class)> {
        self.failures.iter().filter(move |(time, _)| *time <= at && *time > at - self.together)
    }

    /// How bad it was.
    fn level(&self, at: Timestamp) -> Level {
        let failed = count(self.failures(at));
        if failed == 0 {
            return Level::None;
        }
        // Tasks that are only about to start, because the service grows, are not gone.
        let unhealthy = self.unhealthy_now.min(self.running(at));
        self.level_of(at, self.lacking(at).min(failed + unhealthy))
    }

    /// How bad it is that so many tasks are gone or unhealthy.
    fn level_of(&self, at: Timestamp, gone: u32) -> Level {
        match () {
            () if self.running(at) == 0 => Level::P1,
            () if gone.saturating_mul(2) > self.desired => Level::P2,
            () => Level::P3,
        }
    }

    /// Whether it had not come to this, or not for this, before a moment.
    fn is_news(&self, level: Level, classes: &BTreeSet<Class>, first: Timestamp) -> bool {
        let before = self.failures.iter().filter(|(time, _)| *time < first && *time >= first - self.together);
        let (mut worst, mut known) = (Level::None, BTreeSet::new());
        for (time, class) in before {
            worst = worst.max(self.level(*time));
            known.insert(*class);
        }
        // The message of an event has a time of its own, somewhat before or after the event's.
        let of_before = |time: Timestamp| time < first - SAME_EVENT && time >= first - self.together;
        for (time, class) in self.messages.iter().filter(|(time, _)| of_before(*time)) {
            let lacking = self.lacking(*time);
            worst = if lacking == 0 { worst } else { worst.max(self.level_of(*time, lacking)) };
            known.insert(*class);
        }
        level > worst || !classes.is_subset(&known)
    }
}

/// Whether a task runs, and is to go on.
fn runs(task: &Task) -> bool {
    task.last_status == "RUNNING" && task.desired_status != "STOPPED"
}

fn count(all: impl IntoIterator) -> u32 {
    u32::try_from(all.into_iter().count()).unwrap_or(u32::MAX)
}
