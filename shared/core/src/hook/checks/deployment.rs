//! Whether this way of deploying can notice a bad version, and go back.
//!
//! What compares with an old version, or is about losing it, is not looked at where there is none.

use jiff::Timestamp;

use crate::canary::evidence::requests_until_worse;
use crate::canary::facts::Strategy;
use crate::canary::judgement::Class;
use crate::canary::policy::Policy as Gate;
use crate::hook::facts::{Alarm, Facts, Settings, Split, Traffic};
use crate::hook::judgement::Finding;
use crate::hook::policy::Policy;
use crate::hook::rule::Rule;
use crate::task_definition::TaskDefinition;
use crate::words::counted;

/// Metrics of a minute are whole two minutes after it.
const SETTLE_MINUTES: u32 = 2;

/// A bake that is shorter than this is over before the metrics of its first minute are there.
const SHORTEST_BAKE_MINUTES: u32 = SETTLE_MINUTES + 1;

/// The canary's first two minutes are those of cold caches, the last two are not there in time, and a few have to be left.
const SHORTEST_SHIFT_MINUTES: u32 = 8;

/// What is too small to tell twice as many errors is too small.
const TWICE: f64 = 2.0;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, _policy: &Policy, _now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(settings) = &facts.settings {
        findings.extend(public_ip(settings));
        findings.extend(no_roll_back(settings));
        if let Some(task_definition) = &facts.task_definition {
            findings.extend(short_grace(settings, task_definition));
        }
        if !facts.deployment.first {
            findings.extend(downtime(settings));
            findings.extend(settings.split.as_ref().and_then(weights_drifted));
            findings.extend(short_bake(settings));
            findings
                .extend(Shift::of(facts.deployment.strategy, settings).and_then(|shift| shift.too_little(settings)));
        }
    }
    findings.extend(facts.alarms.iter().filter_map(alarm));
    findings
}

fn public_ip(settings: &Settings) -> Option<Finding> {
    let finding = Finding::broken(Rule::PublicIp, "tasks are given public addresses");
    let fix = "set assignPublicIp to DISABLED, and let the tasks out through a NAT gateway or VPC endpoints";
    (settings.public_ip == Some(true)).then(|| finding.fix(fix))
}

fn no_roll_back(settings: &Settings) -> Option<Finding> {
    let finding = Finding::broken(Rule::NoRollBack, "a deployment that fails is left as it is");
    let fix = "let it be rolled back: the deployment circuit breaker's rollback with ECS, automatic rollback on \
               DEPLOYMENT_FAILURE with CodeDeploy";
    (!settings.rolls_back).then(|| finding.fix(fix))
}

/// ECS keeps that share of the tasks, rounded up: only of nothing there is nothing left.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
fn downtime(settings: &Settings) -> Option<Finding> {
    let percent = settings.minimum_healthy_percent?;
    let kept = (u64::from(settings.desired) * u64::from(percent)).div_ceil(100);
    (settings.desired > 0 && kept == 0).then(|| {
        let tasks = counted(settings.desired, "task");
        let why = format!("minimumHealthyPercent is {percent}: of {tasks} none has to stay up");
        Finding::broken(Rule::Downtime, why).fix("set minimumHealthyPercent to 100, and maximumPercent to 200")
    })
}

fn short_grace(settings: &Settings, task_definition: &TaskDefinition) -> Vec<Finding> {
    let Some(grace_s) = settings.health_check_grace_s else { return Vec::new() };
    let slow = task_definition.container_definitions.iter().filter_map(|container| {
        let start_s = container.health_check.as_ref()?.start_period.filter(|start_s| *start_s > grace_s)?;
        let why = format!(
            "it may take {start_s} s to start, and after {grace_s} s ECS ends it for failing the load balancer's checks"
        );
        let fix = format!("set healthCheckGracePeriodSeconds to {start_s} at least");
        Some(Finding::broken(Rule::ShortGrace, why).about(&container.name).fix(fix))
    });
    slow.collect()
}

fn weights_drifted(split: &Split) -> Option<Finding> {
    let Split { expected, weights } = split;
    let elsewhere = weights.iter().any(|(group, weight)| group != expected && *weight > 0);
    let there = weights.iter().any(|(group, weight)| group == expected && *weight > 0);
    (elsewhere || !there).then(|| {
        let told: Vec<String> = weights.iter().map(|(group, weight)| format!("{group} {weight}")).collect();
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        let why = format!("before the shift {expected} should have all traffic, and the listener's weights are {told}");
        Finding::broken(Rule::WeightsDrifted, why).fix(format!("give {expected} all of the weight, then deploy again"))
    })
}

fn short_bake(settings: &Settings) -> Option<Finding> {
    let minutes = settings.bake_minutes.filter(|minutes| *minutes < SHORTEST_BAKE_MINUTES)?;
    let why = format!(
        "the old version is gone {} after the shift, and the metrics of the first minute are there after \
         {SHORTEST_BAKE_MINUTES}",
        counted(minutes, "minute"),
    );
    let fix = "let it bake for 10 minutes: bakeTimeInMinutes with ECS, the wait before termination with CodeDeploy";
    Some(Finding::broken(Rule::ShortBake, why).fix(fix))
}

/// The time for which both versions are compared.
struct Shift {
    /// The canary's share of each minute, from 0 to 1.
    shares: Vec<f64>,
}

impl Shift {
    /// None where nothing is shifted in steps, or too little is known of them.
    fn of(strategy: Strategy, settings: &Settings) -> Option<Self> {
        let percent = settings.step_percent.filter(|percent| *percent > 0.0 && *percent < 100.0)?;
        let minutes = usize::try_from(settings.step_minutes?).ok()?;
        let mut shares = Vec::new();
        match strategy {
            Strategy::Canary => shares.resize(minutes.min(LONGEST_SHIFT), percent / 100.0),
            Strategy::Linear => {
                let mut reached = percent;
                while reached < 100.0 && shares.len() < LONGEST_SHIFT {
                    shares.resize((shares.len() + minutes.max(1)).min(LONGEST_SHIFT), reached / 100.0);
                    reached += percent;
                }
            }
            Strategy::BlueGreen | Strategy::Rolling | Strategy::Unknown => return None,
        }
        Some(Self { shares })
    }

    fn too_little(&self, settings: &Settings) -> Option<Finding> {
        if self.shares.len() < usize::try_from(SHORTEST_SHIFT_MINUTES).ok()? {
            return Some(self.too_short());
        }
        self.too_small(settings.traffic?)
    }

    fn too_short(&self) -> Finding {
        let why = format!(
            "both versions have traffic for {}: the canary's first 2 are cold caches, and the metrics of the last 2 come \
             too late",
            counted(self.shares.len(), "minute"),
        );
        let fix = format!("keep the canary's share for {SHORTEST_SHIFT_MINUTES} minutes at least");
        Finding::broken(Rule::ShortCanaryStep, why).fix(fix)
    }

    /// Whether the canary gate could tell twice as many errors: by its own evidence, with its own defaults.
    fn too_small(&self, traffic: Traffic) -> Option<Finding> {
        let gate = Gate::default();
        let warm_up = usize::try_from(gate.warm_up_s / 60).ok()?;
        let seen = self.shares.len().saturating_sub(usize::try_from(SETTLE_MINUTES).ok()?);
        let shares = self.shares.get(warm_up..seen).unwrap_or_default();
        let given = traffic.requests_a_minute * shares.iter().sum::<f64>();
        // A difference that is smaller than the gate's least one is none to it, however well it is seen.
        let percent = traffic.error_percent.max(gate.min_excess_percent);
        let mean_share = shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).ok()?);
        // It shares its alpha among the kinds of failure, of which here one alone speaks.
        let kinds = [Class::Errors, Class::ConnectionErrors, Class::Unanswered];
        let goal = (f64::from(u32::try_from(kinds.len()).ok()?) / gate.alpha).ln();
        let taken = requests_until_worse(gate.max_ratio, TWICE, (percent / 100.0, mean_share), goal);
        if taken.is_some_and(|taken| taken <= given) {
            return None;
        }
        let taken = taken.map_or_else(|| "more than there are".to_owned(), |taken| format!("about {taken:.0}"));
        let why = format!(
            "in the {} whose metrics count the canary gets about {given:.0} requests, of {:.0} a minute in all, and to \
             tell {:.2} % of errors from {percent:.2} % takes {taken}",
            counted(shares.len(), "minute"),
            traffic.requests_a_minute,
            TWICE * percent,
        );
        let fix = "give the canary a larger share or more minutes, or rely on guards and smoke requests";
        Some(Finding::broken(Rule::CanaryTooSmall, why).fix(fix))
    }
}

/// Two days: longer than any shift.
const LONGEST_SHIFT: usize = 2880;

fn alarm(alarm: &Alarm) -> Option<Finding> {
    let whose = if alarm.of_tag { "tidegate:alarms" } else { "the deployment" };
    match &alarm.state {
        None => {
            let why = format!("{whose} names it, and there is no such alarm");
            let fix = "create it, or take its name away";
            Some(Finding::broken(Rule::AlarmMissing, why).about(&alarm.name).fix(fix))
        }
        Some(state) if !state.actions_enabled => {
            let why = format!("{whose} names it, and its actions are disabled: somebody has silenced it");
            let fix = "enable its actions: aws cloudwatch enable-alarm-actions";
            Some(Finding::broken(Rule::AlarmActionsDisabled, why).about(&alarm.name).fix(fix))
        }
        Some(_) => None,
    }
}
