//! Runs over more services than one reaches, on both sides of the queue: what is handed on, and what becomes of a part.

use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_core::scaling::cadence::Turn;
use tidegate_core::scaling::facts::Trigger;
use tidegate_core::scaling::fan_out::{Message, Plan};
use tidegate_core::scaling::{Reason, Verdict};
use tidegate_lambda::batches::{self, BatchAnswer};
use tidegate_lambda::enrolled::{Enrolled, Listing};
use tidegate_lambda::events::too_old;
use tidegate_lambda::start::Invocation;
use tokio::time::Instant;

use crate::event::Request;
use crate::fan_out::{self, HandedOn, PartOf};
use crate::handler::{Ports, Ran, RunError, Scaler, Scope, blank, declined};
use crate::judge;
use crate::paces::Paces;
use crate::report::{Outcome, PART, Summary};

/// Calls that the run itself makes for parts that were refused while others were taken: what half of ECS's bucket holds
/// when it is full. The parts that were taken use what comes into it.
const CALLS_BESIDE_PARTS: usize = 50;

/// What is not handed on by this share of the time is looked at by the run itself.
const HAND_ON_BY: f64 = 0.25;

impl<P: Ports> Scaler<P> {
    /// Hands on what has its turn in this minute. What the queue does not take is looked at here, as far as a run
    /// reaches; what is left then is said.
    pub(crate) async fn hand_on(
        &self,
        summary: Summary,
        scope: Scope,
        listing: Listing,
        plan: &Plan,
        deadline: &Deadline,
        started: Instant,
    ) -> Ran {
        let queue = self.settings.parts_queue.as_deref().unwrap_or_default();
        let refused = fan_out::hand_on(&self.ports, &deadline.share(HAND_ON_BY), queue, plan).await;
        let handed_on = HandedOn {
            parts: plan.parts.len(),
            services: plan.services(),
            every_minutes: plan.turn.every_minutes,
            last_after_s: plan.parts.last().map_or(0, |part| part.delay_s),
            refused: refused.len(),
            why_refused: refused.first().map(|refused| refused.why.clone()),
        };
        if let Some(why) = &handed_on.why_refused {
            tracing::warn!(why, refused = handed_on.refused, parts = handed_on.parts, "parts could not be handed on");
        }
        let nobody_else = refused.len() == plan.parts.len();
        let mut calls = 0;
        let (mut own, mut left): (Vec<Enrolled>, Vec<Outcome>) = (Vec::new(), Vec::new());
        for refused in &refused {
            calls += refused.part.calls;
            let services = fan_out::services(&refused.part.clusters);
            if nobody_else || calls <= CALLS_BESIDE_PARTS {
                own.extend(services);
            } else {
                let said = |service| self.priced(judge::not_handed_on(service, scope.mode, &refused.why));
                left.extend(services.iter().map(said));
            }
        }
        let paces = if nobody_else { Paces::alone() } else { Paces::beside_parts() };
        let scope = Scope { turn: plan.turn, paces, ..scope };
        let listing = Listing { services: own, ..listing };
        let summary = Summary { handed_on: Some(handed_on), ..summary };
        let Ran { summary, mut outcomes } = self.scale_listed(summary, scope, listing, deadline, started).await;
        let summary = summary.of(&left);
        outcomes.extend(left);
        Ran { summary, outcomes }
    }

    /// Looks at parts of a run one after the other, each as a run of its own. Those that came to nothing stay in the
    /// queue: they are tried again while they are young enough.
    pub(crate) async fn parts(
        &self,
        messages: Vec<batches::Message>,
        deadline: &Deadline,
        invocation: &Invocation,
    ) -> BatchAnswer {
        let mut left = Vec::new();
        for message in messages {
            let (started, now) = (Instant::now(), self.ports.now().await);
            let ran = match fan_out::read(&message.body) {
                Ok(part) => Ok(self.part(part, now, deadline, started).await),
                Err(why) => Err(RunError::EventNotUnderstood(why)),
            };
            let came_to_nothing = ran.as_ref().is_ok_and(came_to_nothing);
            if self.print(ran, now, invocation).is_err() || came_to_nothing {
                left.push(message.message_id);
            }
        }
        BatchAnswer::of(left)
    }

    async fn part(&self, message: Message, now: Timestamp, deadline: &Deadline, started: Instant) -> Ran {
        let Message { at, every_minutes, workers, number, of, clusters } = message;
        let mut services = fan_out::services(&clusters);
        // Whoever may send to the queue may not choose the clusters, and the tags decide as always.
        services.retain(|service| self.settings.common.clusters.include(&service.cluster));
        let part = Some(PartOf { due: at, number, of, every_minutes });
        let mut summary = Summary { part, seen: services.len(), ..blank(PART, now) };
        if let Some(why) = too_old(at, now) {
            // Its services are looked at in their next turn. That this one is lost must not go unheard.
            summary.failed.insert(Reason::EventTooOld.code(), services.len());
            return declined(summary, Reason::EventTooOld, why);
        }
        let scope = self.scope_of(Request::default(), now);
        let (turn, paces) = (Turn { at, every_minutes }, Paces::shared(workers));
        let scope = Scope { trigger: Trigger::Schedule, turn, paces, ..scope };
        let listing = Listing { services, ..Listing::default() };
        self.scale_listed(summary, scope, listing, deadline, started).await
    }
}

/// Whether a part failed as a whole: there was something to look at, and nothing of it could be.
fn came_to_nothing(ran: &Ran) -> bool {
    let unseen = |outcome: &Outcome| {
        let (verdict, reason) = outcome.counted();
        verdict == Verdict::Error && matches!(reason, Reason::ServiceUnreadable | Reason::NotReached)
    };
    !ran.outcomes.is_empty() && ran.outcomes.iter().all(unseen)
}
