//! What holds for whatever is in the file.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tidegate::scan::findings::{self, Known};
use tidegate_core::scan::document::Document;
use tidegate_core::scan::judge;
use tidegate_core::verdict::Verdict;

use super::{NOW, clean};

/// JSON of the words that ECR uses, in places where it does not.
fn odd() -> impl Strategy<Value = Value> {
    let words = [
        "COMPLETE",
        "ACTIVE",
        "PENDING",
        "CRITICAL",
        "HIGH",
        "YES",
        "NO",
        "SUPPRESSED",
        "2026-11-27T13:00:00Z",
        "",
        "sha256:",
        "arn:aws:inspector2",
        "CVE-2026-1234",
        "NotAvailable",
        "\u{e9}\u{1f600}",
    ];
    let keys = [
        "imageScanStatus",
        "status",
        "imageScanFindings",
        "findings",
        "enhancedFindings",
        "findingSeverityCounts",
        "CRITICAL",
        "imageScanCompletedAt",
        "repositoryName",
        "imageId",
        "imageDigest",
        "imageTag",
        "severity",
        "findingArn",
        "epss",
        "score",
        "packageVulnerabilityDetails",
        "vulnerablePackages",
        "vulnerabilityId",
        "attributes",
        "key",
        "value",
        "name",
        "resources",
        "details",
        "awsEcrContainerImage",
        "imageTags",
        "pushedAt",
        "nextToken",
        "fixedInVersion",
        "epoch",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(keys.to_vec()), inner), 0..8)
                .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn verdict(answer: &Value) -> Option<Verdict> {
    let known = Known { repository: Some("shop".to_owned()), pushed_at: None };
    let facts = findings::facts(std::slice::from_ref(answer), known).ok()?;
    Some(judge(&facts, &Document::default().policy("shop"), NOW.parse().expect("a time")).verdict)
}

proptest! {
    #[test]
    fn whatever_is_in_the_file_is_judged_or_refused(answer in odd(), found in odd(), status in odd()) {
        verdict(&answer);
        verdict(&json!({"imageScanStatus": status, "imageScanFindings": found}));
    }

    #[test]
    fn nothing_beside_a_finding_that_blocks_makes_it_pass(noise in odd(), place in select(vec!["findings", "enhancedFindings"])) {
        let mut answer = clean("a");
        let bad = json!({"findingArn": "x", "severity": "CRITICAL", "title": "CVE-2026-1234"});
        answer["imageScanFindings"][place] = json!([noise, bad]);
        prop_assert_eq!(verdict(&answer), Some(Verdict::Fail));
    }

    #[test]
    fn a_status_that_is_no_word_of_ecrs_never_passes(status in odd()) {
        let word = status.as_str().is_some_and(|word| ["COMPLETE", "ACTIVE"].contains(&word));
        let mut answer = clean("a");
        answer["imageScanStatus"] = json!({"status": status});
        prop_assert_eq!(verdict(&answer) == Some(Verdict::Pass), word);
    }
}
