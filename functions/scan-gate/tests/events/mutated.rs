//! What holds for whatever comes.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use scan_gate::event::{Event, Wake};
use scan_gate::work::Work;
use serde_json::{Value, json};

use super::payload;

/// JSON of the words that events use, in places where they do not.
fn odd() -> impl Strategy<Value = Value> {
    let words = [
        "ECR Image Scan",
        "ECR Image Action",
        "Inspector2 Scan",
        "Inspector2 Finding",
        "ECS Task State Change",
        "ECS Deployment State Change",
        "Scheduled Event",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "PUSH",
        "UPDATE_STORAGE_CLASS",
        "aws:sqs",
        "arn:aws:ecr:eu-west-1:444455556666:repository/a/sha256:b",
        ":repository//sha256:",
        "arn:aws:ecs:eu-west-1:444455556666:task/batch/1",
        ":service/",
        "sha256:",
        "shadow",
        "2026-11-20T09:14:03Z",
        "",
        "\u{e9}\u{1f600}:/",
    ];
    let keys = [
        "detail-type",
        "detail",
        "account",
        "region",
        "resources",
        "time",
        "id",
        "type",
        "repository-name",
        "image-digest",
        "action-type",
        "result",
        "target-storage-class",
        "taskArn",
        "clusterArn",
        "group",
        "eventName",
        "Records",
        "eventSource",
        "messageId",
        "body",
        "image",
        "mode",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(words.to_vec()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(keys.to_vec()), inner), 0..8)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Every place in a document, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut enter = |key: &str, inner: &Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        places(inner, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| enter(key, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| enter(&index.to_string(), inner)),
        _ => {}
    }
}

/// What happens to one place.
#[derive(Clone, Debug)]
enum Change {
    Dropped,
    /// Null, or of another type.
    Becomes(Value),
}

fn change() -> impl Strategy<Value = Change> {
    let others =
        [json!(null), json!(7), json!(0.5), json!(true), json!([]), json!({}), json!([null]), json!({"a": {}})];
    prop_oneof![Just(Change::Dropped), select(others.to_vec()).prop_map(Change::Becomes)]
}

fn changed(mut event: Value, place: &str, change: &Change) -> Value {
    let (parent, key) = place.rsplit_once('/').expect("a pointer");
    match change {
        Change::Becomes(value) => *event.pointer_mut(place).expect("it is there") = value.clone(),
        Change::Dropped => match event.pointer_mut(parent).expect("it is there") {
            Value::Object(fields) => drop(fields.remove(&key.replace("~1", "/").replace("~0", "~"))),
            Value::Array(items) => drop(items.remove(key.parse().expect("a number"))),
            other => panic!("{other} has no parts"),
        },
    }
    event
}

/// Events that make the gate look at something.
const WAKING: [&str; 19] = [
    "image-scan-complete.json",
    "image-scan-no-counts.json",
    "image-scan-failed-no-counts.json",
    "image-scan-counts-as-floats.json",
    "image-action-push.json",
    "image-action-push-untagged.json",
    "image-action-restore.json",
    "inspector-scan-repository-arn.json",
    "inspector-scan-repository-name.json",
    "inspector-scan-zero-counts.json",
    "inspector-finding-2021.json",
    "inspector-finding-2024.json",
    "task-running.json",
    "task-no-containers.json",
    "task-no-group.json",
    "deployment-in-progress.json",
    "code-deployment-start.json",
    // Of these, what makes the gate decline them may be lost.
    "task-of-a-service.json",
    "task-stopped.json",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_understood_or_refused_in_words(event in odd()) {
        for said in [Event::read(&event).err(), Wake::read(&event).err()].into_iter().flatten() {
            prop_assert!(!said.is_empty());
        }
        if let Ok(Event::Batch(messages)) = Event::read(&event) {
            prop_assert_eq!(Work::of(&messages).events, messages.len());
        }
    }

    #[test]
    fn an_event_that_lost_something_is_the_same_or_an_error_but_never_about_something_else(
        name in select(WAKING.to_vec()),
        place in any::<Index>(),
        change in change(),
    ) {
        let event = payload(name);
        let mut all = Vec::new();
        places(&event, "", &mut all);
        let place = place.get(&all);
        let before = Wake::read(&event).expect("it is understood");
        let after = Wake::read(&changed(event, place, &change));
        match (before, after) {
            (_, Err(why)) => prop_assert!(!why.is_empty()),
            (Wake::Nothing { .. }, Ok(Wake::Task { arn, .. })) => prop_assert_eq!(arn, super::TASK),
            (before, Ok(after)) => prop_assert_eq!(after, before, "{} {}", name, place),
        }
    }
}
