//! What can wake the scaler, in the shapes in which AWS sends it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::Path;

use cost_scaler::event::{Event, Request, Run};
use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_core::mode::Mode;
use tidegate_lambda::events::AlarmChange;

const TEN: Timestamp = Timestamp::constant(1_795_255_200, 0);

fn fixture(name: &str) -> Event {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let event: Value = serde_json::from_str(&text).expect("JSON");
    Event::read(&event).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn changes(changes: &[(&str, &str)]) -> Event {
    let change =
        |(alarm, state): &(&str, &str)| AlarmChange { at: TEN, alarm: (*alarm).to_owned(), state: (*state).to_owned() };
    Event::Alarms(changes.iter().map(change).collect())
}

#[test]
fn the_schedule_tells_when_it_was_due() {
    assert_eq!(fixture("schedule.json"), Event::Schedule { at: TEN });
}

#[test]
fn every_kind_of_alarm_tells_its_name_and_state() {
    for (name, alarm) in [
        ("alarm-metric.json", "shop-hot"),
        ("alarm-metric-math.json", "shop-errors"),
        ("alarm-composite.json", "shop-bad"),
        ("alarm-null-description.json", "shop-hot"),
        ("alarm-urls-in-capitals.json", "shop-hot"),
    ] {
        assert_eq!(fixture(name), changes(&[(alarm, "ALARM")]), "{name}");
    }
}

#[test]
fn a_batch_of_the_queue_is_parts_which_are_read_one_by_one() {
    let record = |id: &str| json!({"messageId": id, "body": "{}", "eventSource": "aws:sqs", "receiptHandle": "none"});
    let Ok(Event::Parts(parts)) = Event::read(&json!({"Records": [record("m-1"), record("m-2")]})) else {
        panic!("a batch of the queue is parts")
    };
    assert_eq!(parts.iter().map(|part| part.message_id.as_str()).collect::<Vec<_>>(), ["m-1", "m-2"]);
}

#[test]
fn several_records_are_several_changes() {
    let several = changes(&[("shop-hot", "ALARM"), ("cart-hot", "OK"), ("search-hot", "INSUFFICIENT_DATA")]);
    assert_eq!(fixture("alarms-several.json"), several);
}

#[test]
fn people_ask_for_everything_or_for_one_service() {
    assert_eq!(Event::read(&json!({})), Ok(Event::Person(Request::default())));
    let asked = Request {
        cluster: Some("prod".to_owned()),
        service: Some("shop".to_owned()),
        mode: Some(Mode::Shadow),
        run: None,
    };
    let request = json!({"cluster": "prod", "service": "shop", "mode": "shadow"});
    assert_eq!(Event::read(&request), Ok(Event::Person(asked)));
    let digest = Request { run: Some(Run::Digest), ..Request::default() };
    assert_eq!(Event::read(&json!({"run": "digest"})), Ok(Event::Person(digest)));
}

#[test]
fn what_is_not_understood_is_told_by_name() {
    let of_ecs = json!({"detail-type": "ECS Deployment State Change", "source": "aws.ecs", "time": "2026-11-21T10:00:00Z",
        "id": "1", "account": "1", "region": "eu-west-1", "resources": [], "detail": {}, "version": "0"});
    for (event, said) in [
        (of_ecs, r#"an EventBridge event "ECS Deployment State Change" is not for the scaler"#),
        (
            json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}),
            "not a batch of SQS: missing field `messageId`",
        ),
        (json!({"servce": "shop"}), "unknown field `servce`"),
        (json!({"mode": "dry"}), r#"mode is "dry": must be off, shadow or on"#),
        (json!([]), "not a request"),
        (json!(null), "not a request"),
    ] {
        let error = Event::read(&event).expect_err("not understood");
        assert!(error.contains(said), "{error}");
    }
}

/// Real payloads, where they are at hand: those of alarms are read, and no other is taken for something it is not.
#[test]
fn real_payloads_are_read_or_refused_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/events");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let document: Value = serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("JSON");
        let listed = document["events"].as_array().cloned();
        let payloads = listed.map_or(vec![document], |events| events.iter().map(|e| e["payload"].clone()).collect());
        for payload in payloads {
            let alarm = payload["Records"][0]["EventSource"] == "aws:sns";
            match Event::read(&payload) {
                Ok(Event::Alarms(changes)) => assert!(alarm && !changes.is_empty(), "{payload}"),
                Ok(other) => panic!("{} was taken for {other:?}", file.display()),
                Err(error) => assert!(!alarm && !error.is_empty(), "{error}: {payload}"),
            }
        }
    }
}
