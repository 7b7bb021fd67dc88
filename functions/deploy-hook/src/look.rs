//! A look at one stage of a deployment: its policy, its facts, its judgement.

use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_core::hook::{Judgement, Other, Policy, enrolment, judge};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_lambda::deployments::InProgress;
use tidegate_lambda::hooks::gate;

use crate::deployment::Waiting;
use crate::gather::{Gather, Gathered, Ports};
use crate::settings::Settings;

/// A stage with its judgement.
pub type Judged = gate::Judged<Judgement>;

/// The circumstances of a look.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The installation.
    pub settings: &'a Settings,
    /// At most so far, whatever tags say.
    pub mode: Mode,
    /// What a hook's own configuration asks for.
    pub details: &'a Tags,
    /// Whether anything may be done beyond reading.
    pub acts: bool,
    /// The time that is left.
    pub deadline: &'a Deadline,
    /// The moment.
    pub now: Timestamp,
}

/// A service's policy; or its mode, and which tags or details can't be read.
pub type Read = gate::Read<Policy>;

impl Look<'_> {
    /// The policy of a service.
    ///
    /// # Errors
    /// Its mode, and which tags or details can't be read.
    pub fn policy(&self, tags: &Tags) -> Read {
        let read = enrolment::read(tags, self.details, &self.settings.defaults, self.now);
        gate::policy::<Judgement>(read, tags, enrolment::HOOK, self.mode)
    }

    /// Why a service with this effective mode does not take part; None where it does.
    #[must_use]
    pub fn stands_apart(&self, cluster: &str, mode: Mode) -> Option<String> {
        if !self.settings.common.clusters.include(cluster) {
            return Some(format!("the cluster {cluster} is none that is looked at, and its hooks pass"));
        }
        (mode == Mode::Off).then(|| "it carries no tag tidegate:hook with shadow or on, and passes".to_owned())
    }

    /// Judges a stage of a deployment, in its platform's own word, and tells how many metrics were asked for.
    pub async fn at(
        &self,
        ports: &impl Ports,
        deployment: &InProgress,
        policy: Read,
        event: &str,
        waiting: Waiting,
    ) -> (Judged, u32) {
        let mut policy = match Judged::policy_for(deployment, policy) {
            Ok(policy) => policy,
            Err(judged) => return (judged, 0),
        };
        let Self { settings, deadline, now, acts, .. } = *self;
        // Boxed, as what is gathered at the same time is laid out in one piece, which is more than a stack should hold.
        let gather = Gather { ports, settings, deadline, now, policy: &policy, acts };
        let Gathered { facts, smoke, metrics, broken } = Box::pin(gather.facts(deployment, event, waiting)).await;
        let (service, mode) = (Some(deployment.id()), policy.mode);
        if let (Some(why), None) = (broken, policy.opened(self.now)) {
            return (Judged::plain(service, mode, Verdict::Error, Other::PolicyError, why), metrics);
        }
        if let Some(smoke) = smoke {
            policy.smoke = smoke;
        }
        let judgement = judge(&facts, &policy, self.now);
        (Judged { service, mode, judgement, facts: Some(facts), policy: Some(policy) }, metrics)
    }
}
