//! Whether one finding blocks, and what accepts it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::finding::{Finding, Severity, Status};
use super::judgement::{Because, StaleException};
use super::policy::{Exception, Policy, Suppressed};

/// What one finding comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The policy has nothing against it.
    None,
    /// It would block, and is accepted.
    Accepted {
        /// Why.
        why: String,
        /// Until when; None where that has no end.
        until: Option<Timestamp>,
    },
    /// It blocks.
    Blocks {
        /// By what.
        because: Because,
        /// In words.
        why: String,
    },
}

/// Weighs the findings of one image.
pub struct Scales<'a> {
    policy: &'a Policy,
    now: Timestamp,
    /// Those for this repository, by vulnerability.
    exceptions: BTreeMap<&'a str, Vec<Excepted<'a>>>,
}

struct Excepted<'a> {
    exception: &'a Exception,
    found: bool,
    lapsed: bool,
}

impl<'a> Scales<'a> {
    /// For an image of this repository.
    #[must_use]
    pub fn new(policy: &'a Policy, repository: &str, now: Timestamp) -> Self {
        let mut exceptions: BTreeMap<&str, Vec<Excepted<'_>>> = BTreeMap::new();
        for exception in &policy.exceptions {
            let names = &exception.repositories;
            if names.is_empty() || names.iter().any(|name| name.matches(repository)) {
                let excepted = Excepted { exception, found: false, lapsed: false };
                exceptions.entry(&exception.id).or_default().push(excepted);
            }
        }
        Self { policy, now, exceptions }
    }

    /// Weighs a finding.
    pub fn weigh(&mut self, finding: &Finding) -> Weight {
        if finding.status == Status::Closed {
            return Weight::None;
        }
        // Also of what does not block: an exception for it is not without its finding.
        let exception = self.exception(finding);
        let Some((because, why)) = self.against(finding) else { return Weight::None };
        if finding.status == Status::Suppressed && self.policy.suppressed == Suppressed::Accept {
            return Weight::Accepted { why: "a rule of Inspector's suppresses it".to_owned(), until: None };
        }
        if let Some(exception) = exception {
            let why = format!("excepted until {}: {}", exception.until, exception.reason);
            return Weight::Accepted { why, until: Some(exception.until) };
        }
        match self.grace(finding).filter(|_| because == Because::Severity) {
            Some((days, until)) => {
                let why =
                    format!("published less than {days} days ago: {} has until {until}", finding.severity.as_str());
                Weight::Accepted { why, until: Some(until) }
            }
            None => Weight::Blocks { because, why },
        }
    }

    /// What the policy has against a finding.
    fn against(&self, finding: &Finding) -> Option<(Because, String)> {
        let escalate = &self.policy.escalate;
        let severity = self.severity(finding);
        if escalate.known_exploited && finding.known_exploited == Some(true) {
            return Some((Because::KnownExploited, "it is known to be exploited".to_owned()));
        }
        if let Some(least) = escalate.exploit_available.filter(|_| finding.exploit_available == Some(true))
            && severity >= least
        {
            let why = format!("an exploit is to be had, and it is at or above {}", least.as_str());
            return Some((Because::ExploitAvailable, why));
        }
        if let Some((epss, rule)) = finding.epss.zip(escalate.epss)
            && epss >= rule.at_least
            && severity >= rule.min_severity
        {
            let why = format!(
                "EPSS {epss:.2} is at least {:.2}, and it is at or above {}",
                rule.at_least,
                rule.min_severity.as_str()
            );
            return Some((Because::Epss, why));
        }
        let (threshold, what) = if finding.fix.is_there() {
            (self.policy.thresholds.fixable, "can be fixed")
        } else {
            (self.policy.thresholds.unfixable, "has no known fix")
        };
        let threshold = threshold.filter(|threshold| severity >= *threshold)?;
        let counts = if finding.severity.is_rated() {
            String::new()
        } else {
            format!(", which counts as {}", severity.as_str())
        };
        let why = format!("{}{counts} is at or above {}, and it {what}", finding.severity.as_str(), threshold.as_str());
        Some((Because::Severity, why))
    }

    fn severity(&self, finding: &Finding) -> Severity {
        if finding.severity.is_rated() { finding.severity } else { self.policy.unrated }
    }

    /// Without a date, or a severity, there is no grace; nor where it would end when no clock can be.
    fn grace(&self, finding: &Finding) -> Option<(u32, Timestamp)> {
        let days = *self.policy.grace_days.get(&finding.severity)?;
        let until = finding.published_at?.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
        (self.now < until).then_some((days, until))
    }

    /// The exception that holds for a finding. It has to be for all of its packages.
    fn exception(&mut self, finding: &Finding) -> Option<&'a Exception> {
        let now = self.now;
        let mut holds = None;
        for excepted in self.exceptions.get_mut(finding.id.as_str())? {
            let exception = excepted.exception;
            let named = |name: &str| exception.packages.iter().any(|pattern| pattern.matches(name));
            let all = !finding.packages.is_empty() && finding.packages.iter().all(|package| named(&package.name));
            if !exception.packages.is_empty() && !all {
                continue;
            }
            excepted.found = true;
            if exception.only_while_unfixed && finding.fix.is_there() {
                excepted.lapsed = true;
            } else if now < exception.until {
                holds = Some(exception);
            }
        }
        holds
    }

    /// Exceptions that accept nothing any more. Those that are for every repository may be for another image; the others
    /// are stale where the image has no such finding, which only a scan that tells everything can say.
    #[must_use]
    pub fn stale(&self, told_everything: bool) -> Vec<StaleException> {
        let stale = |excepted: &Excepted<'_>| {
            let exception = excepted.exception;
            let only_here = exception.repositories.iter().any(|name| !name.is_wild());
            let why = if self.now >= exception.until {
                format!("it ended at {}", exception.until)
            } else if excepted.lapsed {
                "it was to hold while there is no fix, and now there is one".to_owned()
            } else if !excepted.found && only_here && told_everything {
                "the image has no such finding".to_owned()
            } else {
                return None;
            };
            Some(StaleException { id: exception.id.clone(), why })
        };
        self.exceptions.values().flatten().filter_map(stale).collect()
    }
}
