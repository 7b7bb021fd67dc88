//! Facts that fit into a log line: an image can have ten thousand findings, and a line of CloudWatch Logs has a megabyte.

use jiff::Timestamp;

use super::facts::Facts;
use super::judgement::Judgement;
use super::policy::Policy;
use super::weigh::{Scales, Weight};

/// Findings of each platform that are kept of those that block, and of those that are accepted.
const KEPT: usize = 50;

/// The facts with only such findings as the verdict rests on, and the judgement with only so many of them: judging what
/// is left by the same policy gives the same verdict for the same reason. Counts stay what they were.
pub fn condense(facts: &mut Facts, judgement: &mut Judgement, policy: &Policy, now: Timestamp) {
    // Each finding is weighed by itself: one of the same id, elsewhere or with a fix, may weigh nothing.
    let mut scales = Scales::new(policy, &facts.image.repository, now);
    for platform in &mut facts.platforms {
        let all = platform.scan.findings.len();
        // Without a finding the scan would look like one that has yet to settle.
        platform.scan.counted |= all > 0;
        let (mut blocking, mut accepted) = (0, 0);
        platform.scan.findings.retain(|finding| {
            let kept = match scales.weigh(finding) {
                Weight::Blocks { .. } => &mut blocking,
                Weight::Accepted { .. } => &mut accepted,
                Weight::None => return false,
            };
            *kept += 1;
            *kept <= KEPT
        });
        let left_out = all - platform.scan.findings.len();
        facts.findings_left_out += u64::try_from(left_out).unwrap_or(u64::MAX);
    }
    judgement.blocking.truncate(KEPT);
    judgement.accepted.truncate(KEPT);
}
