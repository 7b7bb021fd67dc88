//! `tidegate plan`: what would be done, and nothing done.

use clap::Parser;
use cost_scaler::settings::Settings;
use expect_test::expect_file;
use tidegate::plan::{Args, run};
use tidegate_tests::scene::{Scene, TEN};
use tidegate_tests::world::REGION;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;

use super::scaled_shop;

async fn plan(scene: &Scene, arguments: &[&str]) -> (String, bool) {
    let args = Args::parse_from([&["plan"], arguments].concat());
    let settings = Settings::read(|_| None).expect("there are none");
    let mut out = Vec::new();
    let code = run(scene.world.clone(), settings, REGION, args, &mut out).await.expect("the account can be read");
    (String::from_utf8(out).expect("UTF-8"), code == std::process::ExitCode::SUCCESS)
}

fn fleet() -> Scene {
    Scene::of([
        scaled_shop(10).load(|_| 8.5),
        Service::new("prod/search", 10, TEN).enrolled("on", 2, 40).load(|_| 3.0),
        Service::new("dev/preview", 4, TEN).enrolled("shadow", 1, 6).load(|_| 2.6),
        Service::new("dev/batch", 5, TEN).tag("scale", "on").load(|_| 2.0),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_every_service_with_its_price_and_changes_nothing() {
    let scene = fleet();
    let (told, well) = plan(&scene, &[]).await;
    expect_file!["../../golden/plan.txt"].assert_eq(&told);
    assert!(!well, "one has no bounds");
    assert!(scene.writes().is_empty());
    assert_eq!((scene.calls("UpdateService"), scene.calls("Publish")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_one_service_is_about_that_service() {
    let (told, well) = plan(&fleet(), &["--service", "search", "--json"]).await;
    let record: serde_json::Value = serde_json::from_str(&told).expect("one record");
    assert_eq!((&record["service"], &record["verdict"]), (&"prod/search".into(), &"lower".into()));
    assert!(well);
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_a_service_that_is_not_enrolled_says_so() {
    let (told, _) = plan(&fleet(), &["--service", "serach"]).await;
    assert_eq!(told, "no service that is asked for carries the tag tidegate:scale with shadow or on\n");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_can_not_be_described_is_in_the_plan_all_the_same() {
    let scene = fleet();
    scene.world.lock().faults.add("DescribeServices", Fault::Denied, Times::Always);
    let (told, well) = plan(&scene, &["--cluster", "prod"]).await;
    assert!(told.contains("service_unreadable") && told.contains("not authorized"), "{told}");
    assert!(!well);
}
