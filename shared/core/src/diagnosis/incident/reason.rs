//! Why a batch of events is an incident, or none.

crate::codes::reasons! {
    /// Tasks are wanted, and none runs.
    AllStopped = "all_stopped",
    /// More than half of the tasks that are wanted are gone or unhealthy.
    MostUnhealthy = "most_unhealthy",
    /// A task stopped that should not have.
    TaskStopped = "task_stopped",
    /// ECS cannot start the tasks that are wanted.
    NotStarted = "not_started",
    /// Tasks stopped as they should: by scaling, a deployment, somebody or Spot.
    ExpectedStop = "expected_stop",
    /// A deployment is in progress, whose own gate looks at its tasks.
    Deploying = "deploying",
    /// No task is wanted.
    NoneWanted = "none_wanted",
    /// Nothing that the events tell is wrong, or it is over.
    NothingWrong = "nothing_wrong",
    /// The service is gone.
    NoService = "no_service",
    /// The service is not enrolled.
    NotEnrolled = "not_enrolled",
    /// What the incident would rest on could not be read.
    Unreadable = "unreadable",
}
