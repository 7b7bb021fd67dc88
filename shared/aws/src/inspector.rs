//! Inspector: what ECR does not say of its findings.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_core::scan::facts::Coverage;

use crate::bare::{Ask, Service};
use crate::convert::seconds;
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Inspector {
    /// `ListFindings` of one image, by its digest, all pages up to [`MOST_FINDINGS`]: what each says beyond ECR, by the
    /// finding's ARN.
    async fn risks(&self, digest: &str) -> Result<BTreeMap<String, Risk>, PortError>;

    /// `BatchGetFindingDetails`, in tens: of these findings, the ARNs of those that are known to be exploited.
    async fn known_exploited(&self, finding_arns: &[String]) -> Result<Vec<String>, PortError>;

    /// `ListCoverage` of one image, by its ARN. None where Inspector knows nothing of it.
    async fn coverage(&self, image_arn: &str) -> Result<Option<Coverage>, PortError>;
}

/// What is read of an image's findings.
pub const MOST_FINDINGS: usize = 50_000;

/// The API gives no more at once.
const FINDINGS_PER_PAGE: usize = 100;

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = MOST_FINDINGS / FINDINGS_PER_PAGE;

/// The API takes no more.
const DETAILS_PER_CALL: usize = 10;

/// What Inspector says of a finding beyond ECR.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Risk {
    /// EPSS, from 0 to 1.
    pub epss: Option<f64>,
    /// Whether an exploit is to be had.
    pub exploit_available: Option<bool>,
}

pub(crate) const SERVICE: Service = Service { id: "Inspector2", host: "inspector2", signed_for: "inspector2" };

impl Inspector for Aws {
    async fn risks(&self, digest: &str) -> Result<BTreeMap<String, Risk>, PortError> {
        const OPERATION: &str = "ListFindings";
        let mut question = json!({"filterCriteria": {"ecrImageHash": equals(digest)}, "maxResults": FINDINGS_PER_PAGE});
        let mut risks = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            let page: Findings = self.inspector.json(OPERATION, Ask::rest("/findings/list", &question)).await?;
            risks.extend(page.findings.unwrap_or_default().into_iter().map(risk));
            let next = page.next_token.filter(|token| !token.is_empty());
            let Some(next) = next.filter(|_| risks.len() < MOST_FINDINGS) else { return Ok(risks) };
            question["nextToken"] = next.into();
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn known_exploited(&self, finding_arns: &[String]) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "BatchGetFindingDetails";
        let mut exploited = Vec::new();
        for arns in finding_arns.chunks(DETAILS_PER_CALL) {
            let ask = Ask::rest("/findings/details/batch/get", &json!({"findingArns": arns}));
            let answer: Details = self.inspector.json(OPERATION, ask).await?;
            if let Some((kind, why)) = answer.errors.unwrap_or_default().iter().find_map(failure) {
                return Err(PortError::new(OPERATION, kind, why));
            }
            let details = answer.finding_details.unwrap_or_default().into_iter();
            exploited
                .extend(details.filter(|detail| detail.cisa_data.is_some()).filter_map(|detail| detail.finding_arn));
        }
        Ok(exploited)
    }

    async fn coverage(&self, image_arn: &str) -> Result<Option<Coverage>, PortError> {
        const OPERATION: &str = "ListCoverage";
        let question = json!({"filterCriteria": {"resourceId": equals(image_arn)}});
        let answer: Covered = self.inspector.json(OPERATION, Ask::rest("/coverage/list", &question)).await?;
        Ok(answer.covered_resources.unwrap_or_default().into_iter().find_map(coverage))
    }
}

/// The filter for one value.
fn equals(value: &str) -> Value {
    json!([{"comparison": "EQUALS", "value": value}])
}

/// What `ListFindings` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    findings: Option<Vec<Finding>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    #[serde(rename = "findingArn")]
    arn: String,
    epss: Option<Epss>,
    exploit_available: Option<String>,
}

#[derive(Deserialize)]
struct Epss {
    score: f64,
}

/// What `BatchGetFindingDetails` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    finding_details: Option<Vec<Detail>>,
    errors: Option<Vec<DetailsError>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    finding_arn: Option<String>,
    cisa_data: Option<Cisa>,
}

/// That there is any is all that counts.
#[derive(Deserialize)]
struct Cisa {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DetailsError {
    finding_arn: String,
    error_code: String,
    error_message: String,
}

/// What `ListCoverage` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Covered {
    covered_resources: Option<Vec<CoveredResource>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CoveredResource {
    scan_status: Option<CoveredScan>,
    /// Seconds since 1970.
    last_scanned_at: Option<f64>,
}

#[derive(Deserialize)]
struct CoveredScan {
    reason: String,
}

fn risk(found: Finding) -> (String, Risk) {
    let exploit_available = match found.exploit_available.as_deref() {
        Some("YES") => Some(true),
        Some("NO") => Some(false),
        _ => None,
    };
    (found.arn, Risk { epss: found.epss.map(|epss| epss.score), exploit_available })
}

/// None for a finding of which there are no details, so that nobody knows it to be exploited. Any other error leaves
/// that open.
fn failure(error: &DetailsError) -> Option<(Kind, String)> {
    let kind = match error.error_code.as_str() {
        "FINDING_DETAILS_NOT_FOUND" => return None,
        "ACCESS_DENIED" => Kind::Denied,
        "INTERNAL_ERROR" => Kind::Unavailable,
        _ => Kind::Refused,
    };
    Some((kind, format!("{}: {}: {}", error.finding_arn, error.error_code, error.error_message)))
}

/// None where Inspector names the image and says nothing of its scan.
fn coverage(found: CoveredResource) -> Option<Coverage> {
    Some(Coverage { reason: found.scan_status?.reason, scanned_at: found.last_scanned_at.and_then(seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const DIGEST: &str = "sha256:1f7b5e4b3c2d1a0f9e8d7c6b5a49382716f5e4d3c2b1a0f9e8d7c6b5a4938271";

    fn arn(number: usize) -> String {
        format!("arn:aws:inspector2:eu-west-1:111122223333:finding/{number}")
    }

    /// A finding with the members that the API always gives, and more.
    fn finding(number: usize, more: &str) -> String {
        format!(
            r#"{{"findingArn": "{}", "awsAccountId": "111122223333", "type": "PACKAGE_VULNERABILITY", "description": "",
                "severity": "HIGH", "firstObservedAt": 1767225600, "lastObservedAt": 1767225600, "status": "ACTIVE",
                "remediation": {{}}, "resources": []{more}}}"#,
            arn(number)
        )
    }

    #[tokio::test]
    async fn the_risks_of_an_image_are_asked_for_by_its_digest_page_by_page() {
        let likely = finding(1, r#", "epss": {"score": 0.42}, "exploitAvailable": "YES""#);
        let unlikely = finding(2, r#", "epss": {"score": 0.001}, "exploitAvailable": "NO""#);
        let first = format!(r#"{{"findings": [{likely}, {unlikely}], "nextToken": "more"}}"#);
        let second = format!(r#"{{"findings": [{}]}}"#, finding(3, ""));
        let (aws, canned) = Canned::aws([(200, &*first), (200, &*second)]).await;
        let risks = aws.risks(DIGEST).await.expect("risks");
        let told = [
            (arn(1), Risk { epss: Some(0.42), exploit_available: Some(true) }),
            (arn(2), Risk { epss: Some(0.001), exploit_available: Some(false) }),
            (arn(3), Risk::default()),
        ];
        assert_eq!(risks, BTreeMap::from(told));
        let asked = canned.asked();
        assert_eq!(asked.iter().map(|call| &*call.operation).collect::<Vec<_>>(), ["findings/list"; 2]);
        let filter = format!(r#""ecrImageHash":[{{"comparison":"EQUALS","value":"{DIGEST}"}}]"#);
        assert!(asked.iter().all(|call| call.body.contains(&filter)), "{asked:?}");
        assert!(asked[1].body.contains(r#""nextToken":"more""#), "{asked:?}");
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_an_error() {
        let looping = format!(r#"{{"findings": [{}], "nextToken": "again"}}"#, finding(1, ""));
        let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| (200, &*looping))).await;
        assert_eq!(aws.risks(DIGEST).await.map_err(|error| error.kind), Err(Kind::Garbled));
        assert_eq!(canned.asked().len(), MOST_PAGES);
    }

    #[tokio::test]
    async fn known_exploitation_is_asked_for_in_tens() {
        let first = format!(
            r#"{{"findingDetails": [{{"findingArn": "{}", "cisaData": {{"action": "update"}}}}, {{"findingArn": "{}"}}]}}"#,
            arn(3),
            arn(4)
        );
        let second = format!(r#"{{"findingDetails": [{{"findingArn": "{}", "cisaData": {{}}}}]}}"#, arn(11));
        let (aws, canned) = Canned::aws([(200, &*first), (200, &*second)]).await;
        let arns: Vec<String> = (0..12).map(arn).collect();
        assert_eq!(aws.known_exploited(&arns).await, Ok(vec![arn(3), arn(11)]));
        let asked = canned.asked();
        assert_eq!(asked.iter().map(|call| call.body.matches(":finding/").count()).collect::<Vec<_>>(), [10, 2]);
        assert_eq!(aws.known_exploited(&[]).await, Ok(Vec::new()));
        assert_eq!(canned.asked().len(), 2, "nobody asks about nothing");
    }

    #[tokio::test]
    async fn only_a_finding_without_details_is_not_known_to_be_exploited() {
        let error = |code: &str| {
            format!(r#"{{"errors": [{{"findingArn": "{}", "errorCode": "{code}", "errorMessage": "so"}}]}}"#, arn(1))
        };
        let (aws, _) = Canned::aws([(200, &*error("FINDING_DETAILS_NOT_FOUND"))]).await;
        assert_eq!(aws.known_exploited(&[arn(1)]).await, Ok(Vec::new()));
        for (code, kind) in [
            ("ACCESS_DENIED", Kind::Denied),
            ("INTERNAL_ERROR", Kind::Unavailable),
            ("INVALID_INPUT", Kind::Refused),
            ("SOMETHING_NEW", Kind::Refused),
        ] {
            let (aws, _) = Canned::aws([(200, &*error(code))]).await;
            let error = aws.known_exploited(&[arn(1)]).await.expect_err("an error");
            assert_eq!((error.kind, error.message), (kind, format!("{}: {code}: so", arn(1))));
        }
    }

    #[tokio::test]
    async fn coverage_is_that_of_the_image() {
        let image = format!("arn:aws:ecr:eu-west-1:111122223333:repository/shop/{DIGEST}");
        let covered = |scan: &str| {
            format!(
                r#"{{"coveredResources": [{{"resourceType": "AWS_ECR_CONTAINER_IMAGE", "resourceId": "{image}",
                    "accountId": "111122223333", "scanType": "PACKAGE"{scan}}}]}}"#
            )
        };
        let scanned =
            covered(r#", "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}, "lastScannedAt": 1767225600"#);
        let (aws, canned) = Canned::aws([(200, &*scanned), (200, &*covered("")), (200, "{}")]).await;
        let scanned_at = Some("2026-01-01T00:00:00Z".parse().expect("a time"));
        let expected = Coverage { reason: "SUCCESSFUL".to_owned(), scanned_at };
        assert_eq!(aws.coverage(&image).await, Ok(Some(expected)));
        assert_eq!(aws.coverage(&image).await, Ok(None), "it says nothing of a scan");
        assert_eq!(aws.coverage(&image).await, Ok(None), "it knows nothing of the image");
        let filter = format!(r#""resourceId":[{{"comparison":"EQUALS","value":"{image}"}}]"#);
        assert!(canned.asked().iter().all(|call| call.body.contains(&filter)), "{:?}", canned.asked());
    }

    #[tokio::test]
    async fn where_inspector_may_not_be_asked_the_action_is_named() {
        let denied =
            r#"{"__type": "AccessDeniedException", "message": "not authorized to perform: inspector2:ListCoverage"}"#;
        let (aws, _) = Canned::aws([(403, denied)]).await;
        let error = aws.coverage("arn:aws:ecr:eu-west-1:111122223333:repository/shop/x").await.expect_err("an error");
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.to_string().contains("perform: inspector2:ListCoverage"), "{error}");
    }
}
