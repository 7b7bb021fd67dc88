//! Classes of failures: one table, from which messages, records and the documents are made. They are stable: filters and
//! pipelines are built on them.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>

/// Declares the classes: a variant, its code, whether it is expected, its cause and its fix, and its meaning. In cause and
/// fix `{name|words}` is the value of that name, or the words where nobody knows it.
macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $expected:literal, $cause:literal, $fix:literal;)+) => {
        crate::codes::coded! {
            /// A class of failures.
            Class: $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Class {
            /// Whether it is part of how things should go: scaling, deployments, what somebody asked for, Spot.
            #[must_use]
            pub fn is_expected(self) -> bool {
                match self { $(Self::$name => $expected,)+ }
            }

            /// Its cause, with places for values.
            pub(super) fn cause(self) -> &'static str {
                match self { $(Self::$name => $cause,)+ }
            }

            /// Its fix, with places for values.
            pub(super) fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)+ }
            }
        }
    };
}

classes! {
    /// Nobody knows; what AWS says is shown as it is.
    Unknown = "unknown", false,
        "AWS says: {said|nothing}",
        "look into the service's events and the container's log";

    /// The registry does not give the image to this role, or has no such repository.
    PullPermission = "image_pull.permission_or_missing", false,
        "the registry does not give {image|the image} to the role that pulls it, or does not have it",
        "allow the execution role (on EC2 the instance's role) ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability, across accounts in the repository's policy too, and check that the image exists";
    /// There is no image of this tag or digest, any more or at all.
    PullNotFound = "image_pull.not_found_or_digest_gone", false,
        "there is no {image|such image}: it was never pushed, is deleted or archived, or its digest, to which ECS holds, is gone",
        "push {image|the image} or restore it from the archive, then force a new deployment, so that ECS looks its digest up again";
    /// There is no way from the task to the registry.
    PullNetwork = "image_pull.network", false,
        "the task could not reach the registry of {image|its image}",
        "give the task a public address in a public subnet, a NAT gateway or the endpoints ecr.api, ecr.dkr and the gateway of S3 in a private one, and let its security group out to port 443";
    /// The layers of an image, which S3 keeps, could not be loaded.
    PullLayers = "image_pull.layer_download", false,
        "the layers of {image|the image} could not be loaded from Amazon S3",
        "add the gateway endpoint of S3 to the route table of the subnet, and let the security group out to it";
    /// The disk is full.
    PullDiskFull = "image_pull.disk_full", false,
        "there is no space left for {image|the image}",
        "raise ephemeralStorage on Fargate (up to 200 GiB), or clean up or enlarge the disk of the instance";
    /// The registry gives no more to this address for now.
    PullRateLimit = "image_pull.rate_limit", false,
        "the registry of {image|the image} has limited the pulls from this address",
        "pull through a cache in Amazon ECR, or give the registry's credentials in repositoryCredentials";
    /// The registry did not give the image's configuration: it is out of reach, or has limited the pulls.
    PullRateLimitOrNetwork = "image_pull.rate_limit_or_network", false,
        "the registry did not give the configuration of {image|the image}: it is out of reach, or has limited the pulls",
        "check the route to the registry and to Amazon S3, and pull images of public registries through a cache in Amazon ECR";
    /// An image could not be pulled, for a reason that is shown as it is.
    PullUnknown = "image_pull.unknown", false,
        "{image|the image} could not be pulled: {said|AWS does not say why}",
        "check that {image|the image} exists, that the execution role may pull it and that the task reaches its registry";
    /// The image is of another CPU architecture or operating system than the task.
    WrongArchitecture = "wrong_architecture", false,
        "{image|the image} is not made for the CPU architecture or operating system of the task",
        "build {image|the image} for the task's platform, or set runtimePlatform in the task definition to the image's";

    /// There is no way from the task to ECR, where it signs in.
    AuthNetwork = "resource_init.ecr_auth_network", false,
        "the task could not reach Amazon ECR to sign in",
        "give the task a public address in a public subnet, a NAT gateway or the endpoints ecr.api and ecr.dkr in a private one, and let its security group out to port 443";
    /// The execution role may not sign in at ECR.
    AuthPermission = "resource_init.ecr_auth_permission", false,
        "the execution role may not sign in at Amazon ECR",
        "allow the execution role {action|ecr:GetAuthorizationToken}";
    /// There is no way from the task to S3, where its environment is.
    EnvFileNetwork = "resource_init.env_file_network", false,
        "the task could not reach Amazon S3 for its environment file",
        "add the gateway endpoint of S3 to the route table of the subnet, or a NAT gateway";
    /// The environment file is not there, or not for this role.
    EnvFile = "resource_init.env_file", false,
        "the environment file could not be read: it is not there, or the execution role may not read it",
        "check the ARN in environmentFiles, and allow the execution role s3:GetObject and s3:GetBucketLocation";
    /// There is no way from the task to the Parameter Store.
    SsmNetwork = "resource_init.ssm_network", false,
        "the task could not reach Systems Manager for {secret|its parameters}",
        "add the endpoint ssm (and kms for encrypted parameters) or a NAT gateway, and let the security group out to port 443";
    /// There is no way from the task to Secrets Manager.
    SecretsNetwork = "resource_init.secrets_network", false,
        "the task could not reach Secrets Manager for {secret|its secrets}",
        "add the endpoint secretsmanager or a NAT gateway, and let the security group out to port 443";
    /// There is no such secret or parameter in this region.
    SecretMissing = "resource_init.secret_missing", false,
        "there is no {secret|such secret} in this region, or no such key or version of it",
        "create {secret|the secret}, or mend its ARN in the task definition: name, key, version and region";
    /// The execution role may not read a secret or parameter.
    SecretPermission = "resource_init.secret_permission", false,
        "the execution role may not read {secret|the secret}",
        "allow the execution role {action|secretsmanager:GetSecretValue or ssm:GetParameters} on {secret|it}, and kms:Decrypt where a key of your own encrypts it";
    /// The task could neither sign in at the registry nor read its secrets, most often for want of a route.
    AuthOrSecretNetwork = "resource_init.auth_or_secret_network", false,
        "the task could not sign in at the registry or read its secrets, most often for want of a route",
        "give the task a public address in a public subnet, a NAT gateway or the endpoints ecr.api, ecr.dkr, secretsmanager and ssm in a private one, and check what its execution role may do";
    /// There is no way from the task to CloudWatch Logs.
    LogsNetwork = "resource_init.logs_network", false,
        "the task could not reach CloudWatch Logs for {log_group|its log group}",
        "add the endpoint logs or a NAT gateway, and let the security group out to port 443";
    /// The execution role may not write the log.
    LogsPermission = "resource_init.logs_permission", false,
        "the execution role may not write to {log_group|the log group}",
        "allow the execution role {action|logs:CreateLogStream and logs:PutLogEvents} on {log_group|the log group}";
    /// There is no such log group.
    LogGroupMissing = "resource_init.log_group_missing", false,
        "the log could not be set up, most often because there is no {log_group|such log group}",
        "create {log_group|the log group}, or set awslogs-create-group and allow the execution role logs:CreateLogGroup";
    /// A file system of EFS could not be mounted.
    EfsMount = "resource_init.efs_mount", false,
        "the file system {file_system|of EFS} could not be mounted",
        "check that it has a mount target in the task's zone, that port 2049 is open to the task, its DNS name, its access point and what its policy and the task role allow";
    /// What a task needs before it starts could not be set up, for a reason that is shown as it is.
    ResourceUnknown = "resource_init.unknown", false,
        "something that the task needs before it starts could not be set up: {said|AWS does not say what}",
        "check the execution role, the secrets, the log group and the routes of the subnet";

    /// The subnet has no addresses left.
    SubnetFull = "failed_to_start.subnet_ips_exhausted", false,
        "no network interface could be created in {subnet|the subnet}, most often because it has no addresses left",
        "free addresses in {subnet|the subnet}, or give the service a larger one";
    /// The instance has as many network interfaces as it may.
    EniLimit = "failed_to_start.eni_limit", false,
        "no instance has a network interface left for the task",
        "turn on ENI trunking (awsvpcTrunking), take larger instances, or add some";
    /// The network interface was not ready in time.
    EniTimeout = "failed_to_start.eni_timeout", false,
        "the network interface of the task was not ready in time",
        "let ECS try again; if it happens often, check the limits of network interfaces and API calls of the account";
    /// The task definition does not fit to what it is to run on.
    IncompatibleCompute = "failed_to_start.incompatible_compute", false,
        "the task definition does not fit to the launch type or capacity provider that it is to run on",
        "add the launch type to requiresCompatibilities, or choose another capacity provider";
    /// The agent on the instance is not connected.
    AgentDisconnected = "failed_to_start.agent_disconnected", false,
        "the ECS agent on the instance is not connected",
        "restart the agent or replace the instance, and check its route to the endpoints of ECS";
    /// There is no capacity for the task.
    Capacity = "failed_to_start.capacity", false,
        "there is not enough {resource|capacity} free for the task",
        "add instances or raise the capacity provider's maximum; on Fargate use more zones, and FARGATE beside FARGATE_SPOT; or ask for less";
    /// A port of the host is taken on every instance.
    Ports = "failed_to_start.ports", false,
        "the host port that the task asks for is taken on every instance",
        "set hostPort to 0 or use the network mode awsvpc, or add instances";
    /// No instance is as the task asks for.
    Placement = "failed_to_start.placement", false,
        "no instance meets all that the task asks for: CPU, memory, ports, attributes or placement constraints",
        "compare the task definition with what the instances have left, and add instances or ask for less";
    /// ECS may not assume the role of the task.
    Role = "failed_to_start.role", false,
        "ECS may not assume {role|the role of the task}",
        "let ecs-tasks.amazonaws.com assume {role|the role} in its trust policy, and check that it exists";
    /// The task did not start, for a reason that is shown as it is.
    StartUnknown = "failed_to_start.unknown", false,
        "the task did not start: {said|AWS does not say why}",
        "look into the service's events; AWSSupport-TroubleshootECSTaskFailedToStart checks its network, roles and secrets";

    /// A container needed more memory than it may have.
    OutOfMemory = "out_of_memory", false,
        "{container|a container} needed more memory than its limit",
        "raise the memory of {container|the container} or of the task, or let the program use less of it, such as -XX:MaxRAMPercentage=75 for a JVM";
    /// A container could not be started.
    CannotStart = "cannot_start_container", false,
        "{container|a container} could not be started: {said|AWS does not say why}",
        "check its command and entry point, the image's platform, and whether its memory is enough";
    /// There is no such program in the image.
    CommandNotFound = "command_not_found", false,
        "the command of {container|a container} is not in its image",
        "mend command or entryPoint, or the image's own";
    /// The program in the image may not be executed.
    CommandNotExecutable = "command_not_executable", false,
        "the command of {container|a container} may not be executed",
        "set the executable bit in the image, and check the user that the container runs as";
    /// The container runtime itself failed.
    Runtime = "container_runtime", false,
        "the container runtime failed to run {container|a container}{code|}",
        "let ECS try again; on EC2 check or replace the instance";
    /// A container did not stop when it was told to.
    CannotStop = "cannot_stop_container", false,
        "{container|a container} did not stop when it was told to",
        "let the program handle SIGTERM; on EC2 check the instance";
    /// A volume could not be created.
    Volume = "volume", false,
        "a volume of the task could not be created or attached",
        "check the volume's configuration, its role and its zone";
    /// An error within ECS.
    Internal = "internal_error", false,
        "ECS had an error of its own",
        "let ECS try again, and look at the AWS Health Dashboard";

    /// The load balancer did not find the task healthy.
    ElbHealth = "health_check.elb", false,
        "the load balancer did not find the task healthy{target_group|}{answered|}",
        "check path, port and expected codes of the health check, that the program listens on 0.0.0.0, that the security group lets the load balancer in, and that healthCheckGracePeriodSeconds is longer than a start takes";
    /// A container's own health check failed.
    ContainerHealth = "health_check.container", false,
        "the health check of {container|a container} failed",
        "run its command in the container, and check that startPeriod is longer than a start takes";
    /// Another health check failed: service discovery's or VPC Lattice's.
    OtherHealth = "health_check.other", false,
        "a health check outside of the load balancer failed",
        "check the container's health, on which service discovery and VPC Lattice rest";

    /// A container without which the task stops ended, and AWS does not say how.
    Exited = "essential_container_exited", false,
        "a container without which the task stops ended, and nothing says how",
        "look into the last lines of its log";
    /// A container ended as if its work were done.
    Finished = "exit.finished", false,
        "{container|a container} ended with exit code 0, as if its work were done",
        "let its program run on, or set essential to false where it has an end";
    /// The program failed.
    Failed = "exit.failed", false,
        "the program of {container|a container} failed with {code|an exit code}",
        "look into the last lines of its log";
    /// A container was killed, and nothing says that it was for memory.
    Killed = "exit.killed", false,
        "{container|a container} was killed (exit code 137) without a word of memory: it did not stop in time, or the host was short of memory",
        "let the program handle SIGTERM within stopTimeout (at most 120 s on Fargate), and check its memory";
    /// The program aborted.
    Aborted = "exit.aborted", false,
        "the program of {container|a container} aborted (exit code 134, SIGABRT)",
        "look into its log for a failed assertion or memory of the heap that ran out";
    /// The program accessed memory that is not its own.
    SegmentationFault = "exit.segmentation_fault", false,
        "the program of {container|a container} accessed memory that is not its own (exit code 139, SIGSEGV)",
        "check native libraries, and whether they are of the task's CPU architecture";
    /// A container ended because it was told to.
    Terminated = "exit.terminated", false,
        "{container|a container} ended because it was told to (exit code 143, SIGTERM), and nothing says by whom",
        "look into its log, and into the service's events, for who told it";

    /// AWS took Spot capacity back.
    Spot = "spot_interruption", true,
        "AWS took the Spot capacity back, after a warning of two minutes",
        "let the program handle SIGTERM, and run a base of tasks on FARGATE or on-demand instances";
    /// The service runs fewer tasks of this version, by scaling or by a deployment.
    Scaling = "expected.scaling", true,
        "the service stopped the task, because it scales in or is deployed",
        "nothing is to be done";
    /// A deployment stopped the task.
    DeploymentStop = "expected.deployment", true,
        "a deployment stopped the task",
        "nothing is to be done";
    /// Somebody stopped the task.
    UserStop = "expected.user", true,
        "somebody stopped the task: {said|no reason is given}",
        "nothing is to be done; CloudTrail has who it was";
    /// AWS retires what the task runs on, or the instance is drained.
    Maintenance = "expected.maintenance", true,
        "what the task ran on is retired or drained",
        "nothing is to be done; ECS starts another task";
    /// The instance is gone.
    InstanceGone = "instance_gone", false,
        "the instance that the task ran on stopped or was terminated",
        "turn on managed draining and managed termination protection of the capacity provider";
    /// What the task runs on was found unhealthy.
    Infrastructure = "infrastructure_health", false,
        "AWS found what the task ran on unhealthy",
        "nothing is to be done; ECS starts another task";

    /// One task after the other fails to start.
    StartImpaired = "service.start_impaired", false,
        "one task of the service after the other stops soon after its start",
        "look at why its tasks stopped";
    /// ECS, or what it calls, is throttled.
    Throttled = "service.throttled", false,
        "calls that ECS makes for the service are throttled",
        "let ECS try again; have the quota raised if it happens often";
    /// What the service asks for cannot be.
    Configuration = "service.configuration", false,
        "the service cannot start tasks as it is configured: {said|AWS does not say why}",
        "check its network configuration, its capacity providers and its task definition";
    /// A deployment of the service failed.
    DeploymentFailed = "service.deployment_failed", false,
        "a deployment of the service failed: {said|AWS does not say why}",
        "look at why its tasks stopped";

    /// The target is healthy.
    TargetHealthy = "target.healthy", true,
        "the load balancer finds the target healthy",
        "nothing is to be done";
    /// The target is being registered.
    TargetRegistering = "target.registering", true,
        "the load balancer is registering the target",
        "wait for its first health checks";
    /// The first health checks are not over.
    TargetInitial = "target.initial", true,
        "the load balancer has not made its first health checks yet",
        "wait for as many of them as its healthy threshold, one in each interval";
    /// An error within the load balancer.
    TargetInternal = "target.internal_error", false,
        "the load balancer had an error of its own",
        "wait, and look at the AWS Health Dashboard";
    /// The target answers the health check with another status code.
    TargetStatus = "target.status", false,
        "the target answers the health check with {codes|a code} and not with what its matcher expects",
        "check the path of the health check, and its matcher";
    /// The target does not answer the health check in time.
    TargetTimeout = "target.timeout", false,
        "the target does not answer the health check in time",
        "check that its security group lets the load balancer in, that the port is right, and how long the answer takes";
    /// The health checks fail, without an answer.
    TargetFailed = "target.failed", false,
        "the load balancer cannot connect to the target, or gets no proper answer to the health check",
        "check that the program listens on 0.0.0.0 at the health check's port, and speaks its protocol";
    /// The target is not registered.
    TargetNotRegistered = "target.not_registered", false,
        "the target is not registered in the target group",
        "wait for ECS to register it, and check the service's load balancer configuration";
    /// No listener uses the target group.
    TargetNotInUse = "target.not_in_use", false,
        "no listener sends traffic to this target group, so that its health is not checked",
        "add the target group to a rule of the listener";
    /// The load balancer is not in the target's zone.
    TargetZone = "target.zone", false,
        "the target is in a zone that is not enabled for the load balancer",
        "enable the zone for the load balancer, or run the tasks in its zones only";
    /// The target is being taken out.
    TargetDraining = "target.draining", true,
        "the target is being taken out: what it has begun it may end",
        "nothing is to be done";
    /// The target is stopped or terminated.
    TargetInvalid = "target.invalid_state", false,
        "the instance behind the target is stopped or terminated",
        "replace the instance, and let ECS place the task elsewhere";
    /// The target's address cannot be used.
    TargetAddress = "target.ip_unusable", false,
        "the address of the target cannot be used, because a load balancer has it",
        "register the address of the task and not that of a load balancer";
    /// Health checks are disabled.
    TargetNotChecked = "target.checks_disabled", false,
        "health checks of the target group are disabled, so that nobody knows the target's health",
        "enable the health checks of the target group";
    /// The load balancer says something that nobody knows; it is shown as it is.
    TargetUnknown = "target.unknown", false,
        "the load balancer says: {said|nothing}",
        "look at the target group's health checks";
}

impl Class {
    /// Whether it only says that something goes wrong, and not what.
    pub(crate) fn is_a_symptom(self) -> bool {
        matches!(self, Self::StartImpaired | Self::DeploymentFailed)
    }
}
