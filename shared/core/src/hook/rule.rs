//! Every rule there is: one table, from which policies, messages and the documents are made.
//!
//! Sources, for the names that rules have elsewhere: <https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html>,
//! <https://docs.aws.amazon.com/controltower/latest/controlreference/ecs-rules.html>.

use super::stage::Check;

/// What the breach of a rule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is about how things stand, and blocks whatever `tidegate:preflight` says.
    State,
    /// No task could start: it blocks also where `tidegate:preflight` says warn.
    CannotStart,
    /// As `tidegate:preflight` says.
    Breach,
    /// Never more than a warning, but where the policy names the rule.
    Advice,
}

/// Declares the rules: a variant, its code, what it belongs to, its weight, what it is known as, and its meaning.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $check:ident, $weight:ident, $known:literal;)+) => {
        crate::codes::coded! {
            /// A rule.
            Rule: $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Rule {
            /// What it belongs to.
            #[must_use]
            pub fn check(self) -> Check {
                match self { $(Self::$name => Check::$check,)+ }
            }

            /// What its breach comes to.
            #[must_use]
            pub fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)+ }
            }

            /// What else it is known as, such as `Security Hub ECS.4`; empty for nothing.
            #[must_use]
            pub fn known_as(self) -> &'static str {
                match self { $(Self::$name => $known,)+ }
            }
        }
    };
}

rules! {
    /// The scan verdict on an image is that it may not run.
    ImageBlocked = "image_blocked", Images, State, "";
    /// There is no such image.
    ImageMissing = "image_missing", Images, State, "";
    /// The image is in the archive, so that nothing can pull it.
    ImageArchived = "image_archived", Images, State, "";
    /// The image has no manifest for the CPU architecture of the task.
    WrongArchitecture = "wrong_architecture", Images, State, "";
    /// The image is named by `latest`, or by no tag: what runs is whatever was pushed last.
    MutableTag = "mutable_tag", TaskDefinition, Breach, "";
    /// A container has the rights of the instance.
    Privileged = "privileged", TaskDefinition, Breach, "Security Hub ECS.4, Control Tower CT.ECS.PR.11, Checkov CKV_AWS_334";
    /// On the instance's network, a container runs as root without that being asked for.
    HostNetworkAsRoot = "host_network_as_root", TaskDefinition, Breach, "Security Hub ECS.1, Control Tower CT.ECS.PR.8";
    /// The task is on the instance's network.
    HostNetwork = "host_network", TaskDefinition, Breach, "Security Hub ECS.17, Control Tower CT.ECS.PR.4";
    /// The task sees the processes of the instance.
    HostPid = "host_pid", TaskDefinition, Breach, "Security Hub ECS.3, Control Tower CT.ECS.PR.10, Checkov CKV_AWS_335";
    /// The task shares the memory of the instance's processes.
    HostIpc = "host_ipc", TaskDefinition, Breach, "";
    /// A container runs as root: the task definition says so, or says nothing and the image says so.
    RootUser = "root_user", TaskDefinition, Breach, "Security Hub ECS.20, Control Tower CT.ECS.PR.3";
    /// A Windows container runs as the administrator.
    WindowsAdministrator = "windows_administrator", TaskDefinition, Breach, "Security Hub ECS.21";
    /// A container can write to its own file system.
    WritableRoot = "writable_root", TaskDefinition, Breach, "Security Hub ECS.5, Control Tower CT.ECS.PR.6, Checkov CKV_AWS_336";
    /// A secret is written in the clear.
    PlainSecret = "plain_secret", TaskDefinition, Breach, "Security Hub ECS.8, Control Tower CT.ECS.PR.12, Trivy AWS-0036";
    /// The output of a container goes nowhere.
    NoLogging = "no_logging", TaskDefinition, Breach, "Security Hub ECS.9, Control Tower CT.ECS.PR.5";
    /// A container has Docker's socket, and with it the instance.
    DockerSocket = "docker_socket", TaskDefinition, Breach, "";
    /// A container has a path of the instance that is not for tasks.
    HostPath = "host_path", TaskDefinition, Breach, "";
    /// A container is given Linux capabilities beyond the usual ones.
    AddedCapabilities = "added_capabilities", TaskDefinition, Breach, "";
    /// The containers have the role that ECS starts them with.
    SameRole = "same_role", TaskDefinition, Breach, "Checkov CKV_AWS_249";
    /// ECS needs an execution role to start the task, and there is none.
    NoExecutionRole = "no_execution_role", TaskDefinition, CannotStart, "";
    /// What the task reads from EFS goes over the network in the clear.
    EfsInTheClear = "efs_in_the_clear", TaskDefinition, Breach, "Security Hub ECS.18, Trivy AWS-0035, Checkov CKV_AWS_97";
    /// Fargate has no task of this CPU and memory.
    FargateSize = "fargate_size", TaskDefinition, CannotStart, "";
    /// Fargate does not take a parameter of the task definition.
    FargateParameter = "fargate_parameter", TaskDefinition, CannotStart, "";
    /// The containers are promised more memory than the task has.
    ContainerMemory = "container_memory", TaskDefinition, CannotStart, "";
    /// Nothing limits the memory of a container, nor that of its task.
    NoMemoryLimit = "no_memory_limit", TaskDefinition, Breach, "Control Tower CT.ECS.PR.7";
    /// The log group of a container does not exist, and nothing creates it.
    LogGroupMissing = "log_group_missing", TaskDefinition, CannotStart, "";
    /// The log group of a container does not exist: it may start, but its output is lost.
    LogsLost = "logs_lost", TaskDefinition, Breach, "";
    /// A secret is kept in another region than the one in which the task runs.
    SecretElsewhere = "secret_elsewhere", TaskDefinition, Breach, "";
    /// The task definition is not known yet; it is looked at when its tasks are there.
    TaskDefinitionUnknown = "task_definition_unknown", TaskDefinition, Advice, "";
    /// The tasks have public addresses.
    PublicIp = "public_ip", Deployment, Breach, "Security Hub ECS.2, Control Tower CT.ECS.PR.9, Checkov CKV_AWS_333";
    /// A deployment that fails is not rolled back.
    NoRollBack = "no_roll_back", Deployment, Breach, "";
    /// While the service is deployed it may have no task at all.
    Downtime = "downtime", Deployment, Breach, "";
    /// ECS may end tasks for failing health checks before their containers have had their time to start.
    ShortGrace = "short_grace", Deployment, Breach, "";
    /// The listener sends traffic where this deployment does not expect it.
    WeightsDrifted = "weights_drifted", Deployment, Breach, "";
    /// The new version has all traffic for a shorter time than metrics take to arrive.
    ShortBake = "short_bake", Deployment, Advice, "";
    /// The canary's step is over before its metrics can say anything.
    ShortCanaryStep = "short_canary_step", Deployment, Advice, "";
    /// At this share of the traffic, twice as many errors could not be told from chance before the step is over.
    CanaryTooSmall = "canary_too_small", Deployment, Advice, "";
    /// The actions of an alarm of this deployment are disabled.
    AlarmActionsDisabled = "alarm_actions_disabled", Deployment, Advice, "";
    /// An alarm that should stop this deployment does not exist.
    AlarmMissing = "alarm_missing", Deployment, Advice, "";
    /// An alarm that should stop this deployment is in ALARM already, so that ECS would ignore all of its alarms.
    AlarmInAlarm = "alarm_in_alarm", Alarms, State, "";
    /// A task of the new version stopped since the deployment began.
    TaskStopped = "task_stopped", Tasks, State, "";
    /// A task of the new version has been about to start for more than five minutes.
    TaskStuck = "task_stuck", Tasks, State, "";
    /// The health check of a container of the new version's own fails.
    TaskUnhealthy = "task_unhealthy", Tasks, State, "";
    /// Fewer tasks of the new version run than should.
    TasksMissing = "tasks_missing", Tasks, State, "";
    /// The load balancer does not find a target of the new version healthy.
    TargetUnhealthy = "target_unhealthy", Targets, State, "";
    /// Fewer targets of the new version are registered than tasks run.
    TargetsMissing = "targets_missing", Targets, State, "";
    /// A smoke request was not answered as it should be.
    SmokeFailed = "smoke_failed", Smoke, State, "";
}

impl Rule {
    /// The rule with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}
