//! What the gates of deployments share of a judgement: whom it is about, what it rests on, and what became of it.
//!
//! A gate's own are its judgement, its reasons and how it tells them. That it is one is said by [`Judgement`], and
//! [`Common`] names the reasons that every gate has.

use std::fmt::Debug;

use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::error::PortError;
use tidegate_core::codes::Code;
use tidegate_core::mode::Mode;
use tidegate_core::record::{Level, Record};
use tidegate_core::tags::{TagFault, Tags};
use tidegate_core::verdict::Verdict;
use tidegate_core::{canary, hook, words};

use super::native::NativeHook;
use crate::deployments::{self, InProgress, NotStopped, Of};
use crate::outcome::{Done, NotMade};
use crate::{enrolled, report};

/// Reasons that every gate has, each under its own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// The hook could not be answered.
    AnswerFailed,
    /// Something changed between the judgement and the action.
    ChangedMeanwhile,
    /// The deployment could not be read.
    DeploymentUnreadable,
    /// The event can't be read.
    EventNotUnderstood,
    /// The service carries no tag for this gate.
    NotEnrolled,
    /// The run's deadline came first.
    NotReached,
    /// A tag, a detail or a variable can't be read.
    PolicyError,
    /// The deployment brings an older version back.
    RollBack,
    /// The service could not be described.
    ServiceUnreadable,
    /// The deployment could not be stopped.
    StopFailed,
}

/// What a record is made of.
pub trait Part: Clone + Debug + PartialEq + Serialize {}
impl<T: Clone + Debug + PartialEq + Serialize> Part for T {}

/// A gate's judgement, as far as what is made of it is the same for every gate.
pub trait Judgement: Part {
    /// What it rests on.
    type Facts: Part;
    /// What it is made by.
    type Policy: Part;
    /// What it asks to be done.
    type Action: Part;
    /// Why it came out so.
    type Reason: Code + From<Self::Plain>;
    /// The reasons that are none of a rule's.
    type Plain: Code + PartialEq + Debug;

    /// Such a reason.
    fn common(reason: Common) -> Self::Plain;
    /// The action that fails a hook.
    fn fail_hook() -> Self::Action;
    /// The mode in a policy.
    fn mode(policy: &mut Self::Policy) -> &mut Mode;
    /// What could not be judged, or needs no judgement.
    fn plain(verdict: Verdict, reason: Self::Plain, why: String) -> Self;
    /// The verdict.
    fn verdict(&self) -> Verdict;
    /// The reason.
    fn reason(&self) -> Self::Reason;
}

/// A service's policy; or its mode, and which tags or details can't be read.
pub type Read<P> = Result<P, (Mode, String)>;

/// The policy that was read of a service, at most as far as `at_most` goes. `tag` is the one that enrols.
///
/// # Errors
/// Its mode, as far as that can be told, and every fault.
pub fn policy<J: Judgement>(
    read: Result<J::Policy, Vec<TagFault>>,
    tags: &Tags,
    tag: &str,
    at_most: Mode,
) -> Read<J::Policy> {
    match read {
        Ok(mut policy) => {
            let mode = J::mode(&mut policy);
            *mode = at_most.min(*mode);
            Ok(policy)
        }
        Err(faults) => {
            // A word that is none of the three may have been meant to be any of them.
            let mode = tags.mode(tag).unwrap_or(Mode::On).min(at_most);
            Err((mode, words::faults(&faults)))
        }
    }
}

/// The mode of a service, whether or not the rest of its policy can be read.
pub fn mode_of<J: Judgement>(policy: &mut Read<J::Policy>) -> Mode {
    match policy {
        Ok(policy) => *J::mode(policy),
        Err((mode, _)) => *mode,
    }
}

/// Why nothing can be judged: what it comes to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfound {
    verdict: Verdict,
    reason: Common,
    why: String,
}

impl Unfound {
    /// What is gone is waited for by nobody.
    fn gone(reason: Common, why: &str) -> Self {
        Self { verdict: Verdict::Fail, reason, why: why.to_owned() }
    }

    fn unreadable(reason: Common, why: String) -> Self {
        Self { verdict: Verdict::Error, reason, why }
    }
}

/// The service of a hook of ECS's.
///
/// # Errors
/// Where it is gone, or can't be described.
pub async fn service(ports: &impl Ecs, deadline: &Deadline, hook: &NativeHook) -> Result<Service, Unfound> {
    match enrolled::one(ports, deadline, &hook.cluster, &hook.service).await {
        Ok(Some(service)) => Ok(service),
        Ok(None) => Err(Unfound::gone(Common::ServiceUnreadable, "the service is gone")),
        Err(why) => Err(Unfound::unreadable(Common::ServiceUnreadable, why)),
    }
}

/// The deployment that a hook of ECS's is about, of its service.
///
/// # Errors
/// Where it is gone, or can't be described.
pub async fn deployment(
    ports: &impl Deployments,
    deadline: &Deadline,
    hook: &NativeHook,
    service: Service,
) -> Result<InProgress, Unfound> {
    let arns: Vec<String> = hook.deployment.iter().chain(&service.service_deployment).take(1).cloned().collect();
    match deployments::described(ports, deadline, &arns).await.map(|found| found.into_iter().next()) {
        Ok(Some((deployment, revisions))) => Ok(InProgress { service, of: Of::Ecs { deployment, revisions } }),
        Ok(None) => Err(Unfound::gone(Common::DeploymentUnreadable, "the deployment is gone")),
        Err(error) => Err(Unfound::unreadable(Common::DeploymentUnreadable, error.to_string())),
    }
}

/// What was read of the deployment that a hook of CodeDeploy's is about.
///
/// # Errors
/// Where it is gone, or can't be read.
pub fn held(read: Result<Option<InProgress>, PortError>) -> Result<InProgress, Unfound> {
    match read {
        Ok(Some(deployment)) => Ok(deployment),
        Ok(None) => Err(Unfound::gone(Common::DeploymentUnreadable, "the service, or its deployment, is gone")),
        Err(error) => Err(Unfound::unreadable(Common::DeploymentUnreadable, error.to_string())),
    }
}

/// A deployment, or a stage of one, with its judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged<J: Judgement> {
    /// `cluster/service`; None where it is not known.
    pub service: Option<String>,
    /// The effective mode.
    pub mode: Mode,
    /// The judgement.
    pub judgement: J,
    /// What it rests on; None where it could not be gathered.
    pub facts: Option<J::Facts>,
    /// What it was judged by; None where it could not be read.
    pub policy: Option<J::Policy>,
}

impl<J: Judgement> Judged<J> {
    /// What could not be judged, or needs no judgement.
    pub fn plain(
        service: Option<String>,
        mode: Mode,
        verdict: Verdict,
        reason: J::Plain,
        why: impl Into<String>,
    ) -> Self {
        Self { service, mode, judgement: J::plain(verdict, reason, why.into()), facts: None, policy: None }
    }

    /// What was not found.
    #[must_use]
    pub fn unfound(service: Option<String>, mode: Mode, unfound: Unfound) -> Self {
        let Unfound { verdict, reason, why } = unfound;
        Self::plain(service, mode, verdict, J::common(reason), why)
    }

    /// A service that is not enrolled.
    pub fn not_enrolled(service: Option<String>, why: impl Into<String>) -> Self {
        Self::plain(service, Mode::Off, Verdict::Pass, J::common(Common::NotEnrolled), why)
    }

    /// What a deployment is judged by. Also a broken tag does not hold up what brings an older version back.
    ///
    /// # Errors
    /// The judgement of a deployment whose service has a broken tag.
    pub fn policy_for(deployment: &InProgress, policy: Read<J::Policy>) -> Result<J::Policy, Self> {
        policy.map_err(|(mode, why)| {
            let service = Some(deployment.id());
            if deployment.is_roll_back() {
                let why = "it brings an older version back";
                return Self::plain(service, mode, Verdict::Pass, J::common(Common::RollBack), why);
            }
            Self::plain(service, mode, Verdict::Error, J::common(Common::PolicyError), why)
        })
    }
}

/// A judgement and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<J: Judgement> {
    /// The judgement.
    pub judged: Judged<J>,
    /// What it asks to be done.
    pub action: Option<J::Action>,
    /// What became of the action.
    pub done: Done<J::Plain>,
    /// Whether people should hear of it.
    pub news: bool,
}

impl<J: Judgement> Outcome<J> {
    /// A judgement that asks for nothing.
    #[must_use]
    pub fn of(judged: Judged<J>) -> Self {
        Self { judged, action: None, done: Done::Nothing, news: false }
    }

    /// A judgement of which the action, if there is one, is done by the answer to its hook.
    #[must_use]
    pub fn answered(judged: Judged<J>, action: Option<J::Action>, news: bool) -> Self {
        Self { done: if action.is_some() { Done::Acted } else { Done::Nothing }, judged, action, news }
    }

    /// What is counted: the judgement's verdict and reason, but for an action that was not made.
    pub fn counted(&self) -> (Verdict, J::Reason) {
        match &self.done {
            Done::NotMade(NotMade { reason, .. }) if *reason == J::common(Common::ChangedMeanwhile) => {
                (Verdict::Inconclusive, (*reason).into())
            }
            Done::NotMade(not_made) => (Verdict::Error, not_made.reason.into()),
            Done::Nothing | Done::Acted => (self.judged.judgement.verdict(), self.judged.judgement.reason()),
        }
    }

    /// The answer of a hook was not taken.
    pub fn not_answered(&mut self, why: String) {
        self.done = Done::NotMade(NotMade { reason: J::common(Common::AnswerFailed), why });
        self.news = true;
    }

    /// Its record.
    pub fn record(
        self,
        function: &str,
        level: Level,
        at: Timestamp,
        request_id: &str,
    ) -> Record<J::Facts, J::Policy, J, J::Action> {
        let Self { judged: Judged { service, mode, judgement, facts, policy }, action, done, .. } = self;
        Record {
            level,
            timestamp: at,
            function: function.to_owned(),
            service,
            mode,
            decision: judgement,
            facts,
            policy,
            action,
            acted: done == Done::Acted,
            not_acted: done.not_made(),
            at,
            request_id: request_id.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// One metric line for each mode, verdict and reason.
#[must_use]
pub fn metrics<J: Judgement>(function: &str, outcomes: &[Outcome<J>], at: Timestamp) -> Vec<String> {
    let decided = outcomes.iter().map(|outcome| {
        let (verdict, reason) = outcome.counted();
        (outcome.judged.mode, verdict, reason.code())
    });
    report::decisions(function, at, decided)
}

/// Why a deployment was not stopped, in a gate's own word.
#[must_use]
pub fn not_stopped<J: Judgement>(not_stopped: NotMade<NotStopped>) -> NotMade<J::Plain> {
    let reason = match not_stopped.reason {
        NotStopped::Changed => Common::ChangedMeanwhile,
        NotStopped::NotReached => Common::NotReached,
        NotStopped::Failed => Common::StopFailed,
    };
    NotMade { reason: J::common(reason), why: not_stopped.why }
}

impl Judgement for canary::Judgement {
    type Facts = canary::Facts;
    type Policy = canary::Policy;
    type Action = canary::Action;
    type Reason = canary::Reason;
    type Plain = canary::Reason;

    fn common(reason: Common) -> canary::Reason {
        use canary::Reason;
        match reason {
            Common::AnswerFailed => Reason::AnswerFailed,
            Common::ChangedMeanwhile => Reason::ChangedMeanwhile,
            Common::DeploymentUnreadable => Reason::DeploymentUnreadable,
            Common::EventNotUnderstood => Reason::EventNotUnderstood,
            Common::NotEnrolled => Reason::NotEnrolled,
            Common::NotReached => Reason::NotReached,
            Common::PolicyError => Reason::PolicyError,
            Common::RollBack => Reason::RollBack,
            Common::ServiceUnreadable => Reason::ServiceUnreadable,
            Common::StopFailed => Reason::StopFailed,
        }
    }

    fn fail_hook() -> canary::Action {
        canary::Action::FailHook
    }

    fn mode(policy: &mut canary::Policy) -> &mut Mode {
        &mut policy.mode
    }

    fn plain(verdict: Verdict, reason: canary::Reason, why: String) -> Self {
        Self::plain(&canary::Policy::default(), verdict, reason, why)
    }

    fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn reason(&self) -> canary::Reason {
        self.reason
    }
}

impl Judgement for hook::Judgement {
    type Facts = hook::Facts;
    type Policy = hook::Policy;
    type Action = hook::Action;
    type Reason = hook::Reason;
    type Plain = hook::Other;

    fn common(reason: Common) -> hook::Other {
        use hook::Other;
        match reason {
            Common::AnswerFailed => Other::AnswerFailed,
            Common::ChangedMeanwhile => Other::ChangedMeanwhile,
            Common::DeploymentUnreadable => Other::DeploymentUnreadable,
            Common::EventNotUnderstood => Other::EventNotUnderstood,
            Common::NotEnrolled => Other::NotEnrolled,
            Common::NotReached => Other::NotReached,
            Common::PolicyError => Other::PolicyError,
            Common::RollBack => Other::RollBack,
            Common::ServiceUnreadable => Other::ServiceUnreadable,
            Common::StopFailed => Other::StopFailed,
        }
    }

    fn fail_hook() -> hook::Action {
        hook::Action::FailHook
    }

    fn mode(policy: &mut hook::Policy) -> &mut Mode {
        &mut policy.mode
    }

    fn plain(verdict: Verdict, reason: hook::Other, why: String) -> Self {
        hook::plain(verdict, reason, why)
    }

    fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn reason(&self) -> hook::Reason {
        self.reason
    }
}
