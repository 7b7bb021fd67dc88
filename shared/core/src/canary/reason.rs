//! Every reason code of the canary gate. They are stable: alarms, dashboards and questions are built on them.

crate::codes::reasons! {
    /// The canary has more bad events than the baseline of the same minutes, beyond chance and beyond what is acceptable.
    WorseThanBaseline = "worse_than_baseline",
    /// More requests fail than `tidegate:max-error-rate` allows, where there is no baseline to compare with.
    ErrorsAboveCeiling = "errors_above_ceiling",
    /// More requests are slow than three times the old version's at the same hour of the day before.
    SlowAboveCeiling = "slow_above_ceiling",
    /// The mean response time is above `tidegate:max-response-ms`.
    ResponseAboveCeiling = "response_above_ceiling",
    /// A metric of your own is above its limit.
    MetricAboveCeiling = "metric_above_ceiling",
    /// At least half of the canary's hosts are unhealthy.
    HostsUnhealthy = "hosts_unhealthy",
    /// An alarm of this deployment, or one that `tidegate:alarms` names, is in ALARM.
    AlarmInAlarm = "alarm_in_alarm",
    /// The canary leaves requests unanswered while the baseline answers.
    CanaryUnanswered = "canary_unanswered",
    /// The patience for a step is over without proof, and `tidegate:on-inconclusive` says fail, or hold and the hook is about to end.
    NoProofInTime = "no_proof_in_time",
    /// Targets of the new version are not healthy at the end of the bake.
    TargetsUnhealthy = "targets_unhealthy",
    /// The canary has been shown not to be twice as bad as acceptable, or its rates to be low, in every class of events.
    GoodEnough = "good_enough",
    /// The new version has served all traffic for the bake, below every ceiling.
    Baked = "baked",
    /// The patience for a step is over, and it was taken without proof, as `tidegate:on-inconclusive` says.
    PassedWithoutProof = "passed_without_proof",
    /// The deployment brings an older version back; it is never held up.
    RollBack = "roll_back",
    /// The service is being created: there is no old version to compare with, or to go back to.
    FirstDeployment = "first_deployment",
    /// The new version has no production traffic yet.
    BeforeFirstStep = "before_first_step",
    /// The hook's stage is none at which live traffic can be judged.
    OtherStage = "other_stage",
    /// `tidegate:break-glass` opens the gate.
    BreakGlass = "break_glass",
    /// The deployment is over, or being stopped already.
    NotInProgress = "not_in_progress",
    /// There is not enough evidence yet, in either direction.
    WaitingForEvidence = "waiting_for_evidence",
    /// The new version has no settled minute with traffic after its warm-up.
    NoTraffic = "no_traffic",
    /// The traffic is not split as the deployment asks for, so the counts are no evidence.
    SplitIsOff = "split_is_off",
    /// The new version has all traffic, and has to keep it for the bake.
    Baking = "baking",
    /// Both versions share one target group, as in a rolling deployment, so only ceilings are looked at.
    NoBaseline = "no_baseline",
    /// No load balancer counts this service's requests: only alarms and host health are looked at.
    NoRequestMetrics = "no_request_metrics",
    /// Metrics that the judgement needs could not be read.
    MetricsUnreadable = "metrics_unreadable",
    /// A tag or a hook's detail can't be read.
    PolicyError = "policy_error",
    /// The facts have numbers that no deployment can have; only `tidegate judge` is ever given such.
    FactsError = "facts_error",
    /// The deployment, or what it is made of, could not be read.
    DeploymentUnreadable = "deployment_unreadable",
    /// The service could not be described.
    ServiceUnreadable = "service_unreadable",
    /// The deployment changed between the judgement and the stop, so nothing was stopped.
    ChangedMeanwhile = "changed_meanwhile",
    /// The deployment could not be stopped.
    StopFailed = "stop_failed",
    /// The hook could not be answered.
    AnswerFailed = "answer_failed",
    /// The run's deadline came before this deployment's turn.
    NotReached = "not_reached",
    /// The event was more than two minutes old when it arrived.
    EventTooOld = "event_too_old",
    /// The event is none that the gate knows.
    EventNotUnderstood = "event_not_understood",
    /// The alarm did not go into ALARM, or is no longer in it.
    AlarmNotInAlarm = "alarm_not_in_alarm",
    /// The service carries no tag `tidegate:gate` with shadow or on.
    NotEnrolled = "not_enrolled",
    /// The alarm concerns no deployment in progress of an enrolled service.
    AlarmConcernsNobody = "alarm_concerns_nobody",
    /// No deployment of an enrolled service is in progress.
    NothingInProgress = "nothing_in_progress",
}
