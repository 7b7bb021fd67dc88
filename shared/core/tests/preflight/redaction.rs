//! What may be told of a task definition, and that the rules find the same in it.

use proptest::prelude::*;
use proptest::string::string_regex;
use tidegate_core::hook::Facts;
use tidegate_core::task_definition::{HealthCheck, TaskDefinition, Variable};

use crate::definitions::{clean, definition, found, web};

/// A text that would be a secret, and never is one of a shape that anything but its own rule knows.
const SECRET: &str = "hunter2";

fn redacted(facts: &Facts) -> Facts {
    let mut told = facts.clone();
    told.task_definition = told.task_definition.map(TaskDefinition::redacted);
    told
}

#[test]
fn nothing_that_could_be_a_secret_is_told() {
    let mut facts = clean();
    let words =
        [format!("--password={SECRET}"), "--token".to_owned(), SECRET.to_owned(), format!("curl -u shop:{SECRET} x")];
    let own = web(&mut facts);
    own.environment.push(Variable { name: "ANYTHING".to_owned(), value: SECRET.to_owned() });
    own.command = words.to_vec();
    own.entry_point = words.to_vec();
    own.health_check = Some(HealthCheck { command: words.to_vec(), ..HealthCheck::default() });
    own.docker_labels.insert("anything".to_owned(), SECRET.to_owned());
    own.log_configuration.as_mut().expect("logs").options.insert("splunk-token".to_owned(), SECRET.to_owned());
    let told = serde_json::to_string(&redacted(&facts).task_definition).expect("JSON");
    assert!(!told.contains(SECRET), "{told}");
    assert!(told.contains("/ecs/shop") && told.contains("--token") && told.contains("ANYTHING"), "{told}");
}

#[test]
fn the_names_that_rules_need_stay() {
    let mut facts = clean();
    let own = web(&mut facts);
    own.command = vec!["sh".to_owned(), "-c".to_owned(), "exec serve --db-password s3cr3t AKIA /data 8080".to_owned()];
    let told = redacted(&facts).task_definition.expect("a task definition").container_definitions.remove(0).command;
    assert_eq!(told, ["<text>", "-", "<text> <text> --db-password <text> <text> <path> <number>"]);
}

/// Texts out of everything that rules and redaction look at, with what lies between.
fn text() -> impl Strategy<Value = String> {
    let shapes = vec![
        "AKIAA1B2C3D4E5F6G7H8",
        "ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "xoxb-1234-1234-1234-1234-12",
        "eyJabcdefghij.eyJabcdefghij.abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----",
        "postgres://a:b@c",
        "://a:b@c",
        "<text>",
        "<github-token>",
        "<private-key>",
        "<reference>",
        "<flag>",
        "''",
        "'",
        "\"",
        "-",
        "--",
        "=",
        "${X}",
        "$X",
        "true",
        "4711",
        "/a/b",
        "https://x",
        "arn:aws:x",
        "--password",
        "--token=",
        "TOKEN=",
        "API_KEY=x",
        "password",
        "-p",
        "--key-file",
        "x",
        "***",
        "_",
        "AKIA",
        "secret=",
        "a@b",
        ":",
        "{{x}}",
        "s3://x",
    ];
    let part = prop_oneof![
        4 => prop::sample::select(shapes).prop_map(str::to_owned),
        1 => string_regex("[ -~]{0,6}").expect("a pattern"),
        1 => prop::sample::select(vec![" ", "\n", "\u{a0}", "é"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..7).prop_map(|parts| parts.concat())
}

fn name() -> impl Strategy<Value = String> {
    let names = vec![
        "DB_PASSWORD",
        "TOKEN",
        "MAX_TOKENS",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "ECS_ENGINE_AUTH_DATA",
        "HOME",
        "apikey",
        "splunk-token",
        "awslogs-group",
        "awslogs-region",
        "awslogs-create-group",
        "mode",
        "SECRET_FILE",
        "DB_PWD",
    ];
    prop::sample::select(names).prop_map(str::to_owned)
}

prop_compose! {
    fn facts()(
        variables in prop::collection::vec((name(), text()), 0..4),
        labels in prop::collection::btree_map(name(), text(), 0..3),
        options in prop::collection::btree_map(name(), text(), 0..4),
        command in prop::collection::vec(text(), 0..5),
        entry_point in prop::collection::vec(text(), 0..5),
        check in prop::collection::vec(text(), 0..3),
    ) -> Facts {
        let mut facts = clean();
        facts.surroundings.log_groups = vec![("/ecs/shop".to_owned(), false), (String::new(), false)];
        let own = web(&mut facts);
        own.environment = variables.into_iter().map(|(name, value)| Variable { name, value }).collect();
        own.docker_labels = labels;
        own.log_configuration.as_mut().expect("logs").options.extend(options);
        own.health_check = Some(HealthCheck { command: check, ..HealthCheck::default() });
        (own.command, own.entry_point) = (command, entry_point);
        facts
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_rules_find_the_same(facts in facts()) {
        prop_assert_eq!(found(&redacted(&facts)), found(&facts));
    }

    #[test]
    fn what_is_redacted_stays_as_it_is(facts in facts()) {
        let once = redacted(&facts);
        prop_assert_eq!(redacted(&once), once);
    }

    #[test]
    fn no_value_is_told(mut facts in facts(), at in 0_usize..4) {
        let mut secret = "correct-horse-battery".to_owned();
        match at {
            0 => web(&mut facts).environment.push(Variable { name: "A".to_owned(), value: secret.clone() }),
            1 => web(&mut facts).command.push(secret.clone()),
            2 => web(&mut facts).entry_point.insert(0, secret.clone()),
            _ => drop(web(&mut facts).docker_labels.insert("A".to_owned(), secret.clone())),
        }
        let mut told = redacted(&facts);
        let told = serde_json::to_string(definition(&mut told)).expect("JSON");
        secret.truncate(13);
        prop_assert!(!told.contains(&secret), "{}", told);
    }
}
