//! Every reason code of the scaler. They are stable: alarms, dashboards and questions are built on them.

crate::codes::reasons! {
    /// A metric is above its target by more than the tolerance.
    AboveTarget = "above_target",
    /// CPU is so high that it hides how much work there is; requests or doubling decide.
    Saturated = "saturated",
    /// The count is below `tidegate:min`.
    BelowMin = "below_min",
    /// Every metric has been below its target for all settled minutes.
    BelowTarget = "below_target",
    /// The count is above `tidegate:max`.
    AboveMax = "above_max",
    /// Every metric is near enough to its target.
    OnTarget = "on_target",
    /// More tasks are wanted, and the count is at `tidegate:max` already.
    AtMax = "at_max",
    /// Fewer tasks would do, and the count is at `tidegate:min` already.
    AtMin = "at_min",
    /// Fewer tasks would do now, but not in each of the last settled minutes.
    Stabilising = "stabilising",
    /// The count has moved as far as the rate limits allow for now.
    RateLimited = "rate_limited",
    /// Tasks were added less than ten minutes ago; taking them away again would be a flap.
    RecentlyRaised = "recently_raised",
    /// Fewer tasks would do, but the load of the last minutes, or the flaps of the last day, would have them raised again.
    FlapHeadroom = "flap_headroom",
    /// Tasks that were asked for do not run yet, and are not starting either, so nothing is taken away.
    TasksMissing = "tasks_missing",
    /// Memory is at or above its guard, so nothing is taken away.
    MemoryGuard = "memory_guard",
    /// Memory asks for more tasks, but the last raise did not lower it, or is too young to tell.
    MemoryDidNotFall = "memory_did_not_fall",
    /// A deployment is in progress: nothing is taken away, and tasks are added only under overload.
    DeploymentInProgress = "deployment_in_progress",
    /// An alarm's run looks at the freshest data only, and may only raise.
    AlarmMayOnlyRaise = "alarm_may_only_raise",
    /// A metric could not be read, or has values that it can't have; without it nothing is taken away. An error where the call failed.
    MetricUnreadable = "metric_unreadable",
    /// No metric has a datapoint in a settled minute.
    NoSettledData = "no_settled_data",
    /// The task count of the last minutes can't be told for certain, so nothing is taken away.
    HistoryUnknown = "history_unknown",
    /// Application Auto Scaling has a scalable target for this service and owns its count.
    ScalableTarget = "scalable_target",
    /// Somebody set the desired count to 0; it stays there until somebody raises it.
    DesiredIsZero = "desired_is_zero",
    /// The service is not ACTIVE.
    NotActive = "not_active",
    /// A DAEMON service has no desired count to set.
    Daemon = "daemon",
    /// The service's deployment controller is EXTERNAL, or one that this version does not know.
    ExternalController = "external_controller",
    /// `tidegate:min` or `tidegate:max` is missing.
    BoundsMissing = "bounds_missing",
    /// A tag can't be read.
    PolicyError = "policy_error",
    /// The facts have numbers or times that no service can have; only `tidegate recommend` is ever given such.
    FactsError = "facts_error",
    /// The service's turn is in a later minute, to keep the cost of its queries in proportion.
    NotDue = "not_due",
    /// The run's deadline came before this service's turn; it is among the first of the next run.
    NotReached = "not_reached",
    /// The service changed between the decision and the write, so nothing was written.
    ChangedMeanwhile = "changed_meanwhile",
    /// The service could not be described.
    ServiceUnreadable = "service_unreadable",
    /// The new count could not be written.
    WriteFailed = "write_failed",
    /// The event was more than two minutes old when it arrived.
    EventTooOld = "event_too_old",
    /// The event is none that the scaler knows.
    EventNotUnderstood = "event_not_understood",
    /// The alarm did not go into ALARM, or is no longer in it.
    AlarmNotInAlarm = "alarm_not_in_alarm",
    /// No service that was to be looked at carries the tag `tidegate:scale` with shadow or on.
    NotEnrolled = "not_enrolled",
    /// The alarm names no enrolled service, neither in its dimensions nor in a `tidegate:alarms` tag.
    AlarmConcernsNobody = "alarm_concerns_nobody",
}
