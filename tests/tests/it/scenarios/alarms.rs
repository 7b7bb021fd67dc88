//! An alarm wakes the scaler; what it then finds decides.

use serde_json::json;
use tidegate_lambda::start::Failure;
use tidegate_tests::scene::{Scene, TEN, alarms};
use tidegate_tests::world::Alarm;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;

use super::scaled_shop;

const NONE: [&str; 0] = [];

fn busy_shop() -> Service {
    scaled_shop(10).load(|_| 9.0)
}

fn dimensions() -> Vec<(String, String)> {
    [("ClusterName", "prod"), ("ServiceName", "shop")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn alarm(name: &str, state: &str) -> Alarm {
    Alarm { name: name.to_owned(), state: state.to_owned(), ..Alarm::default() }
}

fn with_alarms(service: Service, alarms: impl IntoIterator<Item = Alarm>) -> Scene {
    let scene = Scene::of([service, Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0)]);
    scene.world.lock().alarms.extend(alarms);
    scene
}

#[tokio::test(start_paused = true)]
async fn an_alarm_raises_the_service_of_its_dimensions_and_no_other() {
    for math in [false, true] {
        let hot = Alarm { dimensions: dimensions(), math, ..alarm("shop-hot", "ALARM") };
        let scene = with_alarms(busy_shop(), [hot]);
        scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.unwrap();
        assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_raises_the_services_that_name_it() {
    let scene = with_alarms(busy_shop().tag("alarms", "queue-deep latency-high"), [alarm("latency-high", "ALARM")]);
    scene.invoke(alarms(TEN, &[("latency-high", "ALARM")])).await.unwrap();
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
}

#[tokio::test(start_paused = true)]
async fn a_composite_alarm_concerns_what_its_parts_concern() {
    let part = Alarm { dimensions: dimensions(), ..alarm("shop-hot", "OK") };
    let whole = Alarm { children: vec!["shop-hot".to_owned()], ..alarm("shop-bad", "ALARM") };
    let scene = with_alarms(busy_shop(), [part, whole]);
    scene.invoke(alarms(TEN, &[("shop-bad", "ALARM")])).await.unwrap();
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_never_lowers() {
    let hot = Alarm { dimensions: dimensions(), ..alarm("shop-hot", "ALARM") };
    let scene = with_alarms(scaled_shop(10).load(|_| 1.0), [hot]);
    let summary = scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.unwrap();
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("alarm_may_only_raise"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_raises_even_within_the_tolerance() {
    let hot = Alarm { dimensions: dimensions(), ..alarm("shop-hot", "ALARM") };
    let scene = with_alarms(scaled_shop(10).load(|_| 7.5), [hot]);
    scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.unwrap();
    assert_eq!(scene.writes(), ["prod/shop 10 -> 11"]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_ends_does_nothing_and_says_so() {
    for state in ["OK", "INSUFFICIENT_DATA"] {
        let scene = with_alarms(busy_shop(), [alarm("shop-hot", "OK")]);
        let summary = scene.invoke(alarms(TEN, &[("shop-hot", state)])).await.unwrap();
        let declined = summary.declined.expect("nothing is done");
        assert_eq!(declined.reason.code(), "alarm_not_in_alarm");
        assert_eq!(declined.why, format!("shop-hot went into {state}"));
        assert!(scene.world.lock().calls.is_empty(), "not a single call");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_over_when_it_is_read_does_nothing() {
    let scene = with_alarms(busy_shop(), [Alarm { dimensions: dimensions(), ..alarm("shop-hot", "OK") }]);
    let summary = scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.unwrap();
    assert_eq!(summary.declined.map(|declined| declined.why), Some("shop-hot is no longer in ALARM".to_owned()));
    assert_eq!(scene.world.lock().calls.keys().collect::<Vec<_>>(), ["DescribeAlarms"]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_concerns_nobody_does_nothing_and_says_so() {
    let scene = with_alarms(busy_shop(), [alarm("disk-full", "ALARM")]);
    let summary = scene.invoke(alarms(TEN, &[("disk-full", "ALARM")])).await.unwrap();
    assert_eq!(summary.declined.map(|declined| declined.reason.code()), Some("alarm_concerns_nobody"));
    assert_eq!(scene.calls("DescribeServices"), 0);
}

#[tokio::test(start_paused = true)]
async fn several_records_in_one_event_are_one_run() {
    let hot = Alarm { dimensions: dimensions(), ..alarm("shop-hot", "ALARM") };
    let scene = with_alarms(busy_shop(), [hot, alarm("disk-full", "ALARM")]);
    let event = alarms(TEN, &[("disk-full", "ALARM"), ("other", "OK"), ("shop-hot", "ALARM")]);
    scene.invoke(event).await.unwrap();
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert_eq!(scene.calls("DescribeAlarms"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alarms_event_that_is_old_is_declined() {
    let scene = with_alarms(busy_shop(), [alarm("shop-hot", "ALARM")]);
    let published = TEN - jiff::SignedDuration::from_secs(121);
    let summary = scene.invoke(alarms(published, &[("shop-hot", "ALARM")])).await.unwrap();
    assert_eq!(
        summary.declined.map(|declined| declined.why),
        Some("the event is 121 s old, more than 120 s".to_owned())
    );
    assert!(scene.world.lock().calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_no_alarms_is_an_error_with_a_record() {
    let scene = with_alarms(busy_shop(), []);
    let mut event = alarms(TEN, &[("shop-hot", "ALARM")]);
    event["Records"][0]["Sns"]["Message"] = json!("hello");
    let error = scene.invoke(event).await.expect_err("not understood");
    assert_eq!(error.word(), "EventNotUnderstood");
    assert!(error.to_string().contains(r#""hello""#), "{error}");
    assert!(scene.world.lock().printed.iter().any(|line| line.contains("EventNotUnderstood")));
}

#[tokio::test(start_paused = true)]
async fn parts_that_can_not_be_read_do_not_hold_back_what_is_known() {
    let whole = Alarm { children: vec!["shop-hot".to_owned()], ..alarm("shop-bad", "ALARM") };
    let scene = with_alarms(busy_shop().tag("alarms", "shop-bad"), [whole]);
    scene.world.lock().faults.add("DescribeAlarms", Fault::Denied, Times::After(1));
    let summary = scene.invoke(alarms(TEN, &[("shop-bad", "ALARM")])).await.unwrap();
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    assert!(summary.incomplete.is_some_and(|why| why.contains("DescribeAlarms is not allowed")));
}
