//! The verdict as SARIF.

use std::fs;

use serde_json::{Value, json};

use super::{answer, clean, empty, fixture, scan};

/// The only run of a log, of which the shape is what the standard and code hosts ask for.
fn run(log: &Value) -> Value {
    assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&json!("2.1.0"), Some(1)));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        let is_finding = rule["properties"]["security-severity"].as_str();
        let score = is_finding.map_or(Ok(0.0), str::parse::<f64>);
        assert!(score.is_ok_and(|score| (0.0..=10.0).contains(&score)), "{rule}");
    }
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")), "{result}");
        assert!(result["message"]["text"].is_string() && result["partialFingerprints"]["tidegate/v1"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().is_some_and(|uri| !uri.starts_with('/')), "{place}");
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{place}");
        assert_eq!(result["level"] == "note", result["suppressions"].is_array(), "{result}");
    }
    run.clone()
}

#[test]
fn sarif_has_what_blocks_as_errors_and_what_is_accepted_as_suppressed_notes() {
    let policy = fixture("policy.yaml");
    let (code, told) = scan(&answer("enhanced.json").to_string(), &["--sarif", "-", "--policy", &policy]);
    assert_eq!(code, Some(1));
    let run = run(&serde_json::from_str(&told).expect("JSON, and no table beside it"));
    let of = |level: &str| {
        let results = run["results"].as_array().expect("results").iter().filter(|result| result["level"] == level);
        results.map(|result| result["ruleId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("error"), ["CVE-2026-21001", "CVE-2026-21002", "CVE-2026-21007"]);
    assert_eq!(of("note"), ["CVE-2026-21006", "CVE-2026-21004", "CVE-2026-21005"]);
    assert_eq!(
        run["tool"]["driver"]["rules"][0]["helpUri"],
        "https://security-tracker.debian.org/tracker/CVE-2026-21001"
    );
    expect_test::expect_file!["../../golden/scan_enhanced.sarif"]
        .assert_eq(&told.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    // The same vulnerability in the next image is the same result.
    let mut next = answer("enhanced.json");
    next["imageId"] = json!({"imageDigest": format!("sha256:{}", "d".repeat(64))});
    let next: Value =
        serde_json::from_str(&scan(&next.to_string(), &["--sarif", "-", "--policy", &policy]).1).expect("JSON");
    let prints = |run: &Value| {
        let results = run["results"].as_array().expect("results").iter();
        results.map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(prints(&run), prints(&next["runs"][0]));
}

#[test]
fn sarif_of_an_image_that_is_not_known_to_be_good_has_a_result() {
    for (answer, level, rule) in [
        (empty("FAILED"), "error", "not_scanned"),
        (empty("PENDING"), "warning", "waiting_for_scan"),
        (json!([clean("a"), {"imageScanStatus": {"status": "ACTIVE"}}]), "error", "image_unreadable"),
    ] {
        let run = run(&serde_json::from_str(&scan(&answer.to_string(), &["--sarif", "-"]).1).expect("JSON"));
        assert_eq!(run["results"].as_array().map(Vec::len), Some(1));
        assert_eq!((&run["results"][0]["level"], &run["results"][0]["ruleId"]), (&json!(level), &json!(rule)));
        assert_eq!(run["invocations"][0]["executionSuccessful"], json!(rule != "image_unreadable"));
    }
    let run = run(&serde_json::from_str(&scan(&clean("a").to_string(), &["--sarif", "-"]).1).expect("JSON"));
    assert_eq!(run["results"], json!([]));
}

#[test]
fn sarif_in_a_file_leaves_the_table_where_it_is() {
    let file = std::env::temp_dir().join(format!("tidegate-{}.sarif", std::process::id()));
    let (code, told) = scan(&clean("a").to_string(), &["--sarif", file.to_str().expect("a path")]);
    let written = fs::read_to_string(&file).expect("a log");
    fs::remove_file(&file).expect("it was written");
    assert_eq!((code, told.as_str()), (Some(0), "PASS (clean): shop@sha256:aaaaaaaaaaaa has nothing that blocks\n"));
    run(&serde_json::from_str(&written).expect("JSON"));
}
