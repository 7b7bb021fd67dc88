//! Every reason code of the scan gate. They are stable: alarms, dashboards and questions are built on them.

crate::codes::reasons! {
    /// The image has findings that the policy does not accept.
    Vulnerable = "vulnerable",
    /// The image was never scanned, or its scan failed or can't be had, and `unknown` says block.
    NotScanned = "not_scanned",
    /// The scan is older than `max_scan_age`, or no longer kept up to date, and `stale` says block.
    StaleScan = "stale_scan",
    /// The image is of a kind that can't be scanned, and `unscannable` says block.
    Unscannable = "unscannable",
    /// The image is in the archive, so that nothing can pull it.
    ImageArchived = "image_archived",
    /// There is no such image.
    ImageMissing = "image_missing",
    /// No manifest of the image is for a platform that runs.
    NoPlatform = "no_platform",
    /// The image is from a registry that is not ECR's, and `foreign_registry` says block.
    ForeignRegistry = "foreign_registry",
    /// Every platform was scanned, and whatever was found is accepted.
    Clean = "clean",
    /// Nothing blocks, but something is not known that the policy lets pass with a warning.
    PassedWithWarning = "passed_with_warning",
    /// The image is brought back by a roll-back; one is never held up.
    RollBack = "roll_back",
    /// `tidegate:break-glass`, or the policy's, opens the gate.
    BreakGlass = "break_glass",
    /// The scan has not been made yet.
    WaitingForScan = "waiting_for_scan",
    /// The scan says that nothing was found, so shortly after the push that it may not be all.
    Settling = "settling",
    /// The image is coming back out of the archive.
    Activating = "activating",
    /// The image, its manifest or its scan could not be read.
    ImageUnreadable = "image_unreadable",
    /// EPSS or known exploitation could not be read, and the policy asks for them.
    RiskUnreadable = "risk_unreadable",
    /// The policy document or a tag can't be read. Nothing passes by it.
    PolicyError = "policy_error",
    /// Neither the repository, nor a service or task that brings the image, is enrolled.
    NotEnrolled = "not_enrolled",
    /// The task belongs to a service, whose deployments are looked at instead.
    ServiceTask = "service_task",
    /// The task is stopped, or stopping.
    TaskStopping = "task_stopping",
    /// The event is about something that the gate does not decide about.
    OtherEvent = "other_event",
    /// The event is none that the gate knows.
    EventNotUnderstood = "event_not_understood",
    /// The service could not be described.
    ServiceUnreadable = "service_unreadable",
    /// What a deployment brings could not be read.
    DeploymentUnreadable = "deployment_unreadable",
    /// What a deployment brings is not known yet: its task set does not exist.
    TaskDefinitionUnknown = "task_definition_unknown",
    /// The run's deadline came before this image's turn.
    NotReached = "not_reached",
    /// The services and tasks of the daily run have no image to look at.
    NothingToLookAt = "nothing_to_look_at",
}
