//! More tasks, at once.

use tidegate_tests::scene::Scene;
use tidegate_tests::world::metrics::{Metric, Statistics};
use tidegate_tests::world::service::REQUESTS_PER_TASK;
use tidegate_tests::world::{Account, Meanwhile};

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn a_service_above_its_target_is_raised_at_once() {
    let scene = Scene::of([scaled_shop(10).load(|_| 8.5)]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!(summary.changed, 1);
    assert_eq!(
        scene.record("prod/shop")["why"],
        "cpu 85 % on 10 tasks at 09:58, target 70: ceil(10 x 85 / 70) = 13 tasks; from 10 to 13"
    );
}

#[tokio::test(start_paused = true)]
async fn tasks_that_start_are_counted_before_more_are_added() {
    let scene = Scene::of([scaled_shop(10).load(|_| 8.5)]);
    scene.run_for(3).await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
}

#[tokio::test(start_paused = true)]
async fn within_the_tolerance_nothing_moves() {
    let scene = Scene::of([scaled_shop(10).load(|_| 7.6)]);
    scene.run_for(20).await;
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_saturated_service_at_least_doubles() {
    let scene = Scene::of([scaled_shop(10).load(|_| 50.0)]);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 20"]);
    assert_eq!(scene.decided("prod/shop"), "raise saturated");
}

#[tokio::test(start_paused = true)]
async fn requests_show_what_a_saturated_cpu_hides() {
    // A load of 7 for half an hour and of 13 in the last two minutes: CPU says 100 %, requests say 13.
    let spike = |at: jiff::Timestamp| {
        if at >= tidegate_tests::scene::TEN - jiff::SignedDuration::from_mins(2) { 13.0 } else { 7.0 }
    };
    let scene = Scene::of([scaled_shop(10).load(spike).behind_load_balancer()]);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 19"]);
    assert!(
        scene.record("prod/shop")["why"].as_str().is_some_and(|why| why.contains("requests per task would need 130 %"))
    );
}

#[tokio::test(start_paused = true)]
async fn one_run_adds_no_more_than_the_rate_allows_and_the_next_goes_on() {
    let scene = Scene::of([scaled_shop(2).load(|_| 30.0)]);
    scene.run_for(8).await;
    assert_eq!(scene.writes()[..2], ["prod/shop 2 -> 4", "prod/shop 4 -> 8"]);
}

#[tokio::test(start_paused = true)]
async fn a_count_never_passes_its_maximum() {
    let scene = Scene::of([shop(10).enrolled("on", 2, 12).load(|_| 50.0)]);
    scene.run_for(30).await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 12"]);
    assert_eq!(scene.world.lock().service("prod/shop").desired, 12);
}

#[tokio::test(start_paused = true)]
async fn a_count_below_its_minimum_is_brought_up_under_the_rate_limit() {
    let scene = Scene::of([shop(2).enrolled("on", 12, 40).load(|_| 0.5)]);
    scene.run_for(10).await;
    assert_eq!(scene.writes()[..2], ["prod/shop 2 -> 6", "prod/shop 6 -> 12"]);
}

#[tokio::test(start_paused = true)]
async fn requests_per_task_raise_where_a_tag_says_so() {
    let service = scaled_shop(10).tag("requests", "300").load(|_| 6.0).behind_load_balancer();
    let scene = Scene::of([service]);
    scene.run().await;
    // 6 tasks' worth of work is 3600 requests a minute, 360 for each of ten tasks.
    assert!((REQUESTS_PER_TASK - 600.0).abs() < f64::EPSILON);
    assert_eq!(scene.writes(), ["prod/shop 10 -> 12"]);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_raises_with_the_messages_in_flight_counted() {
    let scene = Scene::of([scaled_shop(10).tag("backlog", "orders 100").load(|_| 6.0)]);
    publish_backlog(&scene, 900.0, 600.0);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 15"]);
}

#[tokio::test(start_paused = true)]
async fn a_metric_of_the_users_own_raises_by_its_total() {
    let scene = Scene::of([scaled_shop(10).tag("metric", "Shop/Jobs/Sum/Queue=a 20").load(|_| 6.0)]);
    for minute in 1..=15 {
        let mut account = scene.world.lock();
        let at = account.now - jiff::SignedDuration::from_mins(minute);
        account.metrics.put(Metric::new("Shop", "Jobs", &[("Queue", "a")]), at, Statistics::of(240.0, 1.0));
    }
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 12"]);
}

/// Fifteen minutes of a queue.
fn publish_backlog(scene: &Scene, visible: f64, in_flight: f64) {
    let mut account = scene.world.lock();
    for minute in 1..=15 {
        let at = account.now - jiff::SignedDuration::from_mins(minute);
        for (name, messages) in [("Visible", visible), ("NotVisible", in_flight)] {
            let metric =
                Metric::new("AWS/SQS", &format!("ApproximateNumberOfMessages{name}"), &[("QueueName", "orders")]);
            account.metrics.put(metric, at, Statistics::of(messages, 1.0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_raise_does_not_bring_back_a_service_that_somebody_has_just_stopped() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    let happens = |account: &mut Account| {
        let now = account.now;
        account.service("prod/shop").set_desired(0, now);
    };
    scene.world.lock().meanwhile.push(Meanwhile { operation: "DescribeServices", nth: 2, happens });
    let summary = scene.run().await;
    assert_eq!(scene.calls("UpdateService"), 0);
    assert_eq!(summary.left_alone.get("changed_meanwhile"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_raise_does_not_undo_the_larger_one_of_an_alarms_run() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    let happens = |account: &mut Account| {
        let now = account.now;
        account.service("prod/shop").set_desired(20, now);
    };
    scene.world.lock().meanwhile.push(Meanwhile { operation: "DescribeServices", nth: 2, happens });
    scene.run().await;
    assert_eq!(scene.calls("UpdateService"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_raise_is_made_where_the_second_look_fails_and_a_cut_is_not() {
    use tidegate_tests::world::faults::{Fault, Times};
    for (load, writes) in [(9.0, vec!["prod/shop 10 -> 13"]), (2.0, vec![])] {
        let scene = Scene::of([scaled_shop(10).load(move |_| load)]);
        scene.world.lock().faults.add("DescribeServices", Fault::ServerError, Times::After(1));
        scene.run().await;
        assert_eq!(scene.writes(), writes);
    }
}
