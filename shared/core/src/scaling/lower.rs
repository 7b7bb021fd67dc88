//! Lowering: only on settled data, only where everything is known, slowly, and never so far that it would be taken
//! back at once.

use jiff::{SignedDuration, Timestamp};

use super::decide::Move;
use super::decision::{Decision, Verdict};
use super::facts::{Reading, Trigger};
use super::guards::deployment_in_progress;
use super::look::Look;
use super::minute::round;
use super::policy::Target;
use super::reason::Reason;
use super::series::clock;
use super::{rates, whole};
use crate::words::counted;

/// What the settled minutes leave of a cut.
struct Settled {
    /// The most that any of them asks for.
    tasks: u32,
    /// The most tasks that ran in any of them.
    ran: u32,
    /// Which minute asked for the most.
    why: String,
}

impl Move<'_> {
    pub(super) fn lower(&self, wanted: u32) -> Decision {
        if let Some((reason, why)) = self.not_now(wanted) {
            return self.stay(reason, why);
        }
        let desired = self.look.facts.desired;
        let Look { facts, policy, .. } = *self.look;
        if policy.rates.is_some() && facts.history.is_none() {
            let why = "the changes that a rate limit counts are not known; nothing is taken away";
            return self.stay(Reason::HistoryUnknown, why);
        }
        let settled = match self.settled(wanted) {
            Ok(settled) => settled,
            Err((reason, why)) => return self.stay(reason, format!("{why}; nothing is taken away")),
        };
        let (above_max, why) = (settled.tasks > self.max, &settled.why);
        let enough = settled.tasks.clamp(self.min, self.max);
        if enough >= desired {
            return self.stay(Reason::Stabilising, format!("{}; {why}", self.arithmetic()));
        }
        if let Some(why) = self.recently_raised() {
            return self.stay(Reason::RecentlyRaised, why);
        }
        let (lasting, headroom) = self.lasting(settled.tasks);
        let lasting = lasting.clamp(self.min, self.max);
        if lasting >= desired {
            return self.stay(Reason::FlapHeadroom, format!("{why}; {headroom}"));
        }
        let limit = self.lowest(settled.ran);
        let target = lasting.max(limit);
        if target >= desired {
            return self.stay(Reason::RateLimited, format!("{why}; {limit} is the fewest for now"));
        }
        let kept = if lasting > enough { format!("; {headroom}") } else { String::new() };
        let limited = if target > lasting { format!(", the fewest for now of {lasting}") } else { String::new() };
        let reason = if above_max { Reason::AboveMax } else { Reason::BelowTarget };
        let why = format!("{why}{kept}; from {desired} to {target}{limited}");
        Decision { verdict: Verdict::Lower, reason, why, desired: target, asks: Vec::new() }
    }

    /// What forbids any cut, whatever the load.
    fn not_now(&self, wanted: u32) -> Option<(Reason, String)> {
        let Look { facts, .. } = *self.look;
        if facts.trigger == Trigger::Alarm {
            return Some((Reason::AlarmMayOnlyRaise, self.arithmetic()));
        }
        let unreadable = self.look.unreadable();
        if !unreadable.is_empty() {
            let why = format!("{}; nothing is taken away", unreadable.join("; "));
            return Some((Reason::MetricUnreadable, why));
        }
        let missing = facts.desired.saturating_sub(facts.running + facts.pending);
        // Where fewer than run would do, those that are missing are not missed. Samples of single tasks tell of each.
        let by_task = facts.metrics.values().any(|reading| matches!(reading, Reading::Tasks(_)));
        if missing > 0 && wanted >= facts.running && !by_task && facts.desired <= self.max {
            let why = format!("{} still to be launched; {}", counted(missing, "task"), self.arithmetic());
            return Some((Reason::TasksMissing, why));
        }
        if let Some(deployment) = deployment_in_progress(facts) {
            return Some((Reason::DeploymentInProgress, format!("{deployment}; {}", self.arithmetic())));
        }
        if facts.desired <= self.min {
            return Some((Reason::AtMin, format!("{}; min is {}", self.arithmetic(), self.min)));
        }
        self.guarded().map(|why| (Reason::MemoryGuard, why))
    }

    /// Memory, or any other guard, that stands at its limit in a minute that counts.
    fn guarded(&self) -> Option<String> {
        let Look { policy, now, .. } = *self.look;
        let stabilisation = policy.stabilisation.map_or(0, |windows| windows.down_s);
        let window = stabilisation.saturating_add(policy.settle_s).saturating_add(60);
        let since = now - SignedDuration::from_secs(i64::from(window));
        policy.targets.iter().find_map(|(metric, target)| {
            let Target::Guard(limit) = target else { return None };
            if let Some(asked) = self.look.guard_samples(metric).filter(|asked| asked.load >= 1.0) {
                return Some(format!("{metric} {asked}, and nothing is taken away from its guard on"));
            }
            let high = |minute: &&super::facts::Point| minute.at >= since && minute.value >= *limit;
            let minute = self.look.minutes(metric).iter().rfind(high)?;
            Some(format!("{metric} was {} % at {}, guard {limit} %", round(minute.value), clock(minute.at)))
        })
    }

    /// What may be kept of a cut once the earlier minutes have been heard.
    fn settled(&self, wanted: u32) -> Result<Settled, (Reason, String)> {
        let Look { facts, policy, .. } = *self.look;
        let Some(windows) = policy.stabilisation else {
            return Ok(Settled { tasks: wanted, ran: facts.desired, why: self.arithmetic() });
        };
        if facts.recommendations.is_some() {
            let stable = self.stabilised(wanted);
            let why = format!("{}; {stable} after stabilisation over {} s", self.arithmetic(), windows.down_s);
            return Ok(Settled { tasks: stable, ran: facts.desired, why });
        }
        let minutes: Vec<Timestamp> = self.look.settled_minutes(windows.down_s).collect();
        let mut settled = Settled { tasks: wanted, ran: 0, why: String::new() };
        let mut when = "now".to_owned();
        for at in &minutes {
            let asked = self.look.recommended_in(*at)?;
            settled.ran = settled.ran.max(self.look.tasks_in(*at)?);
            if asked > settled.tasks {
                settled.tasks = asked;
                when = format!("at {}", clock(*at));
            }
        }
        let since = minutes.last().map_or_else(String::new, |at| clock(*at));
        settled.why =
            format!("the most that any minute since {since} asked for is {}, {when}", counted(settled.tasks, "task"));
        Ok(settled)
    }

    fn recently_raised(&self) -> Option<String> {
        let within = self.look.policy.flaps?.within_s;
        let raised = self.look.facts.history.as_ref()?.last_raise()?;
        let ago = self.look.now.duration_since(raised).as_secs();
        (ago <= i64::from(within))
            .then(|| format!("tasks were added {ago} s ago; a cut within {within} s would be a flap"))
    }

    /// The fewest tasks, from `enough` up, that would not have been raised again on the load of the last minutes,
    /// with the headroom that this service's flaps ask for.
    fn lasting(&self, enough: u32) -> (u32, String) {
        let Look { facts, policy, now, .. } = *self.look;
        let Some(flaps) = policy.flaps else { return (enough, String::new()) };
        let peak = self.look.peak_load(flaps.look_back_s);
        let held = whole((peak / (1.0 + policy.tolerance.up)).ceil()).max(enough);
        let per_day = facts.history.as_ref().map_or(0.0, |history| flaps.per_day(history, now));
        let lasting = whole((f64::from(held) * flaps.headroom(per_day)).ceil());
        let minutes = flaps.look_back_s / 60;
        let why =
            format!("{} outlast the last {minutes} minutes with {per_day:.0} flaps a day", counted(lasting, "task"));
        (lasting, why)
    }

    /// The lowest count that the rate limits allow. The events may lag behind a cut that was just made, so the largest
    /// count that the settled minutes have seen is heard as well.
    fn lowest(&self, ran: u32) -> u32 {
        let Look { facts, policy, now, .. } = *self.look;
        let Some(rates) = &policy.rates else { return 0 };
        let changes = facts.history.as_ref().map_or(&[][..], |history| &history.changes);
        let by_events = rates::lowest(facts.desired, changes, &rates.down, now);
        let by_samples = rates::lowest(ran, &[], &rates.down, now);
        by_events.max(by_samples).min(facts.desired)
    }
}
