//! Raising: at once, on the freshest data, as far as the rate limits allow.

use super::decide::Move;
use super::decision::{Decision, Verdict};
use super::guards::deployment_in_progress;
use super::history::Change;
use super::look::Look;
use super::minute::Asked;
use super::rates;
use super::reason::Reason;

impl Move<'_> {
    pub(super) fn raise(&self, wanted: u32, reason: Reason) -> Decision {
        let Look { facts, policy, now, .. } = *self.look;
        if let Some(deployment) = deployment_in_progress(facts) {
            let overloaded = |(_, asked): &(&str, Asked)| asked.saturated.is_some() || asked.load >= policy.overload;
            if !self.asked.iter().any(overloaded) {
                let why = format!("{deployment}; {}, below {} times the target", self.arithmetic(), policy.overload);
                return self.stay(Reason::DeploymentInProgress, why);
            }
        }
        let arithmetic = match reason {
            Reason::BelowMin if wanted > self.min => format!("min is {}, {}", self.min, self.arithmetic()),
            Reason::BelowMin => format!("min is {}", self.min),
            _ => self.arithmetic(),
        };
        let bounded = self.stabilised(wanted.clamp(self.min, self.max));
        let limit = policy
            .rates
            .as_ref()
            .map_or(u32::MAX, |rates| rates::highest(facts.desired, &self.changes(), &rates.up, now));
        let desired = bounded.min(limit);
        if desired <= facts.desired {
            if bounded <= facts.desired {
                return self.stay(Reason::Stabilising, format!("{arithmetic}; an earlier recommendation was lower"));
            }
            return self.stay(Reason::RateLimited, format!("{arithmetic}; {limit} is the most for now"));
        }
        let limited = if desired < bounded { format!(", the most for now of {bounded}") } else { String::new() };
        let capped = if wanted > self.max { format!(", max is {}", self.max) } else { String::new() };
        let why = format!("{arithmetic}; from {} to {desired}{limited}{capped}", facts.desired);
        Decision { verdict: Verdict::Raise, reason, why, desired, asks: Vec::new() }
    }

    /// The changes that a raise is measured against. Tasks that are wanted already but not launched yet, and with an
    /// unknown history all that do not run yet, count as added just now.
    fn changes(&self) -> Vec<Change> {
        let facts = self.look.facts;
        let launched = facts.running + if facts.history.is_some() { facts.pending } else { 0 };
        let waiting = i32::try_from(facts.desired.saturating_sub(launched)).unwrap_or(i32::MAX);
        let mut changes = facts.history.as_ref().map_or_else(Vec::new, |history| history.changes.clone());
        changes.push(Change { at: self.look.now, tasks: waiting });
        changes
    }
}
