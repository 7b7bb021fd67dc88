//! The policy document and the tags, as the gate keeps to them.

use tidegate_tests::scanning::{POLICY, Scanning, WRITES};

use super::{EVERY, NONE, bad, clean, deploy, shop};

#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_read_lets_nothing_pass_and_does_nothing() {
    for (broken, why) in [
        (Some("version: 1\nthresholds: {fixable: HIHG}\n"), "did you mean HIGH?"),
        (Some("version: 1\nexceptions:\n- {id: CVE-1, until: someday, reason: x}\n"), "until"),
        (None, "does not exist"),
    ] {
        let mut scanning = Scanning::under(EVERY);
        shop(&scanning, "on");
        scanning.world.lock().parameters.remove(POLICY);
        if let Some(broken) = broken {
            scanning.world.lock().parameters.insert(POLICY.to_owned(), broken.to_owned());
        }
        scanning.world.push(clean("v2").finds([bad()]));
        deploy(&scanning, "v2");
        scanning.run_for(1).await;
        assert!(scanning.records().iter().all(|said| said == "error policy_error"), "{:?}", scanning.records());
        let record = scanning.record();
        assert!(record["why"].as_str().is_some_and(|said| said.contains(why) && said.contains(POLICY)), "{record}");
        scanning.never_called(&WRITES);
        assert!(scanning.queued() > 0, "nothing is lost");
        // It is mended, and what waited is judged.
        scanning.world.lock().parameters.insert(POLICY.to_owned(), EVERY.to_owned());
        scanning.run_for(5).await;
        assert_eq!(scanning.calls("StopServiceDeployment"), 1);
        assert_eq!(scanning.queued(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn only_enrolled_repositories_are_judged_where_no_service_brings_them() {
    let mut scanning = Scanning::under("version: 1\nrepositories:\n- {names: [\"team-*\"], mode: on}\n");
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.deliver().await;
    assert!(scanning.records().is_empty());
    scanning.never_called(&["DescribeImageScanFindings", "ListClusters"]);
    assert_eq!(scanning.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_exception_in_the_policy_lets_its_deployment_go_on() {
    let mut scanning = Scanning::under(&format!(
        "{NONE}exceptions:\n- id: {}\n  packages: [openssl]\n  until: 2027-01-31\n  reason: not reachable\n",
        bad().id
    ));
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn broken_glass_lets_a_deployment_go_on_and_is_told() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    let until = scanning.world.lock().now + jiff::SignedDuration::from_hours(2);
    let glass = ("tidegate:break-glass".to_owned(), format!("{until} orders are lost"));
    scanning.world.lock().service("prod/shop").tags.push(glass);
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    scanning.never_called(&WRITES);
    assert_eq!(scanning.world.subjects(), ["Tidegate: prod/shop: let pass (break_glass)"]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_tag_is_an_error_of_that_service_alone() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "yes");
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(1).await;
    assert_eq!(scanning.records(), ["error policy_error"]);
    let why = scanning.record()["why"].as_str().unwrap_or_default().to_owned();
    assert_eq!(why, r#"tidegate:scan is "yes": must be off, shadow or on"#);
    assert_eq!(scanning.world.status(&deployment), "IN_PROGRESS");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_the_tag_is_not_touched() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "off");
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    assert!(scanning.records().is_empty());
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn risks_are_asked_for_only_where_the_severity_does_not_block_already() {
    let known = |id: &str| tidegate_tests::world::registry::findings::low(id).in_package("curl", "8").known_exploited();
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    scanning.world.push(clean("v2").finds([known("CVE-2026-3003")]));
    scanning.deliver().await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    assert_eq!(scanning.record()["blocking"][0]["because"], "known_exploited");
    assert_eq!(scanning.calls("BatchGetFindingDetails"), 1);
    scanning.never_called(&["ListFindings"]);
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    scanning.world.push(clean("v2").finds([bad(), known("CVE-2026-3003")]));
    scanning.deliver().await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    scanning.never_called(&["BatchGetFindingDetails", "ListFindings"]);
}
