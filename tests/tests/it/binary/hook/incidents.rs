//! The queue of ECS events, through the real binary: a crash loop is one message.

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::queue::Queue;
use tidegate_tests::world::World;
use tidegate_tests::world::failures::Failure;

use super::{SHOP, drive};
use crate::hook::{balancer, shop, world};

/// Events of a loop that are told.
const EVENTS: usize = 50;

/// Events of one batch.
const BATCH: usize = 10;

/// The events that the template's rule lets through, the oldest first, of at least so many.
fn told(world: &World) -> Vec<Value> {
    let mut told = Vec::new();
    while told.len() < EVENTS {
        world.pass(1);
        let own = |event: &Value| {
            let detail = &event["detail"];
            detail["lastStatus"] == "STOPPED"
                || event["detail-type"] == "ECS Service Action" && detail["eventType"] != "INFO"
        };
        told.extend(world.take_events().into_iter().filter(own));
    }
    told
}

/// Hands over events in one batch, all of which are dealt with.
async fn deliver(drive: &mut Drive, events: &[Value]) {
    let (mut queue, now) = (Queue::default(), drive.world.lock().now);
    for event in events {
        queue.send(event, now);
    }
    let batch = queue.receive(now).expect("a batch");
    let answer = drive.invoke(batch).await.expect("an answer");
    queue.answered(&answer);
    assert_eq!(queue.len(), 0, "{answer}");
}

/// The sum of a metric over all lines so far.
fn counted(world: &World, metric: &str) -> f64 {
    let account = world.lock();
    let lines = account.printed.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter_map(|line| line[metric].as_f64()).sum()
}

#[tokio::test]
async fn a_crash_loop_of_fifty_events_in_batches_is_one_message() {
    let world = world(shop("on"), balancer());
    let mut drive = drive(world.clone()).await;
    world.crash(SHOP, Failure::exits(1).after(30));
    let events = told(&world);
    for batch in events.chunks(BATCH) {
        deliver(&mut drive, batch).await;
    }
    let subjects = world.subjects();
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert!(subjects[0].starts_with("Tidegate: prod/shop: P"), "{subjects:?}");
    assert!(counted(&world, "IncidentsP1") >= 1.0, "{:?}", world.records());
    // One description of the service for each batch, and not for each event.
    let batches = u32::try_from(events.len().div_ceil(BATCH)).expect("a few");
    assert_eq!(world.calls("DescribeServices"), batches);
    assert_eq!(world.calls("StopTask") + world.calls("UpdateService"), 0);
}

#[tokio::test]
async fn every_line_of_an_incident_is_json_and_its_record_is_whole() {
    let world = world(shop("on"), balancer());
    let mut drive = drive(world.clone()).await;
    world.crash(SHOP, Failure::out_of_memory().after(30));
    let events = told(&world);
    deliver(&mut drive, &events).await;
    let record = world.record();
    for key in ["level", "timestamp", "function", "service", "mode", "verdict", "reason", "at", "request_id", "version"]
    {
        assert!(record[key].is_string(), "{key}: {record}");
    }
    assert_eq!((&record["service"], &record["action"], &record["acted"]), (&json!(SHOP), &json!("tell"), &json!(true)));
    assert!(record["why"].to_string().to_lowercase().contains("memory"), "{}", record["why"]);
    let account = world.lock();
    let lines: Vec<Value> = account.printed.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let summary = lines.iter().find_map(|line| line.get("summary")).expect("a summary");
    assert_eq!((&summary["services"], &summary["left"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_message_that_is_none_is_left_and_the_rest_of_its_batch_is_dealt_with() {
    let world = world(shop("on"), balancer());
    let mut drive = drive(world.clone()).await;
    world.crash(SHOP, Failure::exits(1).after(30));
    let (mut queue, now) = (Queue::default(), world.lock().now);
    queue.send(&json!("somebody's own message"), now);
    for event in told(&world) {
        queue.send(&event, now);
    }
    let batch = queue.receive(world.lock().now).expect("a batch");
    let answer = drive.invoke(batch).await.expect("an answer");
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]}));
    assert_eq!(world.subjects().len(), 1);
}
