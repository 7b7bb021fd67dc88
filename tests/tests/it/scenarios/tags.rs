//! Tags decide, and nonsense in them is named.

use tidegate_tests::scene::{Scene, TEN};
use tidegate_tests::world::service::Service;

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn nonsense_in_a_tag_is_named_with_its_value_and_the_rule_and_the_others_go_on() {
    let cases = [
        ("min", "two", r#"tidegate:min is "two": must be a whole number from 1 to 5000"#),
        ("max", "1", r#"tidegate:max is "1": must be at least tidegate:min, which is 2"#),
        ("cpu", "0", r#"tidegate:cpu is "0": must be a number above 0 and at most 1000, or off"#),
        ("cpu", "NaN", r#"tidegate:cpu is "NaN": must be a number above 0 and at most 1000, or off"#),
        ("memory", "-3", r#"tidegate:memory is "-3": must be a number above 0 and at most 1000, guard or off"#),
        ("requests", "many", r#"tidegate:requests is "many": must be a number above 0, or off"#),
        (
            "backlog",
            "orders",
            r#"tidegate:backlog is "orders": must be a queue's name and the messages per task: my-queue 100"#,
        ),
        (
            "metric",
            "Jobs 5",
            r#"tidegate:metric is "Jobs 5": must be Namespace/Name/Statistic/Dimension=value and the target: App/Jobs/Sum/Queue=a 50"#,
        ),
        ("memroy", "off", r#"tidegate:memroy is "off": there is no such tag; did you mean tidegate:memory?"#),
        ("scale", "yes", r#"tidegate:scale is "yes": must be off, shadow or on"#),
    ];
    for (tag, value, why) in cases {
        let mut bad = scaled_shop(10).load(|_| 9.0);
        bad.tags.retain(|(key, _)| *key != format!("tidegate:{tag}"));
        let other = Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0);
        let scene = Scene::of([bad.tag(tag, value), other]);
        let summary = scene.run().await;
        assert_eq!(scene.writes(), ["prod/cart 10 -> 13"]);
        assert_eq!(summary.failed.get("policy_error"), Some(&1));
        assert_eq!(scene.record("prod/shop")["why"], why);
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_a_service_is_named_at_once() {
    let scene = Scene::of([shop(10).tag("scale", "on").tag("min", "x").tag("max", "y")]);
    scene.run().await;
    let why = scene.record("prod/shop")["why"].to_string();
    assert!(why.contains("tidegate:min") && why.contains("tidegate:max"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn mode_on_without_bounds_is_an_error_and_no_metric_is_read_for_a_decision() {
    let scene = Scene::of([shop(10).tag("scale", "on").load(|_| 9.0)]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.failed.get("bounds_missing"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn shadow_without_bounds_proposes_some_once_an_hour() {
    let scene = Scene::of([shop(10).tag("scale", "shadow").load(|_| 6.9)]);
    scene.world.pass(180);
    scene.run_for(60).await;
    let proposal = "from the last 15 days tidegate:min=10 and tidegate:max=20 would do";
    let account = scene.world.lock();
    let proposed = account.printed.iter().filter(|line| line.contains(proposal)).count();
    assert_eq!(proposed, 1);
    assert_eq!(account.calls.get("GetMetricData"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn shadow_says_what_it_would_do_and_does_not() {
    let scene = Scene::of([shop(10).enrolled("shadow", 2, 40).load(|_| 9.0)]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!((summary.changed, summary.would_change), (0, 1));
    let record = scene.record("prod/shop");
    assert_eq!((&record["mode"], &record["acted"]), (&"shadow".into(), &false.into()));
    assert_eq!((&record["action"]["from"], &record["action"]["to"]), (&10.into(), &13.into()));
    assert!(scene.world.lock().published.is_empty(), "shadow sends one digest a day, and nothing else");
}

#[tokio::test(start_paused = true)]
async fn the_installation_can_hold_every_service_in_shadow() {
    let scene = Scene::with(&[("TIDEGATE_MODE", "shadow")], [scaled_shop(10).load(|_| 9.0)]);
    assert_eq!(scene.run().await.would_change, 1);
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn the_services_own_tags_decide_and_not_the_index() {
    let mut switched_off = shop(10).enrolled("off", 2, 40).load(|_| 9.0);
    switched_off.indexed_tags = Some(scaled_shop(10).tags);
    let scene = Scene::of([switched_off]);
    assert_eq!(scene.run().await.enrolled, 0);
    assert_eq!(scene.writes(), NONE);
    assert_eq!(scene.calls("GetMetricData"), 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_named_clusters_are_looked_at() {
    let other = Service::new("test/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0);
    let scene = Scene::with(&[("TIDEGATE_CLUSTERS", "test, staging")], [scaled_shop(10).load(|_| 9.0), other]);
    assert_eq!(scene.run().await.seen, 1);
    assert_eq!(scene.writes(), ["test/shop 10 -> 13"]);
}
