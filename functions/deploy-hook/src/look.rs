//! A look at one stage of a deployment: its policy, its facts, its judgement.

use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_core::hook::{Facts, Judgement, Other, Policy, Reason, enrolment, judge, plain};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::verdict::Verdict;
use tidegate_core::words;
use tidegate_lambda::deployments::InProgress;

use crate::deployment::Waiting;
use crate::gather::{Gather, Gathered, Ports};
use crate::settings::Settings;

/// A stage with its judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// `cluster/service`; None where it is not known.
    pub service: Option<String>,
    /// The effective mode.
    pub mode: Mode,
    /// The judgement.
    pub judgement: Judgement,
    /// What it rests on; None where it could not be gathered.
    pub facts: Option<Facts>,
    /// What it was judged by; None where it could not be read.
    pub policy: Option<Policy>,
}

impl Judged {
    /// What could not be judged, or needs no judgement.
    #[must_use]
    pub fn plain(
        service: Option<String>,
        mode: Mode,
        verdict: Verdict,
        reason: impl Into<Reason>,
        why: impl Into<String>,
    ) -> Self {
        Self { service, mode, judgement: plain(verdict, reason, why), facts: None, policy: None }
    }

    /// A service that is not enrolled.
    #[must_use]
    pub fn not_enrolled(service: Option<String>, why: impl Into<String>) -> Self {
        Self::plain(service, Mode::Off, Verdict::Pass, Other::NotEnrolled, why)
    }
}

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
pub type Read = Result<Policy, (Mode, String)>;

impl Look<'_> {
    /// The policy of a service.
    ///
    /// # Errors
    /// Its mode, and which tags or details can't be read.
    pub fn policy(&self, tags: &Tags) -> Read {
        match enrolment::read(tags, self.details, &self.settings.defaults, self.now) {
            Ok(policy) => Ok(Policy { mode: policy.mode.min(self.mode), ..policy }),
            Err(faults) => {
                // A word that is none of the three may have been meant to be any of them.
                let mode = tags.mode(enrolment::HOOK).unwrap_or(Mode::On).min(self.mode);
                Err((mode, words::faults(&faults)))
            }
        }
    }

    /// Why a service does not take part; None where it does.
    #[must_use]
    pub fn stands_apart(&self, cluster: &str, policy: &Read) -> Option<String> {
        if !self.settings.common.clusters.include(cluster) {
            return Some(format!("the cluster {cluster} is none that is looked at, and its hooks pass"));
        }
        (mode_of(policy) == Mode::Off)
            .then(|| "it carries no tag tidegate:hook with shadow or on, and passes".to_owned())
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
        let service = Some(deployment.id());
        let policy = match policy {
            Ok(policy) => policy,
            // Also a broken tag does not hold up what brings an older version back.
            Err((mode, _)) if deployment.is_roll_back() => {
                let why = "it brings an older version back";
                return (Judged::plain(service, mode, Verdict::Pass, Other::RollBack, why), 0);
            }
            Err((mode, why)) => return (Judged::plain(service, mode, Verdict::Error, Other::PolicyError, why), 0),
        };
        let mut policy = policy;
        let Self { settings, deadline, now, acts, .. } = *self;
        // Boxed, as what is gathered at the same time is laid out in one piece, which is more than a stack should hold.
        let gather = Gather { ports, settings, deadline, now, policy: &policy, acts };
        let Gathered { facts, smoke, metrics, broken } = Box::pin(gather.facts(deployment, event, waiting)).await;
        let mode = policy.mode;
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

/// The mode of a service, whether or not the rest of its policy can be read.
pub(crate) fn mode_of(policy: &Read) -> Mode {
    policy.as_ref().map_or_else(|(mode, _)| *mode, |policy| policy.mode)
}
