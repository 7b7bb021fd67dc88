//! Runs over more services than one reaches: what is handed on, and what becomes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_tests::parts::{PARTS, TRIES, fleet, most_in_a_second};
use tidegate_tests::queue::Queue;
use tidegate_tests::scene::{Scene, alarms, scheduled};
use tidegate_tests::world::faults::{Fault, QUEUE_ENTRY, Times};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::{Alarm, Write};

use crate::scenarios::TEN;

const NONE: [&str; 0] = [];

/// A run reaches a hundred services.
const SMALL: [(&str, &str); 1] = [("TIDEGATE_REACH", "100")];

fn at_rest(id: &str) -> Service {
    Service::new(id, 20, TEN).enrolled("on", 2, 40).load(|_| 14.0)
}

fn hot(id: &str) -> Service {
    Service::new(id, 10, TEN).enrolled("on", 2, 40).load(|_| 9.0)
}

/// 120 services in six clusters: twelve calls, of which a run reaches ten.
fn small(service: fn(&str) -> Service) -> Scene {
    Scene::in_parts(&SMALL, fleet(6, 20, service))
}

/// How often each reason stands in the summaries of the parts.
fn reasons(scene: &Scene, kind: &str) -> BTreeMap<String, u64> {
    let mut reasons = BTreeMap::new();
    for summary in scene.summaries("part") {
        for (reason, count) in summary[kind].as_object().into_iter().flatten() {
            *reasons.entry(reason.clone()).or_default() += count.as_u64().unwrap_or(0);
        }
    }
    reasons
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_services_have_their_turn_every_second_minute_within_half_of_the_read_bucket() {
    let scene = Scene::in_parts(&[], fleet(50, 200, at_rest));
    for minute in 1..=2_u32 {
        let summary = scene.run().await;
        assert_eq!((summary.seen, summary.enrolled), (10_000, 0), "whoever hands on reads no service");
        let handed_on = summary.handed_on.expect("it is more than one run reaches");
        assert_eq!((handed_on.parts, handed_on.services, handed_on.every_minutes), (13, 5000, 2));
        assert_eq!((handed_on.last_after_s, handed_on.refused), (48, 0));
        assert_eq!(scene.calls("DescribeServices"), (minute - 1) * 500);
        scene.work_off().await;
        assert_eq!(scene.calls("DescribeServices"), minute * 500);
        // The part that begins last is through within the minute.
        let now = scene.world.lock().now;
        let left = i64::from(minute) * 60 - now.duration_since(TEN).as_secs();
        assert!((0..60).contains(&left), "{now}");
        scene.world.pass_for(jiff::SignedDuration::from_secs(left));
    }
    assert_eq!(reasons(&scene, "left_alone"), BTreeMap::from([("on_target".to_owned(), 10_000)]));
    let calls = scene.world.lock().call_times.clone();
    assert_eq!(most_in_a_second(&calls, "DescribeServices"), 10);
    // The list is read by whoever hands on, and by no part.
    assert_eq!((scene.calls("GetResources"), scene.calls("SendMessageBatch")), (200, 4));
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn what_one_run_reaches_is_not_handed_on() {
    let scene = Scene::in_parts(&SMALL, fleet(5, 20, at_rest));
    let summary = scene.run().await;
    assert_eq!((summary.enrolled, summary.handed_on), (100, None));
    assert_eq!((scene.calls("DescribeServices"), scene.calls("SendMessageBatch")), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_one_run_does_what_it_reaches() {
    let scene = Scene::with(&SMALL, fleet(6, 20, at_rest));
    assert_eq!((scene.run().await.enrolled, scene.calls("SendMessageBatch")), (120, 0));
}

#[tokio::test(start_paused = true)]
async fn parts_scale_their_services_and_tell_of_it_and_no_other_runs() {
    let scene = small(hot);
    scene.run().await;
    assert_eq!(scene.writes(), NONE, "whoever hands on changes nothing");
    scene.work_off().await;
    assert_eq!(scene.writes().len(), 120);
    let parts = scene.summaries("part");
    assert_eq!(parts.iter().map(|part| part["part"]["number"].as_u64()).max(), Some(Some(2)));
    assert_eq!(parts.iter().filter_map(|part| part["changed"].as_u64()).sum::<u64>(), 120);
    // Reads before and just before the change: both workers together make ten a second, and a change each in 400 ms.
    let calls = scene.world.lock().call_times.clone();
    assert_eq!(most_in_a_second(&calls, "DescribeServices"), 10);
    assert!(most_in_a_second(&calls, "UpdateService") <= 6);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_comes_twice_or_late_changes_nothing_twice() {
    let scene = small(hot);
    scene.run().await;
    let bodies: Vec<String> = parts(&scene);
    scene.work_off().await;
    let writes = scene.writes();
    for body in bodies {
        resend(&scene, body);
    }
    scene.work_off().await;
    assert_eq!(scene.writes(), writes);
}

fn parts(scene: &Scene) -> Vec<String> {
    scene.world.lock().queues[PARTS].bodies().map(str::to_owned).collect()
}

fn resend(scene: &Scene, body: String) {
    let mut account = scene.world.lock();
    let now = account.now;
    account.queues.get_mut(PARTS).expect("a queue").send_body(body, now);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_old_is_declined_and_that_is_told_and_counted() {
    let scene = small(hot);
    scene.run().await;
    scene.world.pass_for(jiff::SignedDuration::from_secs(121));
    let calls = scene.world.lock().calls.clone();
    scene.work_off().await;
    assert_eq!(scene.world.lock().calls, calls, "nothing is asked");
    let declined = scene.summaries("part");
    assert_eq!(declined[0]["declined"]["reason"], "event_too_old");
    assert_eq!(reasons(&scene, "failed"), BTreeMap::from([("event_too_old".to_owned(), 120)]));
    assert_eq!(failed_of_metrics(&scene), "120");
}

/// What the alarm on services that could not be looked at counts.
fn failed_of_metrics(scene: &Scene) -> String {
    let account = scene.world.lock();
    let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["ServicesFailed"].as_f64()).sum::<f64>().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_part_that_comes_to_nothing_is_tried_again_and_the_others_go_on() {
    let scene = small(hot);
    // Both calls are of the first part.
    scene.world.lock().faults.add("DescribeServices", Fault::ServerError, Times::First(6));
    scene.world.lock().queues.insert(PARTS.to_owned(), batches(2));
    scene.run().await;
    let batch = scene.deliver().await.expect("a batch");
    assert_eq!(batch, json!({"batchItemFailures": [{"itemIdentifier": "m-1"}]}));
    assert_eq!((scene.writes().len(), scene.queued()), (60, 1));
    assert_eq!(reasons(&scene, "failed"), BTreeMap::from([("service_unreadable".to_owned(), 60)]));
    scene.work_off().await;
    assert_eq!((scene.writes().len(), scene.queued()), (120, 0));
}

fn batches(most: usize) -> Queue {
    Queue::of_parts(tidegate_tests::parts::VISIBILITY, TRIES).in_batches_of(most)
}

#[tokio::test(start_paused = true)]
async fn a_part_that_always_fails_ends_in_the_on_failure_queue() {
    let scene = small(hot);
    scene.world.lock().faults.add("DescribeServices", Fault::Denied, Times::Always);
    scene.run().await;
    scene.work_off().await;
    assert_eq!(scene.world.lock().queues[PARTS].dead().len(), 2);
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn one_service_that_cannot_be_read_does_not_bring_its_part_back() {
    let scene = small(hot);
    let fault = Fault::FailService("service-0003".to_owned(), "INTERNAL".to_owned());
    scene.world.lock().faults.add("DescribeServices", fault, Times::First(12));
    scene.run().await;
    scene.work_off().await;
    assert_eq!((scene.writes().len(), scene.queued()), (114, 0));
    assert_eq!(reasons(&scene, "failed"), BTreeMap::from([("service_unreadable".to_owned(), 6)]));
}

#[tokio::test(start_paused = true)]
async fn where_the_queue_takes_nothing_the_run_does_what_it_reaches_and_says_so() {
    let scene = small(hot);
    scene.world.lock().faults.add("SendMessageBatch", Fault::Denied, Times::Always);
    let summary = scene.run().await;
    let handed_on = summary.handed_on.expect("it was to be handed on");
    assert_eq!((handed_on.parts, handed_on.refused), (2, 2));
    assert!(handed_on.why_refused.is_some_and(|why| why.contains("SendMessageBatch is not allowed")));
    // Fifty changes at once and five a second after that; what the deadline leaves is said, too.
    assert_eq!((summary.changed, summary.failed.len()), (120, 0));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_the_queue_refuses_is_sent_again() {
    let scene = small(hot);
    scene.world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::First(1));
    let handed_on = scene.run().await.handed_on.expect("it is handed on");
    assert_eq!((handed_on.refused, scene.calls("SendMessageBatch"), scene.queued()), (0, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_the_queue_refuses_again_is_looked_at_by_the_run_itself() {
    let scene = small(hot);
    // The first entry, and the same one when it is sent again.
    scene.world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::First(1));
    scene.world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::After(1));
    let summary = scene.run().await;
    let handed_on = summary.handed_on.expect("it is handed on");
    assert_eq!((handed_on.parts, handed_on.refused, scene.queued()), (2, 1, 1));
    assert_eq!((summary.changed, scene.writes().len()), (60, 60));
    scene.work_off().await;
    assert_eq!(scene.writes().len(), 120);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_beyond_that_is_recorded_for_each_service() {
    // Five parts of forty calls, of which the run can take over one.
    let scene = Scene::in_parts(&SMALL, fleet(10, 200, at_rest));
    scene.world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::First(3));
    scene.world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::After(2));
    let summary = scene.run().await;
    assert_eq!(summary.handed_on.map(|handed_on| (handed_on.parts, handed_on.refused)), Some((5, 3)));
    assert_eq!(summary.failed.get("not_reached"), Some(&800), "{:?}", summary.failed);
    let record = scene.record("cluster-03/service-0000");
    let why = record["why"].as_str().unwrap_or_default();
    assert!(why.starts_with("its part of the run could not be handed on: InternalError"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_message_names_no_cluster_that_is_not_looked_at_and_no_service_that_is_not_switched_on() {
    let services = [hot("prod/shop"), hot("test/shop"), Service::new("prod/cart", 10, TEN).load(|_| 9.0)];
    let scene = Scene::in_parts(&[("TIDEGATE_CLUSTERS", "prod")], services);
    let message = json!({
        "at": TEN.to_string(), "every_minutes": 1, "workers": 2, "number": 1, "of": 1,
        "clusters": {"prod": ["cart", "gone", "shop"], "test": ["shop"]},
    });
    resend(&scene, message.to_string());
    scene.work_off().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!(scene.calls("DescribeServices"), 2, "one look, and one just before the change");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_part_is_said_and_ends_in_the_on_failure_queue() {
    let scene = small(hot);
    resend(&scene, "hello".to_owned());
    scene.work_off().await;
    assert_eq!(scene.world.lock().queues[PARTS].dead(), ["hello"]);
    assert!(scene.world.lock().printed[0].contains("not a part of a run"));
    assert!(scene.world.lock().calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_small_service_is_looked_at_in_every_third_minute_whichever_minute_is_its_turn() {
    // Two small tasks are worth a look every third minute; 520 calls, one a cluster, have their turn every second one.
    let small = |id: &str| Service::new(id, 2, TEN).enrolled("on", 2, 40).load(|_| 1.4);
    let scene = Scene::in_parts(&[], fleet(520, 1, small));
    for minute in 1..=4 {
        scene.run().await;
        scene.work_off().await;
        let now = scene.world.lock().now;
        scene.world.pass_for(jiff::SignedDuration::from_secs(minute * 60 - now.duration_since(TEN).as_secs()));
    }
    // Two turns each: one look at every service, and one time that it is not due.
    let left_alone = reasons(&scene, "left_alone");
    assert_eq!(left_alone.get("not_due"), Some(&520), "{left_alone:?}");
    assert_eq!(left_alone.values().sum::<u64>(), 2 * 520, "{left_alone:?}");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_answered_while_parts_wait_and_concerns_its_own_services_only() {
    let mut services = fleet(6, 20, at_rest);
    services.push(hot("prod/shop").tag("alarms", "latency"));
    let scene = Scene::in_parts(&SMALL, services);
    scene.run().await;
    let alarm = Alarm { name: "latency".to_owned(), state: "ALARM".to_owned(), ..Alarm::default() };
    scene.world.lock().alarms.push(alarm);
    scene.invoke(alarms(TEN, &[("latency", "ALARM")])).await.expect("an alarm's run");
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!((scene.calls("SendMessageBatch"), scene.queued()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_person_is_answered_with_everything_at_once() {
    let scene = small(hot);
    let summary = scene.invoke(json!({"mode": "shadow"})).await.expect("a person's run");
    assert_eq!((summary.would_change, summary.handed_on, scene.calls("SendMessageBatch")), (120, None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_switched_off_hands_nothing_on() {
    let scene = Scene::in_parts(&[SMALL[0], ("TIDEGATE_MODE", "off")], fleet(6, 20, hot));
    let summary = scene.run().await;
    assert_eq!((summary.handed_on, scene.calls("SendMessageBatch"), scene.writes().len()), (None, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_queue_hangs_and_the_run_still_comes_to_its_end() {
    let scene = small(hot);
    scene.world.lock().faults.add("SendMessageBatch", Fault::Hang, Times::Always);
    let began = tokio::time::Instant::now();
    let summary = scene.invoke(scheduled(TEN)).await.expect("a summary");
    assert!(began.elapsed() < Duration::from_mins(1));
    assert_eq!(summary.handed_on.map(|handed_on| handed_on.refused), Some(2));
    assert_eq!(summary.changed + summary.failed.values().sum::<usize>(), 120, "{:?}", summary.failed);
    let writes: Vec<Write> = scene.world.lock().writes.clone();
    assert_eq!(writes.len(), summary.changed);
}
