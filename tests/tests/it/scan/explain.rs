//! Records as the gate prints them, explained: each comes to the same again.

use std::process::ExitCode;

use expect_test::expect_file;
use serde_json::Value;
use tidegate::explain;
use tidegate_core::scan::finding::Severity;
use tidegate_tests::scanning::{ALL_ON, Scanning};
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::registry::findings::{Finding, high};
use tidegate_tests::world::registry::image::{Image, Index};

use super::{EVERY, bad, clean, deploy, shop};

fn explained(record: &Value) -> (ExitCode, String) {
    let mut out = Vec::new();
    let code = explain::run(&record.to_string(), &mut out).unwrap_or_else(|error| panic!("{error:#}: {record}"));
    (code, String::from_utf8(out).expect("UTF-8"))
}

/// A gate that prints a record of everything.
fn telling(policy: &str) -> Scanning {
    Scanning::with(&[&ALL_ON[..], &[("TIDEGATE_RECORDS", "all")]].concat(), policy)
}

#[tokio::test(start_paused = true)]
async fn a_record_is_told_with_what_blocks_what_is_accepted_and_what_was_done() {
    let accepted = high("CVE-2026-1002").in_package("zlib1g", "1.2.13").fixed_in("1.2.14");
    let policy = format!("{EVERY}exceptions:\n- {{id: {}, until: 2026-12-24, reason: ticket 7}}\n", accepted.id);
    let mut scanning = telling(&policy);
    scanning.world.scans_enhanced();
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64").in_progress_for(1).finds([bad(), accepted]));
    let digest = scanning.world.push(index);
    let batch = TaskDefinition::of("batch").container("app", &format!("shop@{digest}"));
    let batch = scanning.world.register(batch);
    scanning.run_for(2).await;
    let (code, told) = explained(&scanning.record());
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(told.contains(&batch), "{told}");
    expect_file!["../../golden/explain_scan.txt"].assert_eq(&told);
}

/// Every record of images in all states, and of a deployment of one of them.
async fn records(enhanced: bool) -> Vec<Value> {
    let mut scanning = telling(EVERY);
    if enhanced {
        scanning.world.scans_enhanced();
    }
    shop(&scanning, "on");
    scanning.world.push(clean("v2").pending_for(2).empty_for(3).finds([bad()]));
    scanning.world.push(Image::new("batch", "v1").finds([bad()]));
    scanning.world.push(Image::new("reports", "v1").fails_to_scan());
    scanning.world.push(Image::new("tools", "v1").unsupported());
    deploy(&scanning, "v2");
    scanning.run_for(40).await;
    scanning.run_daily().await;
    scanning.world.full_records()
}

#[tokio::test(start_paused = true)]
async fn every_record_with_facts_comes_to_the_same_again() {
    let records = [records(true).await, records(false).await].concat();
    let mut reasons: Vec<&str> = records.iter().filter_map(|record| record["reason"].as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in
        ["clean", "not_scanned", "passed_with_warning", "roll_back", "settling", "vulnerable", "waiting_for_scan"]
    {
        assert!(reasons.contains(&reason), "{reason} is not in {reasons:?}");
    }
    for record in records.iter().filter(|record| record["facts"].is_object()) {
        let (code, told) = explained(record);
        assert_eq!(code, ExitCode::SUCCESS, "{told}\n{record}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_of_ten_thousand_findings_is_condensed_and_comes_to_the_same() {
    let mut scanning = telling(EVERY);
    let finding = |number: usize| {
        let severity = Severity::ALL[number % Severity::ALL.len()];
        Finding::new(&format!("CVE-2026-{number}"), severity).in_package("openssl", "3.0.1")
    };
    scanning.world.push(clean("v2").finds((10_000..20_000).map(finding)));
    scanning.deliver().await;
    let record = scanning.record();
    assert!(record.to_string().len() < 200_000, "{}", record.to_string().len());
    let (code, told) = explained(&record);
    assert_eq!(code, ExitCode::SUCCESS, "{told}");
    assert!(told.contains("more of this record block"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_tampered_with_is_different_and_one_without_facts_can_not_be_told() {
    let mut scanning = telling(EVERY);
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.deliver().await;
    let mut record = scanning.record();
    record["verdict"] = "pass".into();
    let (code, told) = explained(&record);
    assert_eq!(code, ExitCode::FAILURE);
    assert!(told.contains("DIFFERENT, fail (vulnerable)"), "{told}");
    record.as_object_mut().expect("an object").remove("facts");
    let error = explain::run(&record.to_string(), &mut Vec::new()).expect_err("there are no facts");
    assert!(error.to_string().contains("the record has no facts to recompute from"), "{error}");
}
