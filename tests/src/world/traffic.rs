//! Traffic: requests that a listener's weights split among target groups, what the versions behind them make of the
//! requests, and what CloudWatch is told.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Binomial, Distribution, LogNormal, Poisson};

use super::balancer::{Balancer, Running};
use super::metrics::{Metric, MetricStore, Statistics};
use super::version::Version;

/// In the order of [`Outcome::answers`].
const CLASSES: [&str; 4] = [
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
];

/// What became of requests.
#[derive(Debug, Default)]
struct Outcome {
    requests: u64,
    /// Answers of targets by status class, from 2xx on.
    answers: [u64; 4],
    connection_errors: u64,
    unanswered: u64,
    /// Seconds until each answer.
    times: Option<Statistics>,
}

impl Balancer {
    /// Lets some seconds of traffic through, all within one minute.
    pub fn pass(&mut self, at: Timestamp, seconds: i64, metrics: &mut MetricStore) {
        let minute = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(at.as_second().div_euclid(60));
        self.publish_hosts(at, minute, metrics);
        #[expect(clippy::cast_precision_loss, reason = "seconds of one minute")]
        let expected = (self.requests)(at) * seconds as f64 / 60.0;
        // A Network Load Balancer counts no requests.
        if !self.application || expected <= 0.0 {
            return;
        }
        let mut left = poisson(expected, &mut self.dice);
        let mut weight_left: u32 = self.listener.weights.iter().map(|(_, weight)| weight).sum();
        let (mut all, mut no_target) = (Outcome::default(), 0);
        for (arn, weight) in self.listener.weights.clone() {
            let requests = draw(left, ratio(weight, weight_left), &mut self.dice);
            left -= requests;
            weight_left -= weight;
            let Some(group) = self.groups.iter().find(|group| group.arn == arn) else { continue };
            let serving: Vec<Running> = group.running.iter().filter(|own| targets(own, at) > 0).cloned().collect();
            if serving.is_empty() {
                no_target += requests;
                continue;
            }
            let outcome = serve(requests, &serving, at, &mut self.dice);
            let dimensions = [("LoadBalancer", self.dimension()), ("TargetGroup", group.dimension())];
            publish(&outcome, &dimensions, minute, metrics);
            let tasks: u32 = serving.iter().map(|running| targets(running, at)).sum();
            let per_target = elb("RequestCountPerTarget", &[("TargetGroup", group.dimension())]);
            if requests > 0 {
                metrics.add(per_target, minute, Statistics::of(whole(requests) / f64::from(tasks), 1.0));
            }
            all.add(outcome);
        }
        self.lost += all.unanswered + no_target;
        self.failed += all.answers[3];
        let dimensions = [("LoadBalancer", self.dimension())];
        publish(&all, &dimensions, minute, metrics);
        let mut count = |name, value| add_count(elb(name, &dimensions), minute, value, metrics);
        count("HTTPCode_ELB_502_Count", all.unanswered);
        count("HTTPCode_ELB_503_Count", no_target);
        count("HTTPCode_ELB_5XX_Count", all.unanswered + no_target);
    }

    fn publish_hosts(&self, at: Timestamp, minute: Timestamp, metrics: &mut MetricStore) {
        let namespace = if self.application { "AWS/ApplicationELB" } else { "AWS/NetworkELB" };
        for group in self.groups.iter().filter(|group| !group.running.is_empty()) {
            let dimensions = [("LoadBalancer", self.dimension()), ("TargetGroup", group.dimension())];
            let health = group.running.iter().map(|running| running.health(at));
            let (healthy, unhealthy) = health.fold((0, 0), |so_far, own| (so_far.0 + own.0, so_far.1 + own.1));
            for (name, hosts) in [("HealthyHostCount", healthy), ("UnHealthyHostCount", unhealthy)] {
                let metric = Metric::new(namespace, name, &dimensions);
                metrics.add(metric, minute, Statistics::of(f64::from(hosts), 1.0));
            }
        }
    }
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.answers.iter_mut().zip(other.answers).for_each(|(own, more)| *own += more);
        self.connection_errors += other.connection_errors;
        self.unanswered += other.unanswered;
        match (&mut self.times, other.times) {
            (Some(own), Some(more)) => own.add(&more),
            (own @ None, more) => *own = more,
            (Some(_), None) => {}
        }
    }
}

/// What the versions behind one target group make of its requests.
fn serve(requests: u64, serving: &[Running], at: Timestamp, dice: &mut Xoshiro256PlusPlus) -> Outcome {
    let mut all = Outcome::default();
    let mut left = requests;
    let mut targets_left: u32 = serving.iter().map(|running| targets(running, at)).sum();
    for running in serving {
        let own = targets(running, at);
        let requests = draw(left, ratio(own, targets_left), dice);
        left -= requests;
        targets_left -= own;
        all.add(answer(requests, running.version.at(at), dice));
    }
    all
}

/// What one version makes of its requests.
fn answer(requests: u64, version: &Version, dice: &mut Xoshiro256PlusPlus) -> Outcome {
    let unanswered = draw(requests, version.crash_percent / 100.0, dice);
    let connection_errors = draw(unanswered, version.refused, dice);
    let answered = requests - unanswered;
    let clump = u64::from(version.clump.max(1));
    let clumps = draw(answered, version.error_percent / 100.0 / whole(clump), dice);
    let errors = (clumps * clump).min(answered);
    let client_errors = draw(answered - errors, version.client_error_percent / 100.0, dice);
    let times =
        LogNormal::new((version.median_ms / 1000.0).ln(), version.sigma).expect("a spread that is not negative");
    let times: Vec<f64> = (0..answered).map(|_| times.sample(dice)).collect();
    let answers = [answered - errors - client_errors, 0, client_errors, errors];
    Outcome { requests, answers, connection_errors, unanswered, times: Statistics::spread(&times) }
}

/// Tells CloudWatch, which hears of no count that is zero.
fn publish(outcome: &Outcome, dimensions: &[(&str, &str)], minute: Timestamp, metrics: &mut MetricStore) {
    let mut count = |name, value| add_count(elb(name, dimensions), minute, value, metrics);
    count("RequestCount", outcome.requests);
    CLASSES.iter().zip(outcome.answers).for_each(|(class, answers)| count(class, answers));
    count("TargetConnectionErrorCount", outcome.connection_errors);
    if let Some(times) = &outcome.times {
        metrics.add(elb("TargetResponseTime", dimensions), minute, times.clone());
    }
}

fn add_count(metric: Metric, minute: Timestamp, count: u64, metrics: &mut MetricStore) {
    if count > 0 {
        // Each request is a sample of 1.
        metrics.add(metric, minute, Statistics::of(1.0, whole(count)));
    }
}

fn elb(name: &str, dimensions: &[(&str, &str)]) -> Metric {
    Metric::new("AWS/ApplicationELB", name, dimensions)
}

/// The targets that get requests: the healthy ones, or all where none is, as a load balancer that fails open does it.
fn targets(running: &Running, at: Timestamp) -> u32 {
    let (healthy, unhealthy) = running.health(at);
    if healthy > 0 { healthy } else { unhealthy }
}

fn ratio(part: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(part) / f64::from(all) }
}

fn draw(trials: u64, chance: f64, dice: &mut Xoshiro256PlusPlus) -> u64 {
    Binomial::new(trials, chance.clamp(0.0, 1.0)).expect("a chance between 0 and 1").sample(dice)
}

fn poisson(expected: f64, dice: &mut Xoshiro256PlusPlus) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
    let count = Poisson::new(expected).expect("more than zero").sample(dice) as u64;
    count
}

#[expect(clippy::cast_precision_loss, reason = "a count of requests")]
fn whole(count: u64) -> f64 {
    count as f64
}
