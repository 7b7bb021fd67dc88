//! Inspector: what ECR does not say of its findings.

use std::collections::BTreeMap;

use aws_sdk_inspector2::types::{
    CoverageFilterCriteria, CoverageStringComparison, CoverageStringFilter, CoveredResource, ExploitAvailable,
    FilterCriteria, Finding, FindingDetailsError, FindingDetailsErrorCode, StringComparison, StringFilter,
};
use aws_smithy_types::error::operation::BuildError;
use tidegate_core::scan::facts::Coverage;

use crate::convert::time;
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

impl Inspector for Aws {
    async fn risks(&self, digest: &str) -> Result<BTreeMap<String, Risk>, PortError> {
        const OPERATION: &str = "ListFindings";
        let is = StringFilter::builder().comparison(StringComparison::Equals).value(digest).build();
        let of_image = FilterCriteria::builder().ecr_image_hash(is.map_err(incomplete(OPERATION))?).build();
        let per_page = i32::try_from(FINDINGS_PER_PAGE).unwrap_or(i32::MAX);
        let (mut risks, mut next) = (BTreeMap::new(), None);
        for _ in 0..MOST_PAGES {
            let call = self.inspector.list_findings().filter_criteria(of_image.clone()).max_results(per_page);
            let answer = call.set_next_token(next).send().await.map_err(PortError::of(OPERATION))?;
            risks.extend(answer.findings.unwrap_or_default().into_iter().map(risk));
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() || risks.len() >= MOST_FINDINGS {
                return Ok(risks);
            }
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }

    async fn known_exploited(&self, finding_arns: &[String]) -> Result<Vec<String>, PortError> {
        const OPERATION: &str = "BatchGetFindingDetails";
        let mut exploited = Vec::new();
        for arns in finding_arns.chunks(DETAILS_PER_CALL) {
            let call = self.inspector.batch_get_finding_details().set_finding_arns(Some(arns.to_vec()));
            let answer = call.send().await.map_err(PortError::of(OPERATION))?;
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
        let is = CoverageStringFilter::builder().comparison(CoverageStringComparison::Equals).value(image_arn).build();
        let of_image = CoverageFilterCriteria::builder().resource_id(is.map_err(incomplete(OPERATION))?).build();
        let call = self.inspector.list_coverage().filter_criteria(of_image);
        let answer = call.send().await.map_err(PortError::of(OPERATION))?;
        Ok(answer.covered_resources.unwrap_or_default().into_iter().find_map(coverage))
    }
}

/// What the SDK says of a request that lacks a part.
fn incomplete(operation: &'static str) -> impl FnOnce(BuildError) -> PortError {
    move |error| PortError::new(operation, Kind::Refused, error.to_string())
}

fn risk(found: Finding) -> (String, Risk) {
    let exploit_available = match found.exploit_available {
        Some(ExploitAvailable::Yes) => Some(true),
        Some(ExploitAvailable::No) => Some(false),
        _ => None,
    };
    (found.finding_arn, Risk { epss: found.epss.map(|epss| epss.score), exploit_available })
}

/// None for a finding of which there are no details, so that nobody knows it to be exploited. Any other error leaves
/// that open.
fn failure(error: &FindingDetailsError) -> Option<(Kind, String)> {
    let kind = match error.error_code {
        FindingDetailsErrorCode::FindingDetailsNotFound => return None,
        FindingDetailsErrorCode::AccessDenied => Kind::Denied,
        FindingDetailsErrorCode::InternalError => Kind::Unavailable,
        _ => Kind::Refused,
    };
    Some((kind, format!("{}: {}: {}", error.finding_arn, error.error_code.as_str(), error.error_message)))
}

/// None where Inspector names the image and says nothing of its scan.
fn coverage(found: CoveredResource) -> Option<Coverage> {
    Some(Coverage {
        reason: found.scan_status?.reason.as_str().to_owned(),
        scanned_at: found.last_scanned_at.as_ref().and_then(time),
    })
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
