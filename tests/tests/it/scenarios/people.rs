//! Direct invocations, messages and the digest.

use serde_json::{Value, json};
use tidegate_lambda::start::Failure;
use tidegate_tests::scene::{Scene, TEN, TOPIC};
use tidegate_tests::world::service::Service;

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

fn two() -> [Service; 2] {
    [scaled_shop(10).load(|_| 9.0), Service::new("test/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0)]
}

#[tokio::test(start_paused = true)]
async fn an_empty_request_is_a_run_over_everything() {
    let scene = Scene::of(two());
    assert_eq!(scene.invoke(json!({})).await.unwrap().changed, 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_name_one_service_and_hold_it_in_shadow() {
    let scene = Scene::of(two());
    let request = json!({"cluster": "prod", "service": "shop", "mode": "shadow"});
    let summary = scene.invoke(request).await.unwrap();
    assert_eq!((summary.seen, summary.would_change), (1, 1));
    assert_eq!(scene.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_service_that_is_not_enrolled_says_so() {
    let scene = Scene::of(two());
    let summary = scene.invoke(json!({"service": "shopp"})).await.unwrap();
    assert_eq!(summary.declined.map(|declined| declined.reason.code()), Some("not_enrolled"));
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_slip_of_the_pen_is_refused_by_name() {
    let scene = Scene::of(two());
    for (request, said) in [
        (json!({"servce": "shop"}), "unknown field `servce`"),
        (json!({"mode": "dry"}), r#"mode is "dry": must be off, shadow or on"#),
        (json!("hello"), "not a request"),
    ] {
        let error = scene.invoke(request).await.expect_err("refused").to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(scene.world.lock().calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_published_once_with_its_arithmetic() {
    let scene = Scene::of([scaled_shop(10).load(|_| 8.5)]);
    scene.run_for(3).await;
    let published = scene.world.lock().published.clone();
    let [message] = published.as_slice() else { panic!("{published:?}") };
    assert_eq!(message.topic, TOPIC);
    assert_eq!(message.subject, "Tidegate: prod/shop: raise from 10 to 13 tasks (above_target)");
    assert!(message.body.contains("ceil(10 x 85 / 70) = 13 tasks"), "{}", message.body);
}

#[tokio::test(start_paused = true)]
async fn changes_of_one_run_share_a_message_whose_subject_sns_takes() {
    let name = "a-service-with-a-name-that-is-as-long-as-names-of-services-get-in-companies-that-like-long-names";
    let services = [
        scaled_shop(10).load(|_| 9.0),
        Service::new(&format!("prod/{name}"), 10, TEN).enrolled("on", 2, 40).load(|_| 9.0),
    ];
    let scene = Scene::of(services);
    scene.run().await;
    let published = scene.world.lock().published.clone();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].subject, "Tidegate: 2 services changed or failed");
}

#[tokio::test(start_paused = true)]
async fn a_message_for_chat_is_a_custom_notification() {
    let scene = Scene::with(&[("TIDEGATE_MESSAGE_FORMAT", "chatbot")], [scaled_shop(10).load(|_| 9.0)]);
    scene.run().await;
    let body: Value = serde_json::from_str(&scene.world.lock().published[0].body).unwrap();
    assert_eq!((&body["version"], &body["source"]), (&"1.0".into(), &"custom".into()));
    assert_eq!(body["content"]["textType"], "client-markdown");
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_lasts_is_not_published_again() {
    let scene = Scene::of([shop(10).tag("scale", "on")]);
    scene.run_for(10).await;
    assert!(scene.world.lock().published.is_empty(), "it is a metric with an alarm, which holds the state");
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_fails_does_not_stop_the_change() {
    use tidegate_tests::world::faults::{Fault, Times};
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    scene.world.lock().faults.add("Publish", Fault::Denied, Times::Always);
    assert_eq!(scene.run().await.changed, 1);
}

#[tokio::test(start_paused = true)]
async fn the_digest_tells_what_shadow_mode_would_have_saved_in_the_last_day() {
    let scene = Scene::of([
        shop(20).enrolled("shadow", 2, 40).load(|_| 4.0),
        Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40),
    ]);
    scene.world.pass(24 * 60);
    let summary = scene.invoke(json!({"run": "digest"})).await.unwrap();
    assert_eq!(summary.trigger, "digest");
    assert_eq!(scene.writes(), NONE);
    let published = scene.world.lock().published.clone();
    let [message] = published.as_slice() else { panic!("{published:?}") };
    assert!(message.body.contains("prod/shop: 479.7 task-hours ran"), "{}", message.body);
}

#[tokio::test(start_paused = true)]
async fn the_digest_has_the_format_of_every_message() {
    let scene = Scene::with(&[("TIDEGATE_MESSAGE_FORMAT", "chatbot")], [shop(20).enrolled("shadow", 2, 40)]);
    scene.invoke(json!({"run": "digest"})).await.unwrap();
    let body: Value = serde_json::from_str(&scene.world.lock().published[0].body).unwrap();
    assert_eq!(body["source"], "custom");
}

#[tokio::test(start_paused = true)]
async fn the_digest_saves_nothing_on_what_would_be_left_alone() {
    let scene = Scene::of([shop(20).enrolled("shadow", 2, 40).load(|_| 4.0)]);
    let target = tidegate_core::scaling::facts::ScalableTarget { min: 4, max: 20 };
    scene.world.lock().scalable_targets.insert("service/prod/shop".to_owned(), target);
    scene.invoke(json!({"run": "digest"})).await.unwrap();
    let message = scene.world.lock().published[0].clone();
    assert_eq!(message.subject, "Tidegate: shadow mode would save $0.00 a month on 1 service");
    assert!(message.body.contains("prod/shop: can't be told: Application Auto Scaling"), "{}", message.body);
}

#[tokio::test(start_paused = true)]
async fn the_digest_of_an_installation_in_shadow_is_of_every_service() {
    let scene = Scene::with(&[("TIDEGATE_MODE", "shadow")], [shop(20).enrolled("on", 2, 40).load(|_| 4.0)]);
    scene.invoke(json!({"run": "digest"})).await.unwrap();
    assert!(scene.world.lock().published[0].body.contains("prod/shop: "));
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_can_not_be_published_is_a_failed_invocation() {
    use tidegate_tests::world::faults::{Fault, Times};
    let scene = Scene::of([shop(20).enrolled("shadow", 2, 40)]);
    scene.world.lock().faults.add("Publish", Fault::Denied, Times::Always);
    let error = scene.invoke(json!({"run": "digest"})).await.expect_err("nobody was told");
    assert_eq!(error.word(), "NotPublished");
}
