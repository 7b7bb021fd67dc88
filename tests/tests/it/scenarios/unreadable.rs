//! What can't be read is never taken for good.

use std::time::Duration;

use tidegate_lambda::start::Failure;
use tidegate_tests::scene::{Scene, TEN};
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::metrics::{Metric, Statistics};
use tidegate_tests::world::service::Service;

use super::scaled_shop;

const NONE: [&str; 0] = [];

fn cpu() -> Metric {
    Metric::of_service("prod", "shop", "CPUUtilization")
}

#[tokio::test(start_paused = true)]
async fn without_metrics_nothing_moves() {
    let mut service = scaled_shop(10).load(|_| 2.0);
    service.publishes = false;
    let scene = Scene::of([service]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("no_settled_data"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn stale_metrics_move_nothing() {
    let scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
    scene.world.lock().service("prod/shop").publishes = false;
    scene.world.pass(7);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("metric_unreadable"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn values_that_no_metric_can_have_move_nothing() {
    for absurd in [f64::NAN, -5.0, f64::INFINITY, 1e12] {
        let scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
        {
            let mut account = scene.world.lock();
            let at = account.now - jiff::SignedDuration::from_mins(4);
            account.metrics.put(cpu(), at, Statistics::of(absurd, 10.0));
        }
        scene.run().await;
        assert_eq!(scene.writes(), NONE, "{absurd}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_minute_that_is_missing_forbids_the_cut() {
    let scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
    {
        let mut account = scene.world.lock();
        let points: Vec<_> = (5..=20).map(|minute| account.now - jiff::SignedDuration::from_mins(minute)).collect();
        account.metrics.forget(&cpu());
        for at in points {
            account.metrics.put(cpu(), at, Statistics::of(20.0, 10.0));
        }
        let newest = account.now - jiff::SignedDuration::from_mins(2);
        account.metrics.put(cpu(), newest, Statistics::of(20.0, 10.0));
    }
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("no_settled_data"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_sample_count_that_contradicts_the_events_forbids_the_cut() {
    let scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
    {
        let mut account = scene.world.lock();
        let at = account.now - jiff::SignedDuration::from_mins(5);
        account.metrics.put(cpu(), at, Statistics::of(20.0, 6.0));
    }
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("history_unknown"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn one_unreadable_metric_forbids_the_cut_and_allows_the_raise() {
    for (load, writes) in [(2.0, vec![]), (9.0, vec!["prod/shop 10 -> 13"])] {
        let scene = Scene::of([scaled_shop(10).tag("metric", "Shop/Jobs/Sum/Queue=a 20").load(move |_| load)]);
        scene.run().await;
        assert_eq!(scene.writes(), writes);
    }
}

#[tokio::test(start_paused = true)]
async fn partial_data_moves_nothing() {
    let scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
    scene.world.lock().faults.add("GetMetricData", Fault::PartialData, Times::Always);
    scene.run().await;
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn where_the_owner_of_a_count_is_not_known_nobody_is_touched() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.world.lock().faults.add("DescribeScalableTargets", Fault::Throttle, Times::Always);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.failed.get("service_unreadable"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_does_not_stop_the_others() {
    let other = Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0);
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0), other]);
    let fault = Fault::FailService("shop".to_owned(), "INTERNAL".to_owned());
    scene.world.lock().faults.add("DescribeServices", fault, Times::Always);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), ["prod/cart 10 -> 13"]);
    assert_eq!(summary.failed_services, ["prod/shop"]);
    assert_eq!(scene.record("prod/shop")["why"], "DescribeServices says INTERNAL");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_is_said_and_the_others_are_made() {
    let other = Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40).load(|_| 9.5);
    let scene = Scene::of([scaled_shop(10).load(|_| 8.5), other]);
    scene.world.lock().faults.add("UpdateService", Fault::Denied, Times::First(1));
    let summary = scene.run().await;
    // The larger raise goes first, and fails.
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!(summary.failed.get("write_failed"), Some(&1));
    let record = scene.record("prod/cart");
    assert_eq!((&record["level"], &record["acted"]), (&"WARN".into(), &false.into()));
}

#[tokio::test(start_paused = true)]
async fn a_price_that_is_not_known_does_not_stop_the_change() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.world.lock().faults.add("DescribeTaskDefinition", Fault::ServerError, Times::Always);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!(summary.unpriced, 1);
    assert!(scene.record("prod/shop")["action"]["month_usd_before"].is_null());
}

#[tokio::test(start_paused = true)]
async fn where_not_even_the_list_can_be_read_the_invocation_fails() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.world.lock().faults.add("GetResources", Fault::Denied, Times::Always);
    let event = tidegate_tests::scene::scheduled(scene.world.lock().now);
    let error = scene.invoke(event).await.expect_err("nothing was read");
    assert_eq!(error.word(), "NothingReadable");
    assert_eq!(
        error.to_string(),
        "nothing could be read: GetResources is not allowed: AccessDeniedException: not authorized"
    );
    assert_eq!(scene.calls("DescribeServices"), 0);
}

#[tokio::test(start_paused = true)]
async fn metrics_that_hang_end_the_run_in_time_with_nothing_half_done() {
    let mut scene = Scene::of([scaled_shop(10).load(|_| 2.0)]);
    scene.timeout_s = 20;
    scene.world.lock().faults.add("GetMetricData", Fault::Hang, Times::Always);
    let began = tokio::time::Instant::now();
    let summary = scene.run().await;
    assert!(began.elapsed() <= Duration::from_secs(20));
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.failed.get("not_reached"), Some(&1));
    assert!(scene.record("prod/shop")["why"].to_string().contains("GetMetricData had no time left"));
    assert!(scene.world.lock().published.is_empty(), "the alarm holds the state");
}

#[tokio::test(start_paused = true)]
async fn metrics_that_may_not_be_read_are_a_failure_that_the_alarm_sees() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.world.lock().faults.add("GetMetricData", Fault::Denied, Times::Always);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.failed.get("metric_unreadable"), Some(&1));
    let record = scene.record("prod/shop");
    assert_eq!((&record["verdict"], &record["level"]), (&"error".into(), &"WARN".into()));
    assert!(record["why"].to_string().contains("AccessDeniedException"), "{}", record["why"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_told_as_unknown_and_people_hear_of_it() {
    let mut scene = Scene::of([scaled_shop(10).load(|at| if at < TEN { 7.0 } else { 9.0 })]);
    scene.timeout_s = 20;
    scene.run_for(1).await;
    scene.world.lock().faults.add("UpdateService", Fault::Hang, Times::Always);
    scene.world.pass(1);
    let summary = scene.run().await;
    assert_eq!(summary.failed.get("write_failed"), Some(&1));
    let said = scene.record("prod/shop")["not_acted"].to_string();
    assert!(said.contains("it may have been made all the same"), "{said}");
    let published = scene.world.lock().published.clone();
    let [message] = published.as_slice() else { panic!("{published:?}") };
    assert_eq!(message.subject, "Tidegate: prod/shop: raise from 10 to 13 tasks was not made (write_failed)");
    assert!(message.body.contains("no answer before the invocation's deadline"), "{}", message.body);
}

#[tokio::test(start_paused = true)]
async fn prices_that_hang_come_after_the_writes() {
    let mut scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.timeout_s = 20;
    scene.world.lock().faults.add("DescribeTaskDefinition", Fault::Hang, Times::Always);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!((summary.changed, summary.unpriced), (1, 1));
    assert_eq!(scene.world.lock().published.len(), 1, "there is time kept for the message");
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_finds_nothing_described_says_so_and_why() {
    let scene = Scene::of([Service::new("prod/shop", 10, TEN).enrolled("shadow", 2, 40).load(|_| 5.0)]);
    scene.world.lock().faults.add("DescribeServices", Fault::Denied, Times::Always);
    scene.invoke(serde_json::json!({"run": "digest"})).await.expect("it is told");
    let account = scene.world.lock();
    let told = &account.published.last().expect("a message").body;
    assert!(
        told.contains("could not be described, in shadow or not: prod/shop (DescribeServices is not allowed"),
        "{told}"
    );
}
