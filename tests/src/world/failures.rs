//! What becomes of the tasks of a service that do not just run on.

use jiff::SignedDuration;

/// What becomes of tasks, each time that one is started.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What it is.
    pub kind: Kind,
    /// From a task's start until then.
    pub after: SignedDuration,
    /// So many tasks; None for all that are ever started.
    pub times: Option<u32>,
    /// Where set, the tasks that come after them are never more than pending, and the service has this event about it.
    pub then_pending: Option<String>,
}

/// What can become of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Its essential container exits with this code, and a reason where ECS knows one.
    Exits(i32, Option<&'static str>),
    /// It is never more than pending, and the service has this event about it.
    Pending(String),
    /// There is no place for it, so there is no task; the service's event gives this reason.
    Unplaced(String),
    /// It stops before it has started, with this reason.
    DoesNotStart(String),
    /// It runs, does not answer the load balancer's health checks, and is stopped for that.
    FailsHealthChecks,
}

impl Failure {
    fn of(kind: Kind) -> Self {
        Self { kind, after: SignedDuration::ZERO, times: None, then_pending: None }
    }

    /// Its essential container exits, as soon as the task runs.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        Self::of(Kind::Exits(code, None))
    }

    /// It is killed for using more memory than it has, as soon as it runs.
    #[must_use]
    pub fn out_of_memory() -> Self {
        Self::of(Kind::Exits(137, Some("OutOfMemoryError: Container killed due to memory usage")))
    }

    /// It is never more than pending, and the service has this event about it.
    #[must_use]
    pub fn pending(event: &str) -> Self {
        Self::of(Kind::Pending(event.to_owned()))
    }

    /// There is no place for it, for this reason, such as `Capacity is unavailable at this time`.
    #[must_use]
    pub fn unplaced(reason: &str) -> Self {
        Self::of(Kind::Unplaced(reason.to_owned()))
    }

    /// It stops before it has started, with this reason, such as `ResourceInitializationError: ...`.
    #[must_use]
    pub fn does_not_start(reason: &str) -> Self {
        Self::of(Kind::DoesNotStart(reason.to_owned()))
    }

    /// It runs, does not answer the load balancer's health checks, and is stopped for that.
    #[must_use]
    pub fn fails_health_checks() -> Self {
        Self::of(Kind::FailsHealthChecks).after(120)
    }

    /// It happens so many seconds after the task has come to run.
    #[must_use]
    pub fn after(self, seconds: i64) -> Self {
        Self { after: SignedDuration::from_secs(seconds), ..self }
    }

    /// It happens to so many tasks only; those after them run on.
    #[must_use]
    pub fn times(self, tasks: u32) -> Self {
        Self { times: Some(tasks), ..self }
    }

    /// The tasks after those of [`Failure::times`] are never more than pending, and the service has this event about it.
    #[must_use]
    pub fn then_pending(self, event: &str) -> Self {
        Self { then_pending: Some(event.to_owned()), ..self }
    }

    /// What becomes of the task that is started after so many others have met their end.
    #[must_use]
    pub(super) fn of_task(&self, before: u32) -> Option<Kind> {
        if self.times.is_none_or(|times| before < times) {
            return Some(self.kind.clone());
        }
        self.then_pending.clone().map(Kind::Pending)
    }
}
