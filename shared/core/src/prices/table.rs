//! Fargate for Linux, in dollars. A price that nobody could be quoted for is absent, and is never guessed from another.
//!
//! - x86 on demand: the AWS Price List of `AmazonECS` published 2026-09-11.
//! - x86 Spot: the feed of the AWS pricing page, 2026-09-29. Spot prices float.
//! - Arm on demand: the AWS Price List as read between 2026-05 and 2026-10, region by region; Arm Spot: 2026-09-28.
//! - Storage beyond the included 20 GiB: the AWS Price List, where it was found.

use super::Rate;

/// The day that the table stands for.
pub const AS_OF: &str = "2026-09-11";

/// The prices of one region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) name: &'static str,
    pub(super) x86_on_demand: Option<Rate>,
    pub(super) x86_spot: Option<Rate>,
    pub(super) arm_on_demand: Option<Rate>,
    pub(super) arm_spot: Option<Rate>,
    pub(super) storage_gib_hour_usd: Option<f64>,
}

#[expect(clippy::unnecessary_wraps, reason = "stands beside the None of prices that are not known")]
const fn rate(vcpu_hour_usd: f64, gb_hour_usd: f64) -> Option<Rate> {
    Some(Rate { vcpu_hour_usd, gb_hour_usd })
}

/// On demand and Spot, for x86 and then for Arm.
const fn row(name: &'static str, rates: [Option<Rate>; 4], storage_gib_hour_usd: Option<f64>) -> Region {
    let [x86_on_demand, x86_spot, arm_on_demand, arm_spot] = rates;
    Region { name, x86_on_demand, x86_spot, arm_on_demand, arm_spot, storage_gib_hour_usd }
}

#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "prices as they are published")]
pub(super) const REGIONS: &[Region] = &[
    row("af-south-1", [rate(0.0546, 0.006), rate(0.01638, 0.0018), None, None], None),
    row("ap-east-1", [rate(0.0556, 0.0061), rate(0.01668, 0.00183), None, None], None),
    row("ap-northeast-1", [rate(0.05056, 0.00553), rate(0.01563522, 0.0017101), rate(0.04045, 0.00442), None], Some(0.000133)),
    row("ap-northeast-2", [rate(0.04656, 0.00511), rate(0.013968, 0.001533), rate(0.03725, 0.00409), None], Some(0.000127)),
    row("ap-south-1", [rate(0.04256, 0.004655), rate(0.01344511, 0.00147056), rate(0.02383, 0.00261), None], None),
    row("ap-southeast-1", [rate(0.05056, 0.00553), rate(0.01544659, 0.00168947), rate(0.04045, 0.00442), None], None),
    row("ap-southeast-2", [rate(0.04856, 0.00532), rate(0.01520795, 0.00166611), rate(0.03885, 0.00426), None], None),
    row("ca-central-1", [rate(0.04456, 0.004865), rate(0.013368, 0.0014595), rate(0.03565, 0.00389), None], None),
    row("eu-central-1", [rate(0.04656, 0.00511), rate(0.01441236, 0.00158177), rate(0.03725, 0.00409), None], None),
    row("eu-north-1", [rate(0.0445, 0.0049), rate(0.01342378, 0.00147812), rate(0.0356, 0.00392), None], None),
    row("eu-south-1", [rate(0.0486, 0.0053), rate(0.01458, 0.00159), None, None], None),
    row("eu-west-1", [rate(0.04048, 0.004445), rate(0.01225536, 0.00134573), rate(0.03238, 0.00356), rate(0.009_791_24, 0.001_076_49)], Some(0.000122)),
    row("eu-west-2", [rate(0.04656, 0.00511), rate(0.01468459, 0.00161165), rate(0.03725, 0.00409), None], Some(0.000129)),
    row("eu-west-3", [rate(0.0486, 0.0053), rate(0.01464299, 0.00159687), None, None], None),
    row("me-south-1", [rate(0.0526, 0.0058), rate(0.0162103, 0.00178745), None, None], None),
    row("sa-east-1", [rate(0.0696, 0.0076), rate(0.02199254, 0.00240148), rate(0.0557, 0.00612), None], None),
    row("us-east-1", [rate(0.04048, 0.004445), rate(0.01288561, 0.00141493), rate(0.03238, 0.00356), rate(0.010_309_69, 0.001_133_49)], Some(0.000111)),
    row("us-east-2", [rate(0.04048, 0.004445), rate(0.01539807, 0.00169082), rate(0.03238, 0.00356), None], Some(0.000111)),
    row("us-gov-east-1", [rate(0.0486, 0.0053), rate(0.01458, 0.00159), None, None], None),
    row("us-gov-west-1", [rate(0.0486, 0.0053), rate(0.01458, 0.00159), None, None], None),
    row("us-west-1", [rate(0.04656, 0.00511), rate(0.01437645, 0.00157783), rate(0.03725, 0.00409), None], None),
    row("us-west-2", [rate(0.04048, 0.004445), rate(0.01258905, 0.00138237), rate(0.03238, 0.00356), None], Some(0.000111)),
];
