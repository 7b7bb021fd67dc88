//! Runs as a whole: batches, budgets, order, deadlines.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tidegate_tests::scene::{Scene, TEN, scheduled};
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

/// So many services at rest, in ten clusters.
fn fleet(services: usize) -> Vec<Service> {
    let service = |index: usize| {
        let id = format!("cluster-{}/service-{index}", index % 10);
        Service::new(&id, 20, TEN).enrolled("on", 2, 40).load(|_| 14.0)
    };
    (0..services).map(service).collect()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_services_at_rest_take_at_most_150_calls_and_half_of_the_read_bucket() {
    let scene = Scene::of(fleet(1000));
    let began = tokio::time::Instant::now();
    let summary = scene.run().await;
    assert_eq!((summary.seen, summary.enrolled), (1000, 1000));
    assert_eq!(summary.left_alone.get("on_target"), Some(&1000), "{:?} {:?}", summary.left_alone, summary.failed);
    let calls = scene.world.lock().calls.clone();
    assert!(calls.values().sum::<u32>() <= 150, "{calls:?}");
    assert_eq!(calls.get("DescribeServices"), Some(&100));
    // Fifty at once, and ten a second after that.
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_old_is_declined_and_nothing_is_called() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    let due = scene.world.lock().now - jiff::SignedDuration::from_secs(121);
    let summary = scene.invoke(scheduled(due)).await.unwrap();
    assert_eq!(summary.declined.map(|declined| declined.reason.code()), Some("event_too_old"));
    assert!(scene.world.lock().calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_event_twice_does_no_harm() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.run().await;
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
}

#[tokio::test(start_paused = true)]
async fn a_small_service_is_read_every_few_minutes_only() {
    let scene = Scene::of([scaled_shop(2).load(|_| 1.4)]);
    scene.run_for(30).await;
    // Two metrics cost $0.88 a month every minute; two small tasks allow $0.36.
    assert_eq!(scene.calls("GetMetricData"), 10);
    assert_eq!(scene.calls("DescribeServices"), 30);
}

#[tokio::test(start_paused = true)]
async fn raises_come_before_cuts_and_the_largest_raise_comes_first() {
    let service = |name: &str, load: f64| Service::new(name, 10, TEN).enrolled("on", 2, 40).load(move |_| load);
    let scene = Scene::of([service("prod/idle", 3.0), service("prod/warm", 8.0), service("prod/hot", 9.3)]);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/hot 10 -> 14", "prod/warm 10 -> 12", "prod/idle 10 -> 8"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_does_not_reach_is_said_and_comes_first_in_the_next() {
    let mut scene = Scene::of(fleet(200));
    scene.timeout_s = 13;
    scene.world.lock().faults.add("DescribeServices", Fault::Delay(Duration::from_secs(4)), Times::Always);
    let summary = scene.run().await;
    assert_eq!((summary.left_alone.get("on_target"), summary.failed.get("not_reached")), (Some(&100), Some(&100)));
    let missed_first = not_reached(&scene);
    scene.world.lock().printed.clear();
    scene.world.pass(1);
    scene.run().await;
    let missed_then = not_reached(&scene);
    assert_eq!((missed_first.len(), missed_then.len()), (100, 100));
    assert!(missed_first.is_disjoint(&missed_then), "what was missed once is reached next");
}

/// The services that the run's records say were not reached.
fn not_reached(scene: &Scene) -> BTreeSet<String> {
    let account = scene.world.lock();
    let records = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let missed = records.filter(|record| record["reason"] == "not_reached");
    missed.filter_map(|record| record["service"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_said_and_what_was_read_of_it_is_handled() {
    let mut services = fleet(150);
    for service in &mut services {
        *service = service.clone().load(|_| 18.0);
    }
    let scene = Scene::of(services);
    // The second page fails.
    let fault = tidegate_tests::world::Meanwhile {
        operation: "GetResources",
        nth: 2,
        happens: |account| account.faults.add("GetResources", Fault::ServerError, Times::First(1)),
    };
    scene.world.lock().meanwhile.push(fault);
    let summary = scene.run().await;
    assert_eq!((summary.seen, summary.changed), (100, 100));
    assert!(summary.incomplete.is_some_and(|why| why.contains("GetResources is unavailable")));
}

#[tokio::test(start_paused = true)]
async fn the_summary_tells_what_changed_what_it_saves_and_what_the_run_cost() {
    let scene = Scene::of([shop(20).enrolled("on", 2, 40).load(|_| 7.0)]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 20 -> 16"]);
    // 1 vCPU and 2 GB in eu-west-1: $36.04 a month each.
    assert!((summary.month_usd_before.low - 720.80).abs() < 0.01, "{:?}", summary.month_usd_before);
    assert!((summary.month_usd_after.low - 576.64).abs() < 0.01, "{:?}", summary.month_usd_after);
    // Two metrics and one invocation.
    assert!(summary.run_usd > 2.0e-5 && summary.run_usd < 3.0e-5, "{}", summary.run_usd);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_nobody_has_is_said() {
    let scene = Scene::with(&[("TIDEGATE_CLUSTERS", "prdo")], [scaled_shop(10).load(|_| 9.0)]);
    let declined = scene.run().await.declined.map(|declined| (declined.reason.code(), declined.why));
    let (reason, why) = declined.expect("there is nobody");
    assert_eq!(reason, "not_enrolled");
    assert!(why.contains("TIDEGATE_CLUSTERS"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_runs_calls_are_not_the_next_ones() {
    let scene = Scene::of([scaled_shop(10).load(|_| 7.0)]);
    scene.world.lock().faults.add("GetResources", Fault::Denied, Times::First(1));
    assert!(scene.invoke(scheduled(TEN)).await.is_err());
    assert_eq!(scene.run().await.calls.get("GetResources"), Some(&1));
}
