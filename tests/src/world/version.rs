//! How a version of a service behaves towards its requests.

use std::time::Duration;

use jiff::Timestamp;

use super::failures::Failure;
use super::smoke::Reply;

/// A version: what its targets make of the requests that they get.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its name, for people.
    pub name: String,
    /// Requests in a hundred that are answered with a 5xx status.
    pub error_percent: f64,
    /// Errors arrive in groups of so many.
    pub clump: u32,
    /// Requests in a hundred that are answered with a 4xx status, which is nobody's fault but the client's.
    pub client_error_percent: f64,
    /// Requests in a hundred that no target answers; the load balancer answers 502 itself.
    pub crash_percent: f64,
    /// Of those, the share that does not even get a connection.
    pub refused: f64,
    /// The median time to an answer.
    pub median_ms: f64,
    /// The spread of the time to an answer: it is log-normal, and this is the deviation of its logarithm.
    pub sigma: f64,
    /// How many of its targets fail their health checks.
    pub unhealthy: u32,
    /// What it answers to single requests, by path; `ok` to every other one.
    pub answers: Vec<(String, Reply)>,
    /// What becomes of its tasks; None where they run on and on.
    pub failure: Option<Failure>,
    /// The image of its first container; None where nobody cares, or the task definition says it.
    pub image: Option<String>,
    /// ARN of its task definition; None for the service's, or a new revision of it where the version has an image.
    pub task_definition: Option<String>,
    /// From these moments on it behaves otherwise.
    pub later: Vec<(Timestamp, Self)>,
}

impl Version {
    /// A version that answers everything well, in about 80 ms.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            error_percent: 0.0,
            clump: 1,
            client_error_percent: 0.0,
            crash_percent: 0.0,
            refused: 0.5,
            median_ms: 80.0,
            sigma: 0.5,
            unhealthy: 0,
            answers: Vec::new(),
            failure: None,
            image: None,
            task_definition: None,
            later: Vec::new(),
        }
    }

    /// So many requests in a hundred are answered with a 5xx status.
    #[must_use]
    pub fn errors(self, percent: f64) -> Self {
        Self { error_percent: percent, ..self }
    }

    /// Its errors arrive in groups, as retries and broken clients make them.
    #[must_use]
    pub fn in_clumps_of(self, clump: u32) -> Self {
        Self { clump, ..self }
    }

    /// So many requests in a hundred are answered with a 4xx status.
    #[must_use]
    pub fn client_errors(self, percent: f64) -> Self {
        Self { client_error_percent: percent, ..self }
    }

    /// So many requests in a hundred are answered by no target.
    #[must_use]
    pub fn crashes(self, percent: f64) -> Self {
        Self { crash_percent: percent, ..self }
    }

    /// The distribution of its response times.
    #[must_use]
    pub fn answers_in(self, median_ms: f64, sigma: f64) -> Self {
        Self { median_ms, sigma, ..self }
    }

    /// So many of its targets fail their health checks.
    #[must_use]
    pub fn unhealthy(self, targets: u32) -> Self {
        Self { unhealthy: targets, ..self }
    }

    /// It answers so to single requests of a path, after so long.
    #[must_use]
    pub fn answers(mut self, path: &str, status: u16, body: &str, latency: Duration) -> Self {
        self.answers.push((path.to_owned(), Reply { latency, ..Reply::of(status, body) }));
        self
    }

    /// It redirects single requests of a path.
    #[must_use]
    pub fn redirects(mut self, path: &str, to: &str) -> Self {
        self.answers.push((path.to_owned(), Reply { location: Some(to.to_owned()), ..Reply::of(302, "") }));
        self
    }

    /// This becomes of its tasks.
    #[must_use]
    pub fn fails(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// Its tasks exit a few seconds after they started, each time.
    #[must_use]
    pub fn crashes_at_start(self, exit_code: i32) -> Self {
        self.fails(Failure::exits(exit_code).after(5))
    }

    /// Its tasks exit so many seconds after they started, each time. A minute is long enough for all to be up once.
    #[must_use]
    pub fn crashes_after(self, seconds: i64, exit_code: i32) -> Self {
        self.fails(Failure::exits(exit_code).after(seconds))
    }

    /// Its tasks run out of memory a minute and a half after they started, each time.
    #[must_use]
    pub fn out_of_memory(self) -> Self {
        self.fails(Failure::out_of_memory().after(90))
    }

    /// Its tasks are never more than pending, and the service has this event about it.
    #[must_use]
    pub fn stuck_pending(self, event: &str) -> Self {
        self.fails(Failure::pending(event))
    }

    /// Its image, such as `shop:v2`: its deployment brings a new revision of the service's task definition.
    #[must_use]
    pub fn image(self, name: &str) -> Self {
        Self { image: Some(name.to_owned()), ..self }
    }

    /// Its task definition is this one, which there is already.
    #[must_use]
    pub fn task_definition(self, arn: &str) -> Self {
        Self { task_definition: Some(arn.to_owned()), ..self }
    }

    /// From this moment on it behaves like another one.
    #[must_use]
    pub fn then(mut self, from: Timestamp, behaviour: Self) -> Self {
        self.later.push((from, behaviour));
        self
    }

    /// How it behaves at a moment.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> &Self {
        let begun = self.later.iter().filter(|(from, _)| *from <= now);
        begun.max_by_key(|(from, _)| *from).map_or(self, |(_, version)| version)
    }
}
