//! Every rule, broken by one change to a definition that has nothing to find, and kept under another that comes near.

use serde_json::json;
use tidegate_core::hook::checks::task_definition::log_groups_to_look_for;
use tidegate_core::hook::{Check, Facts, Rule};
use tidegate_core::task_definition::{HostPath, LogConfiguration, MountPoint, Secret, Variable, Volume};

use crate::definitions::{clean, clean_on_ec2, clean_on_windows, definition, found, image_user, told, web};

/// A rule, what it is told of, and two changes.
struct Case {
    rule: Rule,
    told: &'static str,
    from: fn() -> Facts,
    broken: fn(&mut Facts),
    kept: fn(&mut Facts),
}

fn mount(facts: &mut Facts, path: &str) {
    let host = Some(HostPath { source_path: Some(path.to_owned()) });
    definition(facts).volumes.push(Volume { name: "given".to_owned(), host, ..Volume::default() });
    web(facts).mount_points.push(MountPoint { source_volume: "given".to_owned(), ..MountPoint::default() });
}

fn variable(facts: &mut Facts, name: &str, value: &str) {
    web(facts).environment.push(Variable { name: name.to_owned(), value: value.to_owned() });
}

fn option(facts: &mut Facts, name: &str, value: &str) {
    let logs = web(facts).log_configuration.as_mut().expect("a log configuration");
    logs.options.insert(name.to_owned(), value.to_owned());
}

fn no_group(facts: &mut Facts) {
    facts.surroundings.log_groups = vec![("/ecs/shop".to_owned(), false)];
    definition(facts).container_definitions[1].log_configuration = None;
}

fn case(rule: Rule, told: &'static str, broken: fn(&mut Facts), kept: fn(&mut Facts)) -> Case {
    Case { rule, told, from: clean_on_ec2, broken, kept }
}

fn on_fargate(rule: Rule, told: &'static str, broken: fn(&mut Facts), kept: fn(&mut Facts)) -> Case {
    Case { from: clean, ..case(rule, told, broken, kept) }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    vec![
        case(
            Rule::MutableTag,
            "mutable_tag@web",
            |facts| web(facts).image = "registry.example.com:5000/shop".to_owned(),
            |facts| web(facts).image = format!("shop:latest@sha256:{}", "ab".repeat(32)),
        ),
        case(
            Rule::Privileged,
            "privileged@web",
            |facts| web(facts).privileged = Some(true),
            |facts| web(facts).privileged = Some(false),
        ),
        case(
            Rule::HostNetworkAsRoot,
            "host_network_as_root@web",
            |facts| {
                definition(facts).network_mode = "host".to_owned();
                web(facts).user = Some("0:1000".to_owned());
            },
            |facts| {
                definition(facts).network_mode = "host".to_owned();
                web(facts).user = Some("0:1000".to_owned());
                web(facts).privileged = Some(true);
            },
        ),
        case(
            Rule::HostNetwork,
            "host_network",
            |facts| definition(facts).network_mode = "host".to_owned(),
            |facts| definition(facts).network_mode = "bridge".to_owned(),
        ),
        case(
            Rule::HostPid,
            "host_pid",
            |facts| definition(facts).pid_mode = "host".to_owned(),
            |facts| definition(facts).pid_mode = "task".to_owned(),
        ),
        case(
            Rule::HostIpc,
            "host_ipc",
            |facts| definition(facts).ipc_mode = "host".to_owned(),
            |facts| definition(facts).ipc_mode = "none".to_owned(),
        ),
        case(
            Rule::RootUser,
            "root_user@web",
            |facts| web(facts).user = Some("root:wheel".to_owned()),
            |facts| {
                web(facts).user = None;
                image_user(facts, "web", Some("rooter"));
            },
        ),
        Case {
            from: clean_on_windows,
            ..case(
                Rule::WindowsAdministrator,
                "windows_administrator@web",
                |facts| web(facts).user = Some("containeradministrator".to_owned()),
                |facts| {
                    web(facts).user = None;
                    image_user(facts, "web", Some("ContainerUser"));
                },
            )
        },
        case(
            Rule::WritableRoot,
            "writable_root@web",
            |facts| web(facts).readonly_root_filesystem = None,
            |facts| definition(facts).runtime_platform.operating_system_family = "WINDOWS_SERVER_2022_CORE".to_owned(),
        ),
        case(
            Rule::PlainSecret,
            "plain_secret@web",
            |facts| variable(facts, "DB_PASSWORD", "correct horse"),
            |facts| variable(facts, "DB_PASSWORD_FILE", "/run/secrets/db"),
        ),
        case(
            Rule::NoLogging,
            "no_logging@web",
            |facts| web(facts).log_configuration = Some(LogConfiguration::default()),
            |facts| web(facts).log_configuration.as_mut().expect("logs").log_driver = "journald".to_owned(),
        ),
        case(
            Rule::DockerSocket,
            "docker_socket@web",
            |facts| mount(facts, "/var/run/docker.sock"),
            |facts| {
                mount(facts, "/var/run/docker.sock");
                web(facts).mount_points.pop();
            },
        ),
        case(Rule::HostPath, "host_path@web", |facts| mount(facts, "/etc/"), |facts| mount(facts, "/data/etc")),
        case(
            Rule::AddedCapabilities,
            "added_capabilities@web",
            |facts| web(facts).linux_parameters.capabilities.add = vec!["SYS_ADMIN".to_owned()],
            |facts| web(facts).linux_parameters.capabilities.add = vec!["NET_BIND_SERVICE".to_owned()],
        ),
        case(
            Rule::SameRole,
            "same_role",
            |facts| definition(facts).task_role_arn = definition(facts).execution_role_arn.clone(),
            |facts| (definition(facts).task_role_arn, definition(facts).execution_role_arn) = (None, None),
        ),
        on_fargate(
            Rule::NoExecutionRole,
            "no_execution_role@web",
            |facts| definition(facts).execution_role_arn = None,
            |facts| {
                definition(facts).execution_role_arn = None;
                facts.surroundings.on_fargate = Some(false);
                web(facts).secrets.clear();
            },
        ),
        case(
            Rule::EfsInTheClear,
            "efs_in_the_clear@web",
            |facts| {
                let efs = definition(facts).volumes[1].efs_volume_configuration.as_mut().expect("EFS");
                efs.transit_encryption = "DISABLED".to_owned();
            },
            |facts| definition(facts).volumes[1].efs_volume_configuration = None,
        ),
        on_fargate(
            Rule::FargateSize,
            "fargate_size",
            |facts| definition(facts).memory = Some("1536".to_owned()),
            |facts| {
                (definition(facts).cpu, definition(facts).memory) =
                    (Some("32 vCPU".to_owned()), Some("244GB".to_owned()));
            },
        ),
        on_fargate(
            Rule::FargateParameter,
            "fargate_parameter@web",
            |facts| web(facts).links = vec!["metrics".to_owned()],
            |facts| {
                web(facts).links = vec!["metrics".to_owned()];
                definition(facts).requires_compatibilities.push("EC2".to_owned());
            },
        ),
        case(
            Rule::ContainerMemory,
            "container_memory",
            |facts| (web(facts).memory, definition(facts).container_definitions[1].memory) = (Some(1000), Some(25)),
            |facts| {
                (web(facts).memory, definition(facts).container_definitions[1].memory) = (Some(1000), Some(100));
                web(facts).memory_reservation = Some(500);
            },
        ),
        case(
            Rule::NoMemoryLimit,
            "no_memory_limit@web",
            |facts| {
                definition(facts).memory = None;
                web(facts).memory_reservation = Some(256);
                definition(facts).container_definitions[1].memory = Some(64);
            },
            |facts| {
                definition(facts).memory = None;
                web(facts).memory = Some(256);
                definition(facts).container_definitions[1].memory = Some(64);
            },
        ),
        on_fargate(Rule::LogGroupMissing, "log_group_missing@web", no_group, |facts| {
            no_group(facts);
            option(facts, "awslogs-create-group", "true");
        }),
        case(Rule::LogsLost, "logs_lost@web", no_group, |facts| {
            no_group(facts);
            option(facts, "awslogs-region", "us-east-1");
        }),
        case(
            Rule::SecretElsewhere,
            "secret_elsewhere@web",
            |facts| web(facts).secrets[0].value_from = "arn:aws:ssm:us-east-1:111122223333:parameter/shop".to_owned(),
            |facts| web(facts).secrets[0].value_from = "/shop/db-password".to_owned(),
        ),
        case(
            Rule::TaskDefinitionUnknown,
            "task_definition_unknown",
            |facts| {
                facts.task_definition = None;
                facts.task_definition_unknown = Some("the AppSpec is kept where it cannot be read".to_owned());
            },
            |facts| {
                facts.task_definition = None;
                let unreadable =
                    json!({ "what": "task_definition", "why": "ecs:DescribeTaskDefinition is not allowed" });
                facts.unreadable = vec![serde_json::from_value(unreadable).expect("what could not be read")];
            },
        ),
    ]
}

#[test]
fn a_clean_definition_has_nothing_to_find() {
    for facts in [clean(), clean_on_ec2(), clean_on_windows()] {
        assert_eq!(told(&facts), Vec::<String>::new());
    }
}

#[test]
fn every_rule_has_a_case() {
    let cases = cases();
    for rule in Rule::ALL.iter().filter(|rule| rule.check() == Check::TaskDefinition) {
        assert_eq!(cases.iter().filter(|case| case.rule == *rule).count(), 1, "{}", rule.code());
    }
}

#[test]
fn every_rule_is_broken_by_one_change_and_kept_under_one_that_comes_near() {
    for case in cases() {
        let mut broken = (case.from)();
        (case.broken)(&mut broken);
        assert!(told(&broken).iter().any(|told| told == case.told), "{}: {:?}", case.told, told(&broken));
        let mut kept = (case.from)();
        (case.kept)(&mut kept);
        assert!(found(&kept).iter().all(|finding| finding.rule != case.rule), "{}: {:?}", case.told, found(&kept));
    }
}

#[test]
fn every_finding_but_that_nothing_is_known_says_what_mends_it() {
    for case in cases() {
        let mut broken = (case.from)();
        (case.broken)(&mut broken);
        for finding in found(&broken) {
            let is_unknown = finding.rule == Rule::TaskDefinitionUnknown;
            assert!(finding.fix.is_some() != is_unknown, "{finding:?}");
            assert!(!finding.why.is_empty() && !finding.why.contains('\n'), "{finding:?}");
        }
    }
}

/// Why a rule is broken by this change.
fn why(facts: Facts, rule: Rule, change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = facts;
    change(&mut facts);
    found(&facts).into_iter().find(|finding| finding.rule == rule).expect("a finding").why
}

#[test]
fn a_user_that_is_not_known_is_not_called_root_and_does_not_pass() {
    let unknown = |facts: &mut Facts| web(facts).user = None;
    let why_unknown = why(clean(), Rule::RootUser, unknown);
    assert!(why_unknown.contains("can't be told"), "{why_unknown}");
    let silent = why(clean(), Rule::RootUser, |facts| {
        web(facts).user = Some(String::new());
        image_user(facts, "web", Some(""));
    });
    assert_eq!(silent, "neither the task definition nor the image names a user: it runs as root");
    let of_image = why(clean(), Rule::RootUser, |facts| {
        web(facts).user = None;
        image_user(facts, "web", Some("00:00"));
    });
    assert!(of_image.contains("the image's is 00:00"), "{of_image}");
}

#[test]
fn the_task_definition_counts_more_than_the_image() {
    let mut facts = clean();
    image_user(&mut facts, "web", Some("root"));
    assert_eq!(told(&facts), Vec::<String>::new());
}

#[test]
fn secrets_are_told_by_where_they_are_and_never_by_what_they_are() {
    let told = why(clean(), Rule::PlainSecret, |facts| {
        variable(facts, "DB_URL", "postgres://shop:hunter2@db/shop");
        web(facts).command = vec!["sh".to_owned(), "-c".to_owned(), "API_KEY=hunter2 run --token hunter2".to_owned()];
        web(facts).docker_labels.insert("deploy.token".to_owned(), "hunter2".to_owned());
        option(facts, "splunk-token", "hunter2");
    });
    assert_eq!(
        told,
        "in the clear: the variable DB_URL, which looks like a URL with a password, --token in command, API_KEY in \
         command, the label deploy.token and the log option splunk-token"
    );
}

#[test]
fn a_token_among_the_log_options_belongs_to_the_secret_options() {
    let mut facts = clean();
    option(&mut facts, "splunk-token", "hunter2");
    let fix = found(&facts).remove(0).fix.expect("a fix");
    assert!(fix.contains("secretOptions"), "{fix}");
    let logs = web(&mut facts).log_configuration.as_mut().expect("logs");
    logs.options.remove("splunk-token");
    let reference = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:splunk".to_owned();
    logs.secret_options = vec![Secret { name: "splunk-token".to_owned(), value_from: reference }];
    assert_eq!(told(&facts), Vec::<String>::new());
}

#[test]
fn log_groups_are_looked_for_where_they_have_to_be_there() {
    let mut facts = clean();
    let groups = |facts: &mut Facts, region: &str| log_groups_to_look_for(definition(facts), region);
    assert_eq!(groups(&mut facts, "eu-west-1"), ["/ecs/shop"]);
    assert_eq!(groups(&mut facts, "us-east-1"), Vec::<String>::new());
    assert_eq!(groups(&mut facts, ""), Vec::<String>::new());
    option(&mut facts, "awslogs-group", "/ecs/another");
    assert_eq!(groups(&mut facts, "eu-west-1"), ["/ecs/another", "/ecs/shop"]);
    option(&mut facts, "awslogs-create-group", "true");
    assert_eq!(groups(&mut facts, "eu-west-1"), ["/ecs/shop"]);
}

#[test]
fn a_log_group_that_was_not_looked_for_is_not_missing() {
    let mut facts = clean();
    facts.surroundings.log_groups.clear();
    assert_eq!(told(&facts), Vec::<String>::new());
}

#[test]
fn a_container_that_waits_for_its_log_needs_the_group_on_ec2_too() {
    let mut facts = clean_on_ec2();
    no_group(&mut facts);
    definition(&mut facts).container_definitions.pop();
    assert_eq!(told(&facts), ["logs_lost@web"]);
    option(&mut facts, "mode", "blocking");
    assert_eq!(told(&facts), ["log_group_missing@web"]);
    option(&mut facts, "mode", "non-blocking");
    assert_eq!(told(&facts), ["logs_lost@web"]);
}
