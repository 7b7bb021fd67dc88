//! The real binary of the scaler, behind the Lambda Runtime API: what only the binary can show.

use serde_json::json;
use tidegate_tests::lambda::{Lambda, Start, binary};
use tidegate_tests::parts::{PARTS, fleet, has_queue, most_in_a_second};
use tidegate_tests::scene::{TEN, alarms, scheduled};
use tidegate_tests::wire::Server;
use tidegate_tests::world::World;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;

/// Services that have been running for half an hour at [`TEN`], and the binary in their world.
async fn started(services: impl IntoIterator<Item = Service>, variables: &[(&str, &str)]) -> (World, Server, Lambda) {
    let world = World::new(TEN - jiff::SignedDuration::from_mins(30));
    services.into_iter().for_each(|service| world.add(service));
    world.pass(30);
    let server = Server::start(world.clone()).await;
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let start = Start { binary: binary("cost-scaler"), endpoint: server.url(), clock: Some(server.url()), variables };
    let lambda = Lambda::start(start, world.clone()).await;
    (world, server, lambda)
}

fn hot(id: &str) -> Service {
    Service::new(id, 10, TEN).enrolled("on", 2, 40).load(|_| 9.0)
}

/// The first service of a cluster is hot, and the others are at rest.
fn sometimes_hot(id: &str) -> Service {
    if id.ends_with("/service-0000") { hot(id) } else { hot(id).load(|_| 7.0) }
}

fn writes(world: &World) -> Vec<String> {
    let account = world.lock();
    account.writes.iter().map(|write| format!("{} {} -> {}", write.service, write.from, write.to)).collect()
}

#[tokio::test]
async fn the_binary_scales_a_service_and_says_why() {
    let (world, _server, mut lambda) = started([hot("prod/shop")], &[]).await;
    let summary = lambda.invoke(scheduled(TEN), 60).await.unwrap();
    assert_eq!(writes(&world), ["prod/shop 10 -> 13"]);
    assert_eq!((&summary["changed"], &summary["calls"]["ECS.UpdateService"]), (&json!(1), &json!(1)));
    let record = world.record();
    assert_eq!(record["service"], "prod/shop");
    assert_eq!(record["reason"], "above_target");
    assert_eq!(record["timestamp"], "2026-11-21T10:00:00Z");
}

#[tokio::test]
async fn a_run_over_more_services_than_it_reaches_hands_them_on_and_its_parts_scale_them() {
    let variables = [("TIDEGATE_REACH", "100"), ("TIDEGATE_PARTS_QUEUE", PARTS)];
    let (world, _server, mut lambda) = started(fleet(6, 20, sometimes_hot), &variables).await;
    has_queue(&world);
    let summary = lambda.invoke(scheduled(TEN), 60).await.unwrap();
    let handed_on = json!({"parts": 2, "services": 120, "every_minutes": 1, "last_after_s": 0});
    assert_eq!((&summary["handed_on"], &summary["seen"]), (&handed_on, &json!(120)));
    assert_eq!(summary["calls"], json!({"Resource Groups Tagging API.GetResources": 2, "SQS.SendMessageBatch": 1}));
    for part in 1..=2_usize {
        let batch = world.lock().queues.get_mut(PARTS).and_then(|queue| queue.receive(TEN)).expect("a part");
        assert_eq!(lambda.invoke(batch, 60).await.unwrap(), json!({"batchItemFailures": []}));
        assert_eq!(writes(&world).len(), 3 * part);
    }
    // Each has half of the ten calls a second that are half of what ECS gives.
    let calls = world.lock().call_times.clone();
    assert!(most_in_a_second(&calls, "DescribeServices") <= 6);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_answered_with_all_their_faults() {
    let variables = [("TIDEGATE_MODE", "dry"), ("TIDEGATE_SETTLE", "5s"), ("TIDEGATE_CLOCK", "http://10.0.0.1:80")];
    let (world, _server, mut lambda) = started([hot("prod/shop")], &variables).await;
    let error = lambda.invoke(scheduled(TEN), 60).await.expect_err("nothing is done");
    assert_eq!(error["errorType"], "SettingsUnusable");
    let message = error["errorMessage"].as_str().unwrap_or_default();
    for said in [
        r#"TIDEGATE_MODE is "dry": must be off, shadow or on"#,
        r#"TIDEGATE_SETTLE is "5s": must be seconds or minutes such as 90s or 2m, from 60 s to 600 s"#,
        r#"TIDEGATE_CLOCK is "http://10.0.0.1:80": must be http:// and a loopback address with its port; it is for tests only"#,
    ] {
        assert!(message.contains(said), "{message}");
    }
    assert!(world.lock().calls.is_empty());
}

#[tokio::test]
async fn an_event_that_is_not_understood_is_an_error_and_the_next_one_is_handled() {
    let (world, _server, mut lambda) = started([hot("prod/shop")], &[]).await;
    let error = lambda.invoke(json!({"detail-type": "ECR Image Action", "source": "aws.ecr", "detail": {}}), 60).await;
    let error = error.expect_err("not for the scaler");
    assert_eq!(error["errorType"], "EventNotUnderstood");
    lambda.invoke(scheduled(TEN), 60).await.unwrap();
    assert_eq!(writes(&world), ["prod/shop 10 -> 13"]);
}

#[tokio::test]
async fn an_alarm_through_sns_raises_with_a_null_description() {
    let (world, _server, mut lambda) = started([hot("prod/shop").tag("alarms", "latency")], &[]).await;
    let alarm =
        tidegate_tests::world::Alarm { name: "latency".to_owned(), state: "ALARM".to_owned(), ..Default::default() };
    world.lock().alarms.push(alarm);
    lambda.invoke(alarms(TEN, &[("latency", "ALARM")]), 60).await.unwrap();
    assert_eq!(writes(&world), ["prod/shop 10 -> 13"]);
}

#[tokio::test]
async fn with_three_calls_in_ten_throttled_everything_is_handled() {
    let services: Vec<Service> = (0..100).map(|index| hot(&format!("cluster-{}/service-{index}", index % 5))).collect();
    let (world, _server, mut lambda) = started(services, &[]).await;
    world.lock().faults.add("*", Fault::Throttle, Times::InAHundred(30));
    let summary = lambda.invoke(scheduled(TEN), 60).await.unwrap();
    let changed = summary["changed"].as_u64().unwrap_or(0);
    let failed: u64 = summary["failed"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    assert_eq!(changed + failed, 100, "{summary}");
    assert!(changed >= 90, "{summary}");
    assert_eq!(u64::try_from(writes(&world).len()).unwrap(), changed);
}

#[tokio::test]
async fn one_service_that_cannot_be_described_does_not_stop_the_others() {
    let (world, _server, mut lambda) = started([hot("prod/shop"), hot("prod/cart")], &[]).await;
    let fault = Fault::FailService("shop".to_owned(), "INTERNAL".to_owned());
    world.lock().faults.add("DescribeServices", fault, Times::Always);
    let summary = lambda.invoke(scheduled(TEN), 60).await.unwrap();
    assert_eq!(writes(&world), ["prod/cart 10 -> 13"]);
    assert_eq!(summary["failed_services"], json!(["prod/shop"]));
}

#[tokio::test]
async fn metrics_that_hang_are_given_up_in_time_and_nothing_is_written() {
    let (world, _server, mut lambda) = started([hot("prod/shop")], &[]).await;
    world.lock().faults.add("GetMetricData", Fault::Hang, Times::Always);
    let began = tokio::time::Instant::now();
    let summary = lambda.invoke(scheduled(TEN), 5).await.unwrap();
    assert!(began.elapsed().as_secs() < 5, "the answer comes before the deadline");
    assert!(writes(&world).is_empty());
    assert_eq!(summary["failed"]["not_reached"], 1, "{summary}");
}

#[tokio::test]
async fn a_body_that_no_client_can_read_is_a_fault_of_its_services_only() {
    let (world, _server, mut lambda) = started([hot("prod/shop"), hot("test/shop")], &[]).await;
    world.lock().faults.add("DescribeServices", Fault::MalformedBody, Times::First(1));
    let summary = lambda.invoke(scheduled(TEN), 60).await.unwrap();
    assert_eq!((&summary["changed"], &summary["failed"]["service_unreadable"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_panic_is_reported_and_the_process_survives_it() {
    // The clock of a world that is gone is the one thing that panics.
    let (world, server, mut lambda) = started([hot("prod/shop")], &[]).await;
    drop(server);
    let error = lambda.invoke(scheduled(TEN), 60).await.expect_err("it panics");
    assert!(error["errorMessage"].as_str().is_some_and(|said| said.contains("does not tell the time")), "{error}");
    let again = lambda.invoke(scheduled(TEN), 60).await;
    assert!(again.is_err(), "the process still answers");
    assert!(writes(&world).is_empty());
}
