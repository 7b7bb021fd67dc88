//! Fewer tasks, slowly, and only where everything is known.

use jiff::{SignedDuration, Timestamp};
use tidegate_tests::scene::{Scene, TEN};
use tidegate_tests::world::{Meanwhile, Write};

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn an_idle_service_is_lowered_by_a_fifth_in_five_minutes_down_to_its_minimum() {
    let scene = Scene::of([shop(20).enrolled("on", 4, 40).load(|_| 1.0)]);
    scene.run_for(60).await;
    let writes = scene.world.lock().writes.clone();
    assert_eq!(writes.last().map(|write| write.to), Some(4));
    for pair in writes.windows(2) {
        let [before, after] = pair else { continue };
        assert!(after.at.duration_since(before.at) >= SignedDuration::from_mins(5), "{before:?} {after:?}");
    }
    let most = |write: &Write| (f64::from(write.from) * 0.2).max(1.0);
    assert!(writes.iter().all(|write| f64::from(write.from - write.to) <= most(write)), "{writes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_waits_until_every_settled_minute_agrees() {
    let falls = |at: Timestamp| if at < TEN { 7.0 } else { 3.0 };
    let scene = Scene::of([scaled_shop(10).load(falls)]);
    scene.run_for(7).await;
    assert_eq!(scene.writes(), NONE);
    scene.run_for(8).await;
    assert!(!scene.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tasks_that_were_just_added_are_not_taken_away() {
    let spike = |at: Timestamp| {
        let minute = (at.as_second() - TEN.as_second()) / 60;
        match minute {
            ..0 => 7.0,
            0..2 => 9.0,
            _ => 4.0,
        }
    };
    let scene = Scene::of([scaled_shop(10).load(spike)]);
    scene.run_for(12).await;
    let writes = scene.world.lock().writes.clone();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].to > writes[0].from);
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_dropped_when_somebody_changed_the_count_meanwhile() {
    let scene = Scene::of([scaled_shop(10).load(|_| 3.0)]);
    // The first call describes, the second is the look just before the cut.
    let happens = |account: &mut tidegate_tests::world::Account| {
        let now = account.now;
        account.service("prod/shop").set_desired(12, now);
    };
    scene.world.lock().meanwhile.push(Meanwhile { operation: "DescribeServices", nth: 2, happens });
    let summary = scene.run().await;
    assert_eq!(scene.calls("UpdateService"), 0);
    assert_eq!(summary.left_alone.get("changed_meanwhile"), Some(&1));
    let record = scene.record("prod/shop");
    assert_eq!(record["verdict"], "lower");
    assert_eq!(record["acted"], false);
    assert_eq!(record["not_acted"], "changed_meanwhile: the desired count went from 10 to 12; nothing was written");
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_dropped_when_a_deployment_began_meanwhile() {
    let scene = Scene::of([scaled_shop(10).load(|_| 3.0)]);
    let happens = |account: &mut tidegate_tests::world::Account| {
        account.service("prod/shop").deployments = vec![("PRIMARY".to_owned(), Some("IN_PROGRESS".to_owned()))];
    };
    scene.world.lock().meanwhile.push(Meanwhile { operation: "DescribeServices", nth: 2, happens });
    scene.run().await;
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_dropped_when_application_auto_scaling_took_over_meanwhile() {
    let scene = Scene::of([scaled_shop(10).load(|_| 3.0)]);
    let happens = |account: &mut tidegate_tests::world::Account| {
        let target = tidegate_core::scaling::facts::ScalableTarget { min: 1, max: 9 };
        account.scalable_targets.insert("service/prod/shop".to_owned(), target);
    };
    scene.world.lock().meanwhile.push(Meanwhile { operation: "DescribeScalableTargets", nth: 2, happens });
    scene.run().await;
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn full_memory_forbids_a_cut_but_does_not_raise() {
    let mut service = scaled_shop(10).load(|_| 3.0);
    service.memory_percent = 92.0;
    let scene = Scene::of([service]);
    scene.run_for(20).await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(scene.run().await.left_alone.get("memory_guard"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_keeps_its_memory_does_not_push_the_count_to_its_maximum() {
    let mut service = scaled_shop(10).tag("memory", "80").load(|_| 6.0);
    service.memory_percent = 95.0;
    let scene = Scene::of([service]);
    scene.run_for(60).await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 12"], "one raise, which did not help");
}

#[tokio::test(start_paused = true)]
async fn a_count_above_its_maximum_is_brought_down_under_the_rate_limit() {
    let scene = Scene::of([shop(20).enrolled("on", 2, 10).load(|_| 13.0)]);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 20 -> 16"]);
    assert_eq!(scene.decided("prod/shop"), "lower above_max");
}

#[tokio::test(start_paused = true)]
async fn noisy_load_flaps_about_ten_times_a_day_at_most() {
    // Between 4 and 12 tasks' worth of work, at random, every minute.
    let noise = |at: Timestamp| {
        let mut hash = at.as_second().unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
        hash = hash.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        #[expect(clippy::cast_precision_loss, reason = "three digits")]
        let share = ((hash >> 32) % 1000) as f64 / 1000.0;
        4.0 + 8.0 * share
    };
    let scene = Scene::of([shop(12).enrolled("on", 2, 100).load(noise)]);
    scene.run_for(24 * 60).await;
    let writes = scene.world.lock().writes.clone();
    let ten_minutes = SignedDuration::from_mins(10);
    let turned = |pair: &&[Write]| {
        (pair[0].to > pair[0].from) != (pair[1].to > pair[1].from)
            && pair[1].at.duration_since(pair[0].at) <= ten_minutes
    };
    let flaps = writes.windows(2).filter(turned).count();
    assert!(flaps <= 12, "{flaps} flaps in {} changes", writes.len());
}
