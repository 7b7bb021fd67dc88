//! `tidegate explain` comes to the same from every record of the function.

use std::process::ExitCode;
use std::time::Duration;

use tidegate::explain;
use tidegate_tests::hooking::Hooking;
use tidegate_tests::world::registry::findings::low;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::version::Version;

use super::{bad, by_code_deploy, by_ecs, good, shop, vulnerable};

/// Every record with facts, explained.
fn explained(hooking: &Hooking) -> Vec<String> {
    let records = hooking.world.full_records();
    let records = records.iter().filter(|record| record["facts"].is_object());
    let explain = |record: &serde_json::Value| {
        let mut told = Vec::new();
        let code = explain::run(&record.to_string(), &mut told).unwrap_or_else(|error| panic!("{error:#}: {record}"));
        let told = String::from_utf8(told).expect("UTF-8");
        assert_eq!(code, ExitCode::SUCCESS, "{told}");
        told
    };
    let told: Vec<String> = records.map(explain).collect();
    assert!(!told.is_empty(), "{:?}", hooking.records());
    told
}

#[tokio::test(start_paused = true)]
async fn every_stage_is_recomputed_the_same() {
    let events = ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];
    let hooking = by_code_deploy(shop("on").tag("smoke", "GET /health 200 500ms"), &events);
    let _ = hooking.deploy(good().answers("/health", 200, "ok", Duration::from_millis(20)));
    hooking.run_for(60).await;
    assert_eq!(explained(&hooking).len(), 5, "{:?}", hooking.records());
}

#[tokio::test(start_paused = true)]
async fn a_record_of_an_image_with_thousands_of_findings_is_short_and_comes_to_the_same() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let many = (0..3000).map(|number| low(&format!("CVE-2026-{}", 10_000 + number))).chain([bad()]);
    hooking.world.push(Image::new("shop", "huge").user("1000").finds(many));
    hooking.world.pass(30);
    let _ = hooking.deploy(Version::new("huge").image("shop:huge"));
    hooking.run_for(10).await;
    assert!(hooking.record().to_string().len() < 200_000);
    let told = explained(&hooking);
    assert!(
        told[0].contains("image_blocked") && told[0].contains("The hook was to fail it, and that was done."),
        "{}",
        told[0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_hook_says_what_to_mend() {
    let hooking = by_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let version = vulnerable(&hooking);
    let _ = hooking.deploy(version);
    hooking.run_for(10).await;
    let told = explained(&hooking);
    assert!(told[0].contains("image_blocked blocks: ") && told[0].contains("; to mend it: "), "{}", told[0]);
}
