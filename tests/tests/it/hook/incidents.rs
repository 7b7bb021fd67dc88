//! Incidents of what runs: a batch of events is one judgement and at most one message for each service.

use serde_json::{Value, json};
use tidegate_tests::hooking::{Hooking, WRITES};
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::faults::{Fault, Times};

use super::{balancer, shop, world};

fn running(mode: &str) -> Hooking {
    Hooking::over(&[], world(shop(mode), balancer()))
}

/// The values of a metric of the run lines so far.
fn counted(hooking: &Hooking, metric: &str) -> f64 {
    let account = hooking.world.lock();
    let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line[metric].as_f64()).sum()
}

/// A task of the shop that stopped, as EventBridge tells it.
fn stopped(number: usize, group: &str) -> Value {
    json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": {
        "taskArn": format!("arn:aws:ecs:eu-west-1:123456789012:task/prod/{number:032}"),
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1",
        "group": group, "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
        "createdAt": "2026-11-21T09:59:00Z", "startedAt": "2026-11-21T09:59:30Z", "stoppedAt": "2026-11-21T10:00:00Z",
        "containers": [{"name": "app", "lastStatus": "STOPPED", "exitCode": 1}],
    }})
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_of_fifty_events_is_one_message() {
    let mut hooking = running("on");
    for number in 0..50 {
        hooking.send(&stopped(number, "service:shop"));
    }
    hooking.deliver().await;
    assert_eq!(hooking.subjects().len(), 1, "{:?}", hooking.subjects());
    assert!(hooking.subjects()[0].starts_with("Tidegate: prod/shop: P"), "{:?}", hooking.subjects());
    assert!(hooking.told().contains("50 tasks stopped"), "{}", hooking.told());
    assert_eq!((hooking.calls("DescribeServices"), hooking.queued()), (1, 0));
    hooking.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_in_the_same_way_is_not_told_again() {
    let mut hooking = running("on");
    hooking.world.crash("prod/shop", Failure::exits(1).after(30));
    for _ in 0..10 {
        hooking.world.pass(1);
        hooking.deliver().await;
    }
    let subjects = hooking.subjects();
    assert!((1..=3).contains(&subjects.len()), "it is told when it gets worse, and then no more: {subjects:?}");
    assert!(counted(&hooking, "IncidentsP1") + counted(&hooking, "IncidentsP2") >= 1.0);
    assert_eq!(hooking.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_task_that_is_gone_is_the_least_of_incidents() {
    let mut hooking = running("on");
    hooking.world.crash("prod/shop", Failure::exits(1).times(1));
    hooking.world.pass(1);
    hooking.deliver().await;
    assert_eq!(hooking.record()["incident"], "P3", "{}", hooking.record());
    assert_eq!((counted(&hooking, "IncidentsP3"), counted(&hooking, "IncidentsP1")), (1.0, 0.0));
}

#[tokio::test(start_paused = true)]
async fn services_that_are_not_enrolled_and_tasks_without_one_are_declined() {
    let mut hooking = running("off");
    hooking.send(&stopped(1, "service:shop"));
    hooking.send(&stopped(2, "family:nightly-report"));
    hooking.deliver().await;
    assert_eq!((hooking.subjects().len(), hooking.queued(), hooking.records().len()), (0, 0, 0));
    hooking.never_called(&["ListTasks", "DescribeTasks", "DescribeTargetHealth"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_could_not_be_read_stays_in_the_queue() {
    let mut hooking = running("on");
    hooking.world.lock().faults.add("ListTasks", Fault::ServerError, Times::First(1));
    hooking.send(&stopped(1, "service:shop"));
    hooking.send(&stopped(2, "family:nightly-report"));
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (1, 0));
    assert_eq!(hooking.records(), ["error unreadable"]);
    hooking.world.pass(4);
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_could_be_told_is_told_again() {
    let mut hooking = running("on");
    hooking.world.lock().faults.add("Publish", Fault::ServerError, Times::First(1));
    hooking.send(&stopped(1, "service:shop"));
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (1, 0));
    hooking.world.pass(4);
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_none_stays_and_the_others_are_dealt_with() {
    let mut hooking = running("on");
    hooking.send(&json!("somebody's own message"));
    hooking.send(&stopped(1, "service:shop"));
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_is_no_incident() {
    let mut hooking = running("on");
    hooking.world.lock().forget_but_index("prod/shop");
    hooking.send(&stopped(1, "service:shop"));
    hooking.deliver().await;
    assert_eq!((hooking.queued(), hooking.subjects().len()), (0, 0));
    hooking.never_called(&["ListTasks"]);
}

#[tokio::test(start_paused = true)]
async fn both_queues_in_one_batch_are_dealt_with_each_in_its_way() {
    let hooking = running("on");
    let unanswered = json!({"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": {"hello": 1}});
    let message = |id: &str, body: &Value| json!({"messageId": id, "eventSource": "aws:sqs", "body": body.to_string()});
    let batch = json!({"Records": [message("a", &unanswered), message("b", &stopped(1, "service:shop"))]});
    assert_eq!(hooking.ask(&batch).await, json!({"batchItemFailures": []}));
    assert_eq!(hooking.subjects().len(), 1);
}
