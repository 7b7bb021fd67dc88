//! REST with JSON: Inspector.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Refusal;
use crate::world::events::status;
use crate::world::registry::StoredImage;
use crate::world::registry::scan::Known;
use crate::world::{ACCOUNT, Account, World};

/// Smaller than Inspector's own, so that tests see more than one.
const PER_PAGE: usize = 40;

/// As many as Inspector takes.
const DETAILS_PER_CALL: usize = 10;

/// What a path calls.
pub(super) fn operation(path: &str) -> Option<&'static str> {
    match path {
        "/findings/list" => Some("ListFindings"),
        "/findings/details/batch/get" => Some("BatchGetFindingDetails"),
        "/coverage/list" => Some("ListCoverage"),
        _ => None,
    }
}

pub(super) fn answer(operation: &str, body: &[u8], world: &World) -> Result<Vec<u8>, Refusal> {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let account = world.lock();
    let output = match operation {
        "ListFindings" => list_findings(&account, &input),
        "BatchGetFindingDetails" => batch_get_finding_details(&account, &input),
        _ => list_coverage(&account, &input),
    };
    output.map(|output| output.to_string().into_bytes())
}

fn list_findings(account: &Account, input: &Value) -> Result<Value, Refusal> {
    let digest = equals(&input["filterCriteria"]["ecrImageHash"])?;
    let inspected = account.inspected(Some(digest));
    let all: Vec<_> =
        inspected.iter().flat_map(|(image, report)| report.findings.iter().map(move |known| (*image, known))).collect();
    let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let until = all.len().min(from + PER_PAGE);
    let shown: Vec<Value> = all[from..until].iter().map(|(image, known)| finding(image, known)).collect();
    Ok(json!({"findings": shown, "nextToken": (until < all.len()).then(|| until.to_string())}))
}

fn batch_get_finding_details(account: &Account, input: &Value) -> Result<Value, Refusal> {
    let arns: Vec<&str> = input["findingArns"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !(1..=DETAILS_PER_CALL).contains(&arns.len()) {
        return Err(Refusal::new("ValidationException", "from 1 to 10 ARNs"));
    }
    let inspected = account.inspected(None);
    let all: BTreeMap<String, &Known<'_>> =
        inspected.iter().flat_map(|(_, report)| &report.findings).map(|known| (known.arn(), known)).collect();
    let (mut details, mut errors) = (Vec::new(), Vec::new());
    for arn in arns {
        match all.get(arn) {
            Some(known) if known.finding.known_exploited => {
                let cisa = json!({"action": "Apply updates.", "dateAdded": 1.0, "dateDue": 2.0});
                details.push(json!({"findingArn": arn, "cisaData": cisa, "epssScore": known.finding.epss}));
            }
            Some(known) => details.push(json!({"findingArn": arn, "epssScore": known.finding.epss})),
            None => errors.push(json!({
                "findingArn": arn, "errorCode": "FINDING_DETAILS_NOT_FOUND", "errorMessage": "There are no details.",
            })),
        }
    }
    Ok(json!({"findingDetails": details, "errors": errors}))
}

fn list_coverage(account: &Account, input: &Value) -> Result<Value, Refusal> {
    let arn = equals(&input["filterCriteria"]["resourceId"])?;
    let covered = account.list_coverage(arn).map(|(reason, scanned_at)| {
        json!({
            "resourceType": "AWS_ECR_CONTAINER_IMAGE", "resourceId": arn, "accountId": ACCOUNT, "scanType": "PACKAGE",
            "scanStatus": {
                "statusCode": if reason == "SUCCESSFUL" { "ACTIVE" } else { "INACTIVE" }, "reason": reason,
            },
            "lastScannedAt": scanned_at.map(seconds),
        })
    });
    Ok(json!({"coveredResources": covered.into_iter().collect::<Vec<_>>()}))
}

/// The one value that a filter asks for.
fn equals(filter: &Value) -> Result<&str, Refusal> {
    let value = filter[0]["value"].as_str().filter(|_| filter[0]["comparison"] == "EQUALS");
    value.ok_or_else(|| Refusal::new("ValidationException", "nothing here should list everything"))
}

fn finding(image: &StoredImage, known: &Known<'_>) -> Value {
    let since = seconds(known.since);
    let mut finding = json!({
        "findingArn": known.arn(), "awsAccountId": ACCOUNT, "type": "PACKAGE_VULNERABILITY",
        "description": format!("About {}.", known.finding.id), "severity": known.severity,
        "firstObservedAt": since, "lastObservedAt": since, "status": status(known.finding.status),
        "remediation": {"recommendation": {"text": "None Provided"}},
        "exploitAvailable": if known.finding.exploit_available { "YES" } else { "NO" },
        "fixAvailable": known.finding.fix_available(),
        "resources": [{"type": "AWS_ECR_CONTAINER_IMAGE", "id": image.arn()}],
    });
    if let Some(score) = known.finding.epss {
        finding["epss"] = json!({"score": score});
    }
    finding
}

/// Times on the wire are seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
fn seconds(at: jiff::Timestamp) -> f64 {
    at.as_second() as f64
}
