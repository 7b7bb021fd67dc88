//! The decision itself: raise on the freshest data, lower on settled data, else stay and say why.

use jiff::Timestamp;

use super::decision::{Ask, Decision, Verdict};
use super::facts::{Facts, Trigger};
use super::guards::leave_alone;
use super::look::Look;
use super::minute::Asked;
use super::panic::{self, Load};
use super::policy::Policy;
use super::reason::Reason;
use super::stabilise::{Windows, stabilise};
use super::{CPU, MEMORY, memory};

/// How many tasks the service should run, and why.
#[must_use]
pub fn decide(facts: &Facts, policy: &Policy, now: Timestamp) -> Decision {
    if let Some(fault) = facts.fault(now) {
        return Decision::error(facts.desired, Reason::FactsError, fault);
    }
    if let Some(decision) = leave_alone(facts, policy) {
        return decision;
    }
    if let Some(fault) = policy.fault() {
        return Decision::error(facts.desired, Reason::PolicyError, fault);
    }
    let (Some(min), Some(max)) = (policy.min, policy.max) else {
        return bounds_missing(facts, policy);
    };
    let look = Look::new(facts, policy, now);
    let asks = look.freshest().map(|(metric, asked)| Ask::new(metric, asked)).collect();
    let asked = look.freshest().filter_map(|(metric, asked)| Some((metric, *asked.as_ref().ok()?))).collect();
    let decision = Move { look: &look, min, max, asked }.decide();
    // A call that failed has to be seen by somebody; a metric that says nothing, or nonsense, is the service's own matter.
    let failed = decision.reason == Reason::MetricUnreadable && look.is_unread();
    let verdict = if failed { Verdict::Error } else { decision.verdict };
    Decision { verdict, asks, ..decision }
}

fn bounds_missing(facts: &Facts, policy: &Policy) -> Decision {
    let missing = match (policy.min, policy.max) {
        (None, None) => "neither min nor max is set",
        (None, _) => "no min is set",
        _ => "no max is set",
    };
    let why = format!("{missing}; a service is scaled only between bounds that its owner chose");
    Decision::error(facts.desired, Reason::BoundsMissing, why)
}

/// One decision under way: what is asked for, within which bounds.
pub(super) struct Move<'a> {
    pub(super) look: &'a Look<'a>,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) asked: Vec<(&'a str, Asked)>,
}

impl Move<'_> {
    fn decide(&self) -> Decision {
        let desired = self.look.facts.desired;
        let wanted = self.most().map(|(_, _, tasks)| tasks);
        if desired < self.min {
            return self.raise(wanted.unwrap_or(0).max(self.min), Reason::BelowMin);
        }
        let settled = self.look.policy.stabilisation.is_none() || self.look.has_settled_data();
        let Some(wanted) = wanted.filter(|_| settled) else {
            let (reason, why) = self.look.nothing_said();
            return self.stay(reason, why);
        };
        if wanted.min(self.max) > desired {
            let saturated = self.asked.iter().any(|(_, asked)| asked.saturated.is_some() && asked.tasks >= wanted);
            return self.raise(wanted, if saturated { Reason::Saturated } else { Reason::AboveTarget });
        }
        if wanted < desired || desired > self.max {
            return self.lower(wanted);
        }
        if let Some(why) = self.memory_held() {
            return self.stay(Reason::MemoryDidNotFall, why);
        }
        if wanted > self.max {
            return self.stay(Reason::AtMax, format!("{}; max is {}", self.arithmetic(), self.max));
        }
        self.stay(Reason::OnTarget, self.arithmetic())
    }

    /// The metric that asks for the most, and how much it gets of it. None where no metric can say.
    fn most(&self) -> Option<(&str, &Asked, u32)> {
        let desired = self.look.facts.desired;
        let held = self.memory_held().is_some();
        let gets = |(metric, asked): &'_ (&'_ str, Asked)| {
            let tasks = asked.tasks.max(self.panic(metric, asked));
            if held && *metric == MEMORY { tasks.min(desired) } else { tasks }
        };
        let most = self.asked.iter().max_by_key(|asked| gets(asked))?;
        Some((most.0, &most.1, gets(most)))
    }

    /// What the panic rule asks for in an alarm's run; nothing in any other.
    fn panic(&self, metric: &str, asked: &Asked) -> u32 {
        let Some(spec) = self.look.policy.panic.filter(|_| self.look.facts.trigger == Trigger::Alarm) else {
            return 0;
        };
        let ready = asked.counts.sampled;
        let panic = asked.load * f64::from(ready);
        let stable = self.look.mean_load(metric, spec.stable_window_s).unwrap_or(panic);
        panic::evaluate(Load { stable, panic, target: 1.0 }, ready, None, &spec, self.look.now).0
    }

    /// Why memory does not get the tasks that it asks for.
    fn memory_held(&self) -> Option<String> {
        let (_, asked) = self.asked.iter().find(|(metric, _)| *metric == MEMORY)?;
        let look = self.look;
        let asks = asked.tasks.max(self.panic(MEMORY, asked)) > look.facts.desired;
        let target = look.policy.targets.get(MEMORY)?.goal();
        asks.then(|| memory::holds_back(look.minutes(CPU), look.minutes(MEMORY), target, look.now)).flatten()
    }

    /// Kubernetes' stabilisation over recommendations that the caller kept.
    pub(super) fn stabilised(&self, wanted: u32) -> u32 {
        let Look { facts, policy, now, .. } = *self.look;
        let windows = policy.stabilisation.unwrap_or(Windows { up_s: 0, down_s: 0 });
        let earlier = facts.recommendations.as_deref().unwrap_or_default();
        stabilise(facts.desired, wanted, earlier, windows, now)
    }

    /// The sentence of the metric that asks for the most.
    pub(super) fn arithmetic(&self) -> String {
        match self.most() {
            None => "no metric can say".to_owned(),
            Some((metric, asked, tasks)) if tasks > asked.tasks => {
                format!("{metric} {asked}, and {tasks} by the panic rule of alarms")
            }
            Some((metric, asked, _)) => format!("{metric} {asked}"),
        }
    }

    pub(super) fn stay(&self, reason: Reason, why: impl Into<String>) -> Decision {
        Decision::stay(self.look.facts.desired, reason, why)
    }
}
