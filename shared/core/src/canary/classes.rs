//! The evidence of each class of events, and of all of them together: the mean of e-values is an e-value however they depend
//! on each other.
//!
//! Source: Vovk and Wang, "E-values: calibration, combination and applications", Annals of Statistics 49 (2021),
//! <https://arxiv.org/abs/1912.06116>.

use super::ceilings::failed;
use super::dispersion::dispersion;
use super::evidence::{self, Split, Trials, mean_of};
use super::facts::{Counts, Facts};
use super::float;
use super::judgement::{Class, ClassEvidence, Missing};
use super::minutes::Look;
use super::policy::Policy;

/// A difference matters from this many bad events of the canary on.
const FEWEST_BAD: u64 = 5;

/// And they have to lie in so many minutes: one minute is one accident.
const FEWEST_MINUTES: usize = 2;

/// The natural logarithm of the largest e-value that is told; a float holds no more than a little more.
const LARGEST_LOG: f64 = 690.0;

/// The evidence of all classes.
pub struct Classes {
    /// Class by class.
    pub each: Vec<ClassEvidence>,
    /// The natural logarithm of the mean of the e-values that the canary is worse.
    pub worse: f64,
    /// The same, where only classes with a difference that matters count.
    pub worse_and_material: f64,
    minutes: Vec<Minutes>,
}

/// The minutes of a class.
struct Minutes {
    class: Class,
    margin: f64,
    dispersion: f64,
    /// Of the present step.
    splits: Vec<Split>,
    /// Of the present step.
    trials: Vec<Trials>,
}

impl Class {
    /// The events of this class in one minute. None where they were not counted.
    #[must_use]
    pub fn bad(self, counts: &Counts) -> Option<u64> {
        match self {
            Self::Errors => Some(counts.errors),
            Self::ConnectionErrors => Some(counts.connection_errors),
            Self::Unanswered => Some(counts.unanswered),
            Self::Slow => counts.slow,
            Self::Failed => Some(failed(counts)),
        }
        // A retried request can fail to connect more than once.
        .map(|bad| bad.min(counts.requests))
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::ConnectionErrors => "connection errors",
            Self::Unanswered => "unanswered requests",
            Self::Slow => "slow requests",
            Self::Failed => "failed requests",
        }
    }

    /// Whether it can stop a release.
    #[must_use]
    pub fn stops(self) -> bool {
        self != Self::Failed
    }

    /// Whether it has to be good for an early pass.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Failed | Self::Slow)
    }
}

impl Classes {
    /// Weighs the evidence.
    #[must_use]
    pub fn new(facts: &Facts, policy: &Policy, look: &Look) -> Self {
        let mut classes = vec![Class::Errors, Class::ConnectionErrors, Class::Unanswered, Class::Failed];
        classes.extend(policy.slow.map(|_| Class::Slow));
        let (each, minutes): (Vec<ClassEvidence>, Vec<Minutes>) =
            classes.into_iter().map(|class| one(class, facts, policy, look)).unzip();
        let stopping = || each.iter().filter(|class| class.class.stops());
        let mean = |log: fn(&ClassEvidence) -> f64| mean_of(&stopping().map(log).collect::<Vec<_>>());
        let worse = mean(|class| class.worse);
        let worse_and_material = mean(|class| if class.material { class.worse } else { f64::NEG_INFINITY });
        let told = |class: ClassEvidence| ClassEvidence {
            worse: value(class.worse),
            not_twice: value(class.not_twice),
            low: value(class.low),
            ..class
        };
        Self { each: each.into_iter().map(told).collect(), worse, worse_and_material, minutes }
    }

    /// Whether the canary has been shown to be good enough, in either of the two ways. Kinds of failure share one proof,
    /// as those that never happen would each take thousands of requests; but none of them may speak against the canary.
    #[must_use]
    pub fn are_good(&self, policy: &Policy) -> bool {
        let goal = 1.0 / policy.beta;
        let is_good = |class: &ClassEvidence| class.not_twice >= goal || class.low >= goal;
        self.each.iter().all(|class| is_good(class) || !class.class.passes() && class.worse <= 1.0)
    }

    /// Whether the minutes of the present step count anything.
    #[must_use]
    pub fn have_minutes(&self) -> bool {
        self.minutes.iter().all(|class| !class.trials.is_empty())
    }

    /// What a pass would take, were the canary as good as the baseline.
    #[must_use]
    pub fn missing(&self, policy: &Policy, look: &Look) -> Missing {
        let goal = (1.0 / policy.beta).ln();
        let most = self
            .minutes
            .iter()
            .filter(|minutes| minutes.class.passes())
            .map(|class| class.requests_until_good(policy, goal))
            .collect::<Option<Vec<f64>>>();
        let requests = most.map(|each| each.into_iter().fold(0.0, f64::max).ceil());
        let recent: Vec<f64> =
            look.warm().rev().take(5).filter_map(|minute| Some(float(minute.canary?.requests))).collect();
        #[expect(clippy::cast_precision_loss, reason = "at most five")]
        let a_minute = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
        let minutes = requests.filter(|_| a_minute > 0.0).map(|requests| (requests / a_minute).ceil());
        Missing {
            requests: requests.map(super::whole),
            minutes: minutes.and_then(|m| u32::try_from(super::whole(m)).ok()),
        }
    }
}

impl Minutes {
    fn requests_until_good(&self, policy: &Policy, goal: f64) -> Option<f64> {
        let (bad, requests) =
            self.trials.iter().fold((0.0, 0.0), |(b, n), minute| (b + minute.bad, n + minute.requests));
        let baseline: f64 = self.splits.iter().map(|split| split.baseline_bad).sum();
        let all: f64 = self.trials.iter().zip(&self.splits).map(|(trials, split)| trials.requests / split.share).sum();
        // Half an event more than were seen: none so far does not mean that there are none.
        let rate = (bad + baseline + 0.5) / (all + 1.0);
        let share = if all > 0.0 { requests / all } else { return None };
        let low = policy.ok_rate_percent / 100.0;
        let ways = [
            evidence::requests_until_not_twice(&self.splits, self.margin, self.dispersion, (rate, share), goal),
            evidence::requests_until_low(&self.trials, low, self.dispersion, rate, goal),
        ];
        ways.into_iter().flatten().reduce(f64::min)
    }
}

fn one(class: Class, facts: &Facts, policy: &Policy, look: &Look) -> (ClassEvidence, Minutes) {
    let margin = match class {
        Class::Slow => policy.slow.map_or(policy.max_ratio, |slow| slow.max_ratio),
        _ => policy.max_ratio,
    };
    // An outage is told by its errors, whatever class is asked about.
    let ceiling = if class == Class::Slow { f64::INFINITY } else { policy.ceilings.error_percent / 100.0 };
    let dispersion = dispersion(&facts.before, |minute| class.bad(&minute.counts), ceiling);
    let mut told = ClassEvidence {
        class,
        canary_bad: 0,
        canary_requests: 0,
        baseline_bad: 0,
        baseline_requests: 0,
        dispersion: dispersion.careful(),
        worse: 0.0,
        material: false,
        not_twice: 0.0,
        low: 0.0,
    };
    // Where the weight is known and no settled minute has it yet, none is of this step.
    let step_from = facts.deployment.weight_percent.map(|_| look.step_from.unwrap_or(jiff::Timestamp::MAX));
    let (mut all, mut splits, mut trials) = (Vec::new(), Vec::new(), Vec::new());
    let mut bad_minutes = 0;
    // The difference of the rates, minute by minute with the weights of Mantel and Haenszel, so that a rate that changes
    // while the split does is no difference.
    let (mut excess, mut weight) = (0.0, 0.0);
    for (minute, canary, baseline) in look.compared() {
        let (Some(canary_bad), Some(baseline_bad)) = (class.bad(&canary), class.bad(&baseline)) else { continue };
        let (c, b) = (float(canary.requests), float(baseline.requests));
        let split = Split { canary_bad: float(canary_bad), baseline_bad: float(baseline_bad), share: c / (c + b) };
        all.push(split);
        if step_from.is_none_or(|from| minute.at >= from) {
            splits.push(split);
            trials.push(Trials { bad: split.canary_bad, requests: c });
        }
        bad_minutes += usize::from(canary_bad > 0);
        excess += (split.canary_bad * b - split.baseline_bad * c) / (c + b);
        weight += c * b / (c + b);
        told.canary_bad += canary_bad;
        told.canary_requests += canary.requests;
        told.baseline_bad += baseline_bad;
        told.baseline_requests += baseline.requests;
    }
    told.worse = evidence::worse(&all, margin, dispersion.careful());
    told.not_twice = evidence::not_twice(&splits, margin, dispersion.observed);
    told.low = evidence::low(&trials, policy.ok_rate_percent / 100.0, dispersion.observed);
    let difference = if weight > 0.0 { excess / weight } else { 0.0 };
    told.material = told.canary_bad >= FEWEST_BAD
        && bad_minutes >= FEWEST_MINUTES
        && difference >= policy.min_excess_percent / 100.0;
    (told, Minutes { class, margin, dispersion: dispersion.observed, splits, trials })
}

/// An e-value from its natural logarithm, as large as a float can tell it.
#[must_use]
pub fn value(log: f64) -> f64 {
    log.min(LARGEST_LOG).exp()
}
