//! What things cost, in dollars, from a dated table that settings can override.
//!
//! An unknown price is `None` all the way up: a sum that lacks a part is not a sum.

mod table;

use serde::{Deserialize, Serialize};

pub use table::AS_OF;

/// Hours in the month that AWS calculates with.
pub const HOURS_A_MONTH: f64 = 730.0;

/// Minutes in the month that AWS calculates with.
pub const MINUTES_A_MONTH: f64 = HOURS_A_MONTH * 60.0;

/// `GetMetricData`, for each metric asked for; up to five statistics of one metric in one request count once.
///
/// Source: <https://aws.amazon.com/cloudwatch/pricing/>
pub const METRIC_USD: f64 = 0.01 / 1000.0;

/// Lambda, for each invocation, in most regions.
///
/// Source: <https://aws.amazon.com/lambda/pricing/>
pub const LAMBDA_REQUEST_USD: f64 = 0.20 / 1e6;

/// What a unit of Fargate costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Dollars for a vCPU for an hour.
    pub vcpu_hour_usd: f64,
    /// Dollars for a GB of memory for an hour.
    pub gb_hour_usd: f64,
}

/// CPU architecture of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// Graviton.
    Arm64,
}

/// How Fargate capacity is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// At the list price.
    OnDemand,
    /// At the price of the day, and taken back with two minutes' notice.
    Spot,
}

/// The size of one task on Fargate for Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSize {
    /// 1024 are a vCPU.
    pub cpu_units: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Storage in GiB; 20 are included.
    pub storage_gib: u32,
    /// Architecture.
    pub architecture: Architecture,
}

impl TaskSize {
    /// The smallest that Fargate has.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>
    pub const SMALLEST: Self =
        Self { cpu_units: 256, memory_mib: 512, storage_gib: INCLUDED_GIB, architecture: Architecture::X86_64 };
}

/// Storage of a task that costs nothing, in GiB.
///
/// Source: <https://aws.amazon.com/fargate/pricing/>
const INCLUDED_GIB: u32 = 20;

/// What the tasks of a service run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Fargate, as the launch type or the only capacity provider.
    Fargate(Purchase),
    /// A capacity provider strategy over both of Fargate's providers.
    FargateMix(Mix),
    /// Instances, whose price is not in the task.
    Ec2,
    /// Something that this version does not know.
    Unknown,
}

impl Capacity {
    /// How one of its tasks is priced: a mix at the list price. None where the price is not in the task.
    #[must_use]
    pub fn purchase(self) -> Option<Purchase> {
        match self {
            Self::Fargate(purchase) => Some(purchase),
            Self::FargateMix(_) => Some(Purchase::OnDemand),
            Self::Ec2 | Self::Unknown => None,
        }
    }
}

/// The two Fargate providers of a capacity provider strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// Tasks that run on demand before any weight counts.
    pub on_demand_base: u32,
    /// Tasks that run on Spot before any weight counts.
    pub spot_base: u32,
    /// Share of the rest that runs on demand.
    pub on_demand_weight: u32,
    /// Share of the rest that runs on Spot.
    pub spot_weight: u32,
}

/// An amount that is known within bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsdRange {
    /// At least so many dollars.
    pub low: f64,
    /// At most so many dollars.
    pub high: f64,
}

/// A sum in dollars, rounded to whole cents.
#[must_use]
pub fn in_cents(usd: f64) -> f64 {
    (usd * 100.0).round() / 100.0
}

impl UsdRange {
    /// Both bounds rounded to whole cents.
    #[must_use]
    pub fn in_cents(self) -> Self {
        Self { low: in_cents(self.low), high: in_cents(self.high) }
    }

    /// Both bounds times a factor.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }
}

impl std::ops::Add for UsdRange {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }
}

/// The prices of one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    region: String,
    overrides: Vec<PriceOverride>,
}

/// A price that a setting puts in the table's place, as `eu-west-3/arm64/on_demand=0.0389/0.00424`.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceOverride {
    region: String,
    architecture: Architecture,
    purchase: Purchase,
    rate: Rate,
}

impl std::str::FromStr for PriceOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "must be region/x86_64 or arm64/on_demand or spot=dollars per vCPU-hour/dollars per GB-hour";
        let parse = || {
            let (what, rate) = text.split_once('=')?;
            let [region, architecture, purchase] = what.split('/').collect::<Vec<_>>().try_into().ok()?;
            let (vcpu, gb) = rate.split_once('/')?;
            Some(Self {
                region: Some(region.to_owned()).filter(|region| !region.is_empty())?,
                architecture: match architecture {
                    "x86_64" => Architecture::X86_64,
                    "arm64" => Architecture::Arm64,
                    _ => return None,
                },
                purchase: match purchase {
                    "on_demand" => Purchase::OnDemand,
                    "spot" => Purchase::Spot,
                    _ => return None,
                },
                rate: Rate { vcpu_hour_usd: crate::tags::positive(vcpu)?, gb_hour_usd: crate::tags::positive(gb)? },
            })
        };
        parse().ok_or_else(|| rule.to_owned())
    }
}

impl Prices {
    /// The table's prices for a region, and what settings put in their place.
    #[must_use]
    pub fn new(region: &str, overrides: Vec<PriceOverride>) -> Self {
        Self { region: region.to_owned(), overrides }
    }

    /// What one task costs for an hour, in dollars. None where a part of the price is not known.
    #[must_use]
    pub fn task_hour_usd(&self, size: &TaskSize, purchase: Purchase) -> Option<f64> {
        let rate = self.rate(size.architecture, purchase)?;
        let vcpu = f64::from(size.cpu_units) / 1024.0;
        let gb = f64::from(size.memory_mib) / 1024.0;
        let extra = size.storage_gib.saturating_sub(INCLUDED_GIB);
        let storage = if extra == 0 { 0.0 } else { self.row()?.storage_gib_hour_usd? * f64::from(extra) };
        Some(vcpu * rate.vcpu_hour_usd + gb * rate.gb_hour_usd + storage)
    }

    /// What so many tasks cost for a month, in dollars. How ECS rounds the weights of a strategy is not documented, so a
    /// mix is known within one task.
    #[must_use]
    pub fn month_usd(&self, tasks: u32, size: &TaskSize, capacity: Capacity) -> Option<UsdRange> {
        let month = |tasks: u32, purchase| {
            let hour = if tasks == 0 { 0.0 } else { self.task_hour_usd(size, purchase)? };
            Some(f64::from(tasks) * hour * HOURS_A_MONTH)
        };
        let exact = |usd: f64| UsdRange { low: usd, high: usd };
        match capacity {
            Capacity::Fargate(purchase) => month(tasks, purchase).map(exact),
            Capacity::FargateMix(mix) => {
                let (fewest, most) = mix.on_demand_of(tasks);
                let usd =
                    |on_demand| Some(month(on_demand, Purchase::OnDemand)? + month(tasks - on_demand, Purchase::Spot)?);
                Some(UsdRange { low: usd(fewest)?, high: usd(most)? })
            }
            Capacity::Ec2 | Capacity::Unknown => None,
        }
    }

    /// What a task of the smallest size costs for a month on demand, in dollars; where the region's price is not known,
    /// the lowest of the table.
    #[must_use]
    pub fn smallest_task_month_usd(&self) -> f64 {
        let here = self.task_hour_usd(&TaskSize::SMALLEST, Purchase::OnDemand);
        let cheapest = || {
            let hours = table::REGIONS.iter().filter_map(|region| {
                Self::new(region.name, Vec::new()).task_hour_usd(&TaskSize::SMALLEST, Purchase::OnDemand)
            });
            hours.fold(f64::INFINITY, f64::min)
        };
        here.unwrap_or_else(cheapest) * HOURS_A_MONTH
    }

    /// What a second of one GB of Lambda costs, in dollars.
    ///
    /// Source: <https://aws.amazon.com/lambda/pricing/>, as of 2025-10.
    #[must_use]
    pub fn lambda_gb_second_usd(&self, architecture: Architecture) -> f64 {
        let (x86, arm) = match self.region.as_str() {
            "af-south-1" => (0.000_022_1, 0.000_017_68),
            "ap-east-1" => (0.000_022_92, 0.000_018_3),
            "eu-south-1" => (0.000_019_517_2, 0.000_015_613_8),
            "me-south-1" | "me-central-1" => (0.000_020_666_7, 0.000_016_533_4),
            _ => (0.000_016_666_7, 0.000_013_333_4),
        };
        if architecture == Architecture::Arm64 { arm } else { x86 }
    }

    fn rate(&self, architecture: Architecture, purchase: Purchase) -> Option<Rate> {
        let ours = |price: &&PriceOverride| {
            price.region == self.region && price.architecture == architecture && price.purchase == purchase
        };
        if let Some(price) = self.overrides.iter().rfind(ours) {
            return Some(price.rate);
        }
        let row = self.row()?;
        match (architecture, purchase) {
            (Architecture::X86_64, Purchase::OnDemand) => row.x86_on_demand,
            (Architecture::X86_64, Purchase::Spot) => row.x86_spot,
            (Architecture::Arm64, Purchase::OnDemand) => row.arm_on_demand,
            (Architecture::Arm64, Purchase::Spot) => row.arm_spot,
        }
    }

    fn row(&self) -> Option<&'static table::Region> {
        table::REGIONS.iter().find(|row| row.name == self.region)
    }
}

impl Mix {
    /// The fewest and the most of so many tasks that run on demand.
    #[must_use]
    pub fn on_demand_of(self, tasks: u32) -> (u32, u32) {
        let on_demand = self.on_demand_base.min(tasks);
        let spot = self.spot_base.min(tasks - on_demand);
        let rest = u64::from(tasks - on_demand - spot);
        let weights = u64::from(self.on_demand_weight) + u64::from(self.spot_weight);
        let weighted = rest * u64::from(self.on_demand_weight);
        let share = |rounded: u64| on_demand + u32::try_from(rounded).unwrap_or(u32::MAX);
        let fewest = share(weighted.checked_div(weights).unwrap_or(0));
        (fewest, fewest + u32::from(weights > 0 && weighted % weights > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first example of AWS's own price page: a vCPU and 2 GB.
    const SIZE: TaskSize =
        TaskSize { cpu_units: 1024, memory_mib: 2048, storage_gib: 20, architecture: Architecture::X86_64 };

    fn near(usd: Option<f64>, expected: f64) -> bool {
        usd.is_some_and(|usd| (usd - expected).abs() < 1e-9)
    }

    #[test]
    fn a_task_costs_its_cpu_its_memory_and_its_extra_storage() {
        let prices = Prices::new("us-east-1", Vec::new());
        assert!(near(prices.task_hour_usd(&SIZE, Purchase::OnDemand), 0.04048 + 2.0 * 0.004_445));
        let stored = TaskSize { storage_gib: 30, ..SIZE };
        assert!(near(prices.task_hour_usd(&stored, Purchase::OnDemand), 0.04937 + 10.0 * 0.000_111));
        let arm = TaskSize { architecture: Architecture::Arm64, ..SIZE };
        assert!(prices.task_hour_usd(&arm, Purchase::OnDemand) < prices.task_hour_usd(&SIZE, Purchase::OnDemand));
        assert!(prices.task_hour_usd(&SIZE, Purchase::Spot) < prices.task_hour_usd(&SIZE, Purchase::OnDemand));
    }

    #[test]
    fn what_is_not_known_has_no_price() {
        let prices = Prices::new("mars-north-1", Vec::new());
        assert_eq!(prices.task_hour_usd(&SIZE, Purchase::OnDemand), None);
        let known = Prices::new("us-east-1", Vec::new());
        assert_eq!(known.month_usd(10, &SIZE, Capacity::Ec2), None);
        assert_eq!(known.month_usd(10, &SIZE, Capacity::Unknown), None);
        assert!(prices.smallest_task_month_usd() > 0.0, "the cheapest region's stands in");
    }

    #[test]
    fn a_price_of_the_users_own_takes_the_tables_place() {
        let own = "mars-north-1/x86_64/on_demand=1/0.5".parse::<PriceOverride>();
        let prices = Prices::new("mars-north-1", own.into_iter().collect());
        assert!(near(prices.task_hour_usd(&SIZE, Purchase::OnDemand), 2.0));
        assert_eq!(prices.task_hour_usd(&SIZE, Purchase::Spot), None);
        for wrong in
            ["", "a/x86_64/spot", "a/x86/spot=1/1", "a/x86_64/cheap=1/1", "a/x86_64/spot=0/1", "/x86_64/spot=1/1"]
        {
            assert!(wrong.parse::<PriceOverride>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mix_of_on_demand_and_spot_is_known_within_one_task() {
        let mix = Mix { on_demand_base: 2, spot_base: 0, on_demand_weight: 1, spot_weight: 3 };
        assert_eq!([1, 2, 6, 7, 10].map(|tasks| mix.on_demand_of(tasks)), [(1, 1), (2, 2), (3, 3), (3, 4), (4, 4)]);
        let prices = Prices::new("us-east-1", Vec::new());
        let exact = |usd: Option<UsdRange>| usd.is_some_and(|usd| (usd.high - usd.low).abs() < 1e-9);
        assert!(exact(prices.month_usd(10, &SIZE, Capacity::FargateMix(mix))));
        assert!(!exact(prices.month_usd(7, &SIZE, Capacity::FargateMix(mix))));
    }
}
