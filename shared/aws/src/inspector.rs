//! Inspector: what ECR does not say of its findings.

use std::collections::BTreeMap;

use tidegate_core::scan::facts::Coverage;

use crate::error::PortError;

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

/// What Inspector says of a finding beyond ECR.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Risk {
    /// EPSS, from 0 to 1.
    pub epss: Option<f64>,
    /// Whether an exploit is to be had.
    pub exploit_available: Option<bool>,
}
