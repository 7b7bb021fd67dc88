//! What wakes the gate, and what it is answered.

use serde_json::json;
use tidegate_tests::scanning::{Scanning, WRITES};
use tidegate_tests::scene::TEN;

use super::{EVERY, NONE, bad, clean, shop};

#[tokio::test(start_paused = true)]
async fn a_batch_gives_back_only_what_has_to_be_looked_at_again() {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.push(clean("v1"));
    scanning.world.push(clean("v2").in_progress_for(30));
    scanning.send(&json!({"detail-type": "ECR Image Scan", "detail": {}}), TEN);
    scanning.send(&json!({"detail-type": "Something New", "detail": {}}), TEN);
    scanning.send(&json!({"detail-type": "ECR Image Action", "detail": {"action-type": "DELETE"}}), TEN);
    scanning.deliver().await;
    // The one whose scan is under way, and the one that nobody can read.
    assert_eq!(scanning.queued(), 2);
    assert_eq!(scanning.records(), ["error event_not_understood"]);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_person_can_ask_about_an_image() {
    let scanning = Scanning::under(EVERY);
    scanning.world.push(clean("v2").finds([bad()]));
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:v2";
    let summary = scanning.run(&json!({"image": image, "mode": "shadow"})).await;
    assert_eq!(summary.blocked.get("vulnerable"), Some(&1));
    scanning.never_called(&WRITES);
    let missing = scanning.run(&json!({"image": image.replace("v2", "v9")})).await;
    assert_eq!(missing.blocked.get("image_missing"), Some(&1));
    for (wrong, why) in [
        (json!({"image": "no name"}), "no name of an image"),
        (json!({"imge": "x"}), "unknown field"),
        (json!({"mode": "yes"}), "must be off, shadow or on"),
        (json!([1]), "not a request"),
    ] {
        let error = scanning.invoke(&wrong).await.expect_err("it is no request").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_daily_run_tells_what_is_found_in_what_enrolled_services_run() {
    let scanning = Scanning::under(NONE);
    scanning.world.scans_enhanced();
    shop(&scanning, "on");
    scanning.world.pass_for(jiff::SignedDuration::from_hours(48));
    let clean = scanning.run_daily().await;
    assert_eq!((clean.passed.get("clean"), clean.blocked.len()), (Some(&1), 0));
    let v1 = scanning.world.lock().registry.images[0].digest.clone();
    scanning.world.discover(&v1, bad());
    let summary = scanning.run_daily().await;
    assert_eq!(summary.blocked.get("vulnerable"), Some(&1));
    let told = scanning.world.lock().published.pop().expect("it is told");
    assert!(told.body.contains("it runs in prod/shop"), "{}", told.body);
    scanning.world.pass_for(jiff::SignedDuration::from_hours(25));
    scanning.run_daily().await;
    assert!(scanning.world.lock().published.is_empty(), "it was told yesterday");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn the_daily_run_of_an_account_that_enrolled_nothing_looks_at_nothing() {
    let scanning = Scanning::under(NONE);
    let summary = scanning.run_daily().await;
    assert_eq!(summary.declined.get("nothing_to_look_at"), Some(&1));
    scanning.never_called(&["DescribeImages", "ListClusters", "DescribeServices"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_a_service_that_is_not_enrolled_costs_one_call() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "off");
    super::deploy(&scanning, "v1");
    scanning.deliver().await;
    assert_eq!(scanning.calls("DescribeServices"), 1);
    scanning.never_called(&["DescribeImages", "DescribeServiceDeployments", "DescribeTaskDefinition"]);
    assert_eq!(scanning.queued(), 0);
}
