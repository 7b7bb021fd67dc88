//! The judgement itself: what needs none, then what stops without statistics, then the evidence, then the waiting.

use jiff::{SignedDuration, Timestamp};

use super::ceilings::{self, ceilings, failed};
use super::classes::{Classes, value};
use super::facts::{Arms, Door, Facts, Part, State};
use super::guards::{guards, split_is_off};
use super::judgement::{Judgement, Missing, Spoke};
use super::minutes::Look;
use super::policy::{OnInconclusive, Policy};
use super::reason::Reason;
use super::{float, percent};
use crate::verdict::Verdict;
use crate::words::counted;

/// A hook that holds gives up this long before it ends, so that it is answered and not timed out.
const BEFORE_THE_END: SignedDuration = SignedDuration::from_mins(5);

/// ECS ends a hook that sets nothing else after a day.
const LONGEST_HOOK: SignedDuration = SignedDuration::from_hours(24);

/// Whether the deployment may go on, and why.
#[must_use]
pub fn judge(facts: &Facts, policy: &Policy, now: Timestamp) -> Judgement {
    if let Some(judgement) = needs_none(facts, policy, now) {
        return judgement;
    }
    let look = Look::new(facts, policy, now);
    let classes = Classes::new(facts, policy, &look);
    Judging { facts, policy, now, look: &look, classes: &classes }.judge()
}

/// Deployments that are not judged, and facts or policies that can't be.
fn needs_none(facts: &Facts, policy: &Policy, now: Timestamp) -> Option<Judgement> {
    let deployment = &facts.deployment;
    let plain = |verdict, reason, why: String| Some(Judgement::plain(policy, verdict, reason, why));
    if deployment.roll_back {
        return plain(Verdict::Pass, Reason::RollBack, "it brings an older version back".to_owned());
    }
    if deployment.first {
        return plain(Verdict::Pass, Reason::FirstDeployment, "there is no old version".to_owned());
    }
    if let Some(glass) = policy.break_glass.as_ref().filter(|glass| glass.is_open(now)) {
        let why = format!("tidegate:break-glass opens the gate until {}: {}", glass.until, glass.reason);
        return plain(Verdict::Pass, Reason::BreakGlass, why);
    }
    if let Some(fault) = policy.fault() {
        return plain(Verdict::Error, Reason::PolicyError, fault);
    }
    if let Some(fault) = facts.fault(now) {
        return plain(Verdict::Error, Reason::FactsError, fault);
    }
    match deployment.state {
        State::InProgress => {}
        State::Unknown => {
            let why = "it is in a state that this version does not know".to_owned();
            return plain(Verdict::Error, Reason::DeploymentUnreadable, why);
        }
        State::Stopping | State::Over => {
            return plain(Verdict::Pass, Reason::NotInProgress, "it is over, or being stopped already".to_owned());
        }
    }
    let before = facts.door == Door::Step && deployment.weight_percent.is_some_and(|percent| percent <= 0.0);
    before.then(|| {
        Judgement::plain(policy, Verdict::Pass, Reason::BeforeFirstStep, "it has no production traffic yet".to_owned())
    })
}

/// One judgement under way.
struct Judging<'a> {
    facts: &'a Facts,
    policy: &'a Policy,
    now: Timestamp,
    look: &'a Look,
    classes: &'a Classes,
}

/// Why there is no conclusion, and what one would take.
struct Waiting {
    reason: Reason,
    why: String,
    missing: Option<Missing>,
}

impl Waiting {
    fn plain(reason: Reason, why: String) -> Self {
        Self { reason, why, missing: None }
    }
}

impl Judging<'_> {
    fn judge(&self) -> Judgement {
        let Self { facts, policy, look, now, .. } = *self;
        let mut spoke = guards(facts, policy, look, now);
        spoke.extend(ceilings(facts, policy, look, now));
        if let Some(first) = spoke.first().cloned() {
            let judgement = self.with(Verdict::Fail, first.reason, first.why);
            return Judgement { spoke, ..judgement };
        }
        if let Some(why) = split_is_off(facts, look) {
            return self.wait_or_end(Waiting::plain(Reason::SplitIsOff, why));
        }
        if self.classes.worse_and_material >= (1.0 / policy.alpha).ln() {
            return self.with(Verdict::Fail, Reason::WorseThanBaseline, self.comparison());
        }
        if let Some(why) = self.unreadable() {
            let waiting = self.wait_or_end(Waiting::plain(Reason::MetricsUnreadable, why));
            let verdict = if waiting.verdict == Verdict::Inconclusive { Verdict::Error } else { waiting.verdict };
            return Judgement { verdict, ..waiting };
        }
        if facts.door == Door::Bake || look.full && facts.door != Door::Step {
            return self.bake();
        }
        if self.classes.have_minutes() && self.classes.are_good(policy) {
            return self.with(Verdict::Pass, Reason::GoodEnough, self.comparison());
        }
        self.wait_or_end(self.waiting())
    }

    /// Holds until the new version has served everything for long enough.
    fn bake(&self) -> Judgement {
        let Self { facts, policy, look, now, .. } = *self;
        let deployment = &facts.deployment;
        let began = self.full_since();
        let held = self.held();
        let until = began + held;
        if now < until {
            let why = format!("it has all traffic since {began} and has to keep it until {until}");
            return Judgement {
                look_again_s: self.look_again_s(until),
                ..self.with(Verdict::Inconclusive, Reason::Baking, why)
            };
        }
        if facts.door == Door::Bake
            && let Some(targets) =
                facts.targets.as_ref().filter(|targets| !targets.others.is_empty() || targets.healthy == 0)
        {
            let why = format!("{} healthy; not healthy: {}", counted(targets.healthy, "target"), list(&targets.others));
            let healthy_by = until + SignedDuration::from_secs(policy.patience_s.into());
            if now < healthy_by && facts.door.is_hook() {
                return Judgement {
                    look_again_s: self.look_again_s(healthy_by),
                    ..self.with(Verdict::Inconclusive, Reason::TargetsUnhealthy, why)
                };
            }
            return self.with(Verdict::Fail, Reason::TargetsUnhealthy, why);
        }
        if held.is_zero() {
            let minutes = counted(deployment.platform_bake_minutes, "minute");
            let why = format!("there is nothing to hold for: the platform itself bakes for {minutes}");
            return self.with(Verdict::Pass, Reason::Baked, why);
        }
        if ceilings::say_something(facts, policy, look) {
            let (bad, requests) =
                look.alone(facts).iter().fold((0, 0), |(b, n), minute| (b + failed(&minute.1), n + minute.1.requests));
            let why = format!(
                "it has had all traffic since {began}: {bad} of {requests} requests failed ({}), at most {} % may",
                rate(bad, requests),
                policy.ceilings.error_percent
            );
            return self.with(Verdict::Pass, Reason::Baked, why);
        }
        let waiting = self.waiting();
        self.wait_or_end(Waiting { why: format!("the bake is over, and {}", waiting.why), ..waiting })
    }

    /// What was asked for and is not known. The old version's past is not among it: the dispersion has a fall-back.
    fn unreadable(&self) -> Option<String> {
        let parts = self.facts.unreadable.iter().filter(|part| part.what != Part::Before);
        let mut whys: Vec<String> = parts.map(|part| part.why.clone()).collect();
        let gone = self.facts.alarms.iter().filter(|alarm| alarm.in_alarm.is_none());
        whys.extend(gone.map(|alarm| format!("there is no alarm {}", alarm.name)));
        (!whys.is_empty()).then(|| whys.join("; "))
    }

    /// Why there is no conclusion.
    fn waiting(&self) -> Waiting {
        match self.facts.deployment.arms {
            Arms::None => {
                let hosts = if self.facts.hosts.is_empty() { "" } else { " and host health" };
                let why = format!("no load balancer counts the requests; alarms{hosts} are quiet");
                Waiting::plain(Reason::NoRequestMetrics, why)
            }
            Arms::One => {
                let why = "there is no baseline, and every ceiling is kept".to_owned();
                Waiting::plain(Reason::NoBaseline, why)
            }
            Arms::Two if self.look.compared().next().is_none() && self.look.warm().next().is_none() => {
                let settled = counted(self.look.settled.len(), "settled minute");
                let why = format!("the new version has no warm minute with traffic among {settled}");
                Waiting::plain(Reason::NoTraffic, why)
            }
            Arms::Two => {
                let missing = self.classes.missing(self.policy, self.look);
                let more = match (missing.requests, missing.minutes) {
                    (Some(requests), Some(minutes)) => {
                        format!(
                            "; a conclusion takes about {} more canary requests, {}",
                            requests,
                            counted(minutes, "minute")
                        )
                    }
                    (Some(requests), None) => format!("; a conclusion takes about {requests} more canary requests"),
                    _ => String::new(),
                };
                let why = format!("{}{more}", self.comparison());
                Waiting { reason: Reason::WaitingForEvidence, why, missing: Some(missing) }
            }
        }
    }

    /// Waits on, or does what the policy says at the end of the patience.
    fn wait_or_end(&self, Waiting { reason, why, missing }: Waiting) -> Judgement {
        let Self { facts, policy, now, .. } = *self;
        let patience = SignedDuration::from_secs(policy.patience_s.into());
        let began = self.waits_since();
        let until = began + patience;
        let end = facts.deployment.hook_ends_at.unwrap_or(began + LONGEST_HOOK) - BEFORE_THE_END;
        let waiting = |until: Timestamp, why: String| Judgement {
            missing,
            look_again_s: if facts.door.is_hook() { self.look_again_s(until) } else { None },
            ..self.with(Verdict::Inconclusive, reason, why)
        };
        if !facts.door.is_hook() {
            return waiting(until, why);
        }
        let over = format!("it has waited since {began} without proof: {why}");
        match policy.on_inconclusive {
            OnInconclusive::Hold if now < end => waiting(end, why),
            OnInconclusive::Hold => self.with(Verdict::Fail, Reason::NoProofInTime, over),
            _ if now < until.min(end) => waiting(until.min(end), why),
            OnInconclusive::Pass => self.with(Verdict::Pass, Reason::PassedWithoutProof, over),
            OnInconclusive::Fail => self.with(Verdict::Fail, Reason::NoProofInTime, over),
        }
    }

    /// Since when the new version has had all traffic.
    fn full_since(&self) -> Timestamp {
        let deployment = &self.facts.deployment;
        // A hook after the shift is called when it is over; the traffic tells it a little later.
        let called = deployment.waiting_since.filter(|_| self.facts.door == Door::Bake);
        deployment.full_since.or(called).or(self.look.full_from).unwrap_or(deployment.started_at)
    }

    /// How long the bake is held. The platform's own comes after the hook: only the difference is.
    fn held(&self) -> SignedDuration {
        let bake = SignedDuration::from_secs(self.policy.bake_s.into());
        let platform = SignedDuration::from_mins(self.facts.deployment.platform_bake_minutes.into());
        if self.facts.door == Door::Bake { (bake - platform).max(SignedDuration::ZERO) } else { bake }
    }

    /// Since when the step, or the end of the bake, has been waited for.
    fn waits_since(&self) -> Timestamp {
        let deployment = &self.facts.deployment;
        if self.facts.door == Door::Bake {
            return self.full_since() + self.held();
        }
        deployment.waiting_since.or(self.look.step_from).unwrap_or(deployment.started_at)
    }

    /// Until the next minute settles, but no longer than to `until`.
    fn look_again_s(&self, until: Timestamp) -> Option<u32> {
        let settle = SignedDuration::from_secs(self.policy.settle_s.into());
        let into_minute = (self.now - settle).as_second().rem_euclid(60);
        let next = 60 - into_minute;
        let left = until.duration_since(self.now).as_secs().max(1);
        u32::try_from(next.min(left)).ok()
    }

    /// Both arms with their counts, and the evidence against its threshold.
    fn comparison(&self) -> String {
        let minutes = self.look.compared().count();
        let of_class = |class: &super::judgement::ClassEvidence| {
            format!(
                "{}: canary {} of {} ({}), baseline {} of {} ({})",
                class.class.words(),
                class.canary_bad,
                class.canary_requests,
                rate(class.canary_bad, class.canary_requests),
                class.baseline_bad,
                class.baseline_requests,
                rate(class.baseline_bad, class.baseline_requests),
            )
        };
        let kinds = self.classes.each.iter().filter(|class| class.class.stops());
        let eventful = kinds.filter(|class| class.canary_bad + class.baseline_bad > 0);
        let mut told: Vec<String> = eventful.map(of_class).collect();
        if told.is_empty() {
            let (canary, baseline) =
                self.classes.each.first().map_or((0, 0), |c| (c.canary_requests, c.baseline_requests));
            told.push(format!("nothing bad in {canary} canary and {baseline} baseline requests"));
        }
        let evidence = significant(value(self.classes.worse));
        format!(
            "{}; evidence {evidence} against {}, over {}",
            told.join("; "),
            significant(1.0 / self.policy.alpha),
            counted(minutes, "settled minute")
        )
    }

    fn with(&self, verdict: Verdict, reason: Reason, why: String) -> Judgement {
        let compared = self.look.compared().count();
        Judgement {
            evidence_minutes: u32::try_from(compared).unwrap_or(u32::MAX),
            evidence: (compared > 0).then(|| value(self.classes.worse)),
            classes: if compared > 0 { self.classes.each.clone() } else { Vec::new() },
            ..Judgement::plain(self.policy, verdict, reason, why)
        }
    }
}

impl Judgement {
    /// A judgement without evidence.
    #[must_use]
    pub fn plain(policy: &Policy, verdict: Verdict, reason: Reason, why: impl Into<String>) -> Self {
        Self {
            verdict,
            reason,
            why: why.into(),
            evidence_minutes: 0,
            evidence: None,
            fail_at: 1.0 / policy.alpha,
            pass_at: 1.0 / policy.beta,
            classes: Vec::new(),
            spoke: Vec::<Spoke>::new(),
            missing: None,
            look_again_s: None,
        }
    }
}

fn rate(bad: u64, requests: u64) -> String {
    if requests == 0 { "none".to_owned() } else { percent(float(bad) / float(requests)) }
}

/// A number with as many digits as say something.
fn significant(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{n:.1e}"),
        n if n >= 10.0 => format!("{n:.0}"),
        n if n >= 0.1 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// A list that stays a sentence.
fn list(items: &[String]) -> String {
    const MOST: usize = 5;
    let shown = items.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if items.len() > MOST { format!("{shown} and {} more", items.len() - MOST) } else { shown }
}
