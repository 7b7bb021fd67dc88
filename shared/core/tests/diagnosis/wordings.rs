//! What AWS says, in every wording of it.

use serde::Deserialize;
use tidegate_core::diagnosis::task::Container;
use tidegate_core::diagnosis::{Class, Task, of_task};

/// The message as the task's own reason.
fn of_reason(text: &str) -> Class {
    let task = Task { stopped_reason: Some(text.to_owned()), ..Task::default() };
    of_task(&task).class
}

/// The message as a container's reason, where the task only says that a container ended.
fn of_container(text: &str) -> Class {
    let container = Container { name: "web".to_owned(), reason: Some(text.to_owned()), ..Container::default() };
    let task = Task {
        stop_code: Some("EssentialContainerExited".to_owned()),
        stopped_reason: Some("Essential container in task exited".to_owned()),
        containers: vec![container],
        ..Task::default()
    };
    of_task(&task).class
}

/// Messages in AWS's wordings of them.
const WORDINGS: &[(Class, &[&str])] = &[
    (
        Class::PullPermission,
        &[
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 210987654321.dkr.ecr.eu-central-1.amazonaws.com/shop:v7@sha256:0a: unexpected status from HEAD request to https://210987654321.dkr.ecr.eu-central-1.amazonaws.com/v2/shop/manifests/v7: 403 Forbidden",
            "The task can’t pull the image. Check that the role has the permissions to pull images from the registry. extra",
            "CannotPullContainerError: Error response from daemon: pull access denied for shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        ],
    ),
    (
        Class::PullNotFound,
        &[
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/shop:v7: docker.io/library/shop:v7: not found",
            "cannotpullcontainererror: manifest unknown: requested image not found",
            "CannotPullContainerError: pull image manifest has been retried 3 time(s): failed to resolve ref",
        ],
    ),
    (
        Class::PullNetwork,
        &[
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref shop.example/web:1: failed to do request: Head \"https://shop.example/v2/web/manifests/1\": dial tcp 192.0.2.1:443: i/o timeout",
            "CannotPullContainerError: ref pull has been retried 5 time(s): TLS handshake timeout",
            "CannotPullContainerError: context deadline exceeded",
            "The task cannot pull ‘web:1’ from the Amazon ECR repository ‘210987654321.dkr.ecr.eu-central-1.amazonaws.com/web’. There is a connection issue between the task and Amazon ECR.",
            "context canceled",
        ],
    ),
    (
        Class::PullLayers,
        &[
            "CannotPullContainerError: failed to copy: httpReaderSeeker: failed open: failed to do request: Get \"https://prod-eu-central-1-starport-layer-bucket.s3.eu-central-1.amazonaws.com/a\": dial tcp 192.0.2.2:443: i/o timeout",
        ],
    ),
    (Class::PullDiskFull, &["CannotPullContainerError: failed to register layer: No Space Left On Device"]),
    (
        Class::PullRateLimit,
        &["CannotPullContainerError: 429 Too Many Requests - Server message: toomanyrequests: slow down"],
    ),
    (Class::PullUnknown, &["CannotPullContainerError: the dog ate it"]),
    (
        Class::WrongArchitecture,
        &[
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/arm64'",
            "CannotStartContainerError: exec /app/server: exec format error",
        ],
    ),
    (
        Class::AuthNetwork,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.eu-central-1.amazonaws.com/\": dial tcp 192.0.2.3:443: i/o timeout",
        ],
    ),
    (
        Class::AuthPermission,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::210987654321:assumed-role/shop/1 is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
        ],
    ),
    (
        Class::SecretsNetwork,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:eu-central-1:210987654321:secret:till from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded",
        ],
    ),
    (
        Class::SecretMissing,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-central-1:210987654321:secret:till from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /shop/till",
        ],
    ),
    (
        Class::SecretPermission,
        &[
            "Fetching secret data from SSM Parameter Store in eu-central-1: AccessDeniedException: User: arn:aws:sts::210987654321:assumed-role/shop/1 is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-central-1:210987654321:parameter/till",
        ],
    ),
    (
        Class::SsmNetwork,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: RequestError: send request failed caused by: Post \"https://ssm.eu-central-1.amazonaws.com/\": net/http: TLS handshake timeout",
        ],
    ),
    (
        Class::AuthOrSecretNetwork,
        &[
            "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed",
        ],
    ),
    (
        Class::LogGroupMissing,
        &[
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        ],
    ),
    (
        Class::LogsPermission,
        &[
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::210987654321:assumed-role/shop/1 is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:eu-central-1:210987654321:log-group:/ecs/shop:log-stream:web/web/1",
        ],
    ),
    (
        Class::LogsNetwork,
        &[
            "failed to initialize logging driver: failed to create Cloudwatch log stream: RequestError: Client.Timeout exceeded while awaiting headers",
        ],
    ),
    (
        Class::EnvFileNetwork,
        &[
            "ResourceInitializationError: failed to download env files: file download command: non empty error stream: RequestCanceled: request context canceled",
        ],
    ),
    (
        Class::EnvFile,
        &["ResourceInitializationError: failed to download env files: AccessDenied: Access Denied status code: 403"],
    ),
    (
        Class::EfsMount,
        &[
            "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: Connection reset by peer' : unsuccessful EFS utils command execution; code: 32",
        ],
    ),
    (Class::ResourceUnknown, &["ResourceInitializationError: the moon is in the wrong phase"]),
    (
        Class::SubnetFull,
        &[
            "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0shop': InsufficientFreeAddressesInSubnet",
        ],
    ),
    (Class::EniLimit, &["RESOURCE:ENI"]),
    (Class::EniTimeout, &["Timeout waiting for network interface provisioning to complete."]),
    (Class::AgentDisconnected, &["TaskFailedToStart: AGENT", "agent"]),
    (
        Class::Capacity,
        &[
            "RESOURCE:MEMORY",
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        ],
    ),
    (Class::Ports, &["RESOURCE:PORTS"]),
    (
        Class::Role,
        &["ECS was unable to assume the role 'arn:aws:iam::210987654321:role/till' that was provided for this task."],
    ),
    (
        Class::CommandNotFound,
        &[
            "CannotStartContainerError: OCI runtime create failed: exec: \"till\": executable file not found in $PATH: unknown",
        ],
    ),
    (
        Class::CommandNotExecutable,
        &["CannotStartContainerError: OCI runtime create failed: exec: \"/till\": permission denied: unknown"],
    ),
    (Class::OutOfMemory, &["OUTOFMEMORYERROR: CONTAINER KILLED DUE TO MEMORY USAGE"]),
    (
        Class::ElbHealth,
        &[
            "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-central-1:210987654321:targetgroup/shop-green/00)",
        ],
    ),
    (Class::ContainerHealth, &["Task failed container health checks"]),
    (Class::InstanceGone, &["Host EC2 (instance i-0123456789) terminated."]),
    (Class::Unknown, &["a sentence that nobody has written yet", ""]),
];

#[test]
fn every_wording_has_its_class() {
    for (class, texts) in WORDINGS {
        for text in *texts {
            assert_eq!(of_reason(text), *class, "{text}");
        }
    }
}

#[test]
fn a_message_that_is_cut_off_keeps_its_class() {
    let whole = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-central-1:210987654321:secret:till from secrets manager: AccessDeniedException: User";
    for length in 76..whole.len() {
        let class = of_reason(&whole[..length]);
        let close =
            ["resource_init.auth_or_secret_network", "resource_init.secret_permission", "resource_init.unknown"];
        assert!(close.contains(&class.code()), "{length}: {}", class.code());
    }
}

#[derive(Deserialize)]
struct Published {
    text: String,
    class: String,
}

/// The collected messages of AWS's pages and of published logs, where they are at hand.
#[test]
fn every_published_message_has_its_class() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/events/stopped-reasons.json");
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let all: Vec<Published> = serde_json::from_str(&text).expect("messages");
    assert!(all.len() > 40, "there are {}", all.len());
    for published in all {
        assert_eq!(of_reason(&published.text).code(), published.class, "{}", published.text);
        // A task that only fails to start, or that was stopped on purpose, has that of itself and not of a container.
        let of_the_task = ["failed_to_start.", "essential", "spot", "expected"];
        if !of_the_task.iter().any(|own| published.class.starts_with(own)) {
            assert_eq!(of_container(&published.text).code(), published.class, "container: {}", published.text);
        }
    }
}

#[test]
fn codes_are_unique_and_every_text_is_one_sentence() {
    let codes: std::collections::BTreeSet<_> = Class::ALL.iter().map(|class| class.code()).collect();
    assert_eq!(codes.len(), Class::ALL.len());
    for class in Class::ALL {
        let written = serde_json::to_value(class).expect("a code");
        assert_eq!(written, class.code());
        assert!(class.meaning().ends_with('.') && !class.meaning().contains(". "), "{}", class.meaning());
    }
}
