//! The passes over the trace: every scaler on the same load, and the oracle.

use std::thread;

use anyhow::{Context, Result};
use serde::Serialize;
use tidegate_core::backtest::demand::Demand;
use tidegate_core::backtest::oracle::least_billed_s;
use tidegate_core::backtest::run::{Figures, Frame, run};
use tidegate_core::backtest::scaler::{Fixed, Hpa, Scaler, TargetTracking, Tidegate};
use tidegate_core::backtest::service::Shape;
use tidegate_core::backtest::sweep::{Comparison, Outcome, compare};
use tidegate_core::prices::{Architecture, Prices, Purchase, TaskSize};
use tidegate_core::scaling::enrolment::MOST_TASKS;
use tidegate_core::scaling::policy::Target;
use tidegate_core::scaling::{CPU, Policy};

use super::{Args, Load};

/// Targets of a sweep, in percent.
pub const SWEEP: [f64; 11] = [40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0];

/// Tasks that the 99th percentile of the load needs at target, where nothing else says what a task can do.
const TASKS_AT_P99: f64 = 20.0;

/// Everything that a simulation rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Setup {
    /// Target CPU utilisation in percent.
    pub target: f64,
    /// Fewest tasks.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
    /// What one task serves in a minute at 100 %.
    pub capacity: f64,
    /// Seconds from launch until a task serves.
    pub start_s: i64,
    /// Seconds after its end until a minute's metric can be read.
    pub metric_delay_s: i64,
    /// What a task costs for an hour, in dollars.
    pub task_hour_usd: f64,
    /// The region of the price.
    pub region: String,
    /// CPU units of a task.
    pub cpu_units: u32,
    /// Memory of a task in MiB.
    pub memory_mib: u32,
    /// Its architecture, and how it is bought.
    pub bought: String,
    /// Tasks that run when the trace begins.
    pub first: u32,
}

/// What one task serves at 100 %, where nothing says it.
fn capacity(demand: &Demand, target: f64) -> Result<f64> {
    let p99 = demand.quantile(0.99).unwrap_or(0.0);
    if p99 > 0.0 {
        return Ok(p99 / (TASKS_AT_P99 * target / 100.0));
    }
    let busiest = demand.known().fold(0.0, f64::max);
    anyhow::ensure!(busiest > 0.0, "the load is nothing but zero");
    anyhow::bail!(
        "99 % of the minutes have no load, so nothing tells what a task can serve: give --capacity (the busiest minute has {busiest})"
    )
}

fn bought(architecture: Architecture, purchase: Purchase) -> String {
    let architecture = if architecture == Architecture::Arm64 { "arm64" } else { "x86_64" };
    let purchase = if purchase == Purchase::Spot { "Spot" } else { "on demand" };
    format!("{architecture}, {purchase}")
}

impl Setup {
    /// What the arguments and the load say.
    ///
    /// # Errors
    /// Where the load is nothing, or the price is not known.
    pub fn new(args: &Args, load: &Load) -> Result<Self> {
        let capacity = match args.capacity.or(load.capacity) {
            Some(capacity) => capacity,
            None => capacity(&load.demand, args.target)?,
        };
        let of_load = load.task.as_ref();
        let size = TaskSize {
            cpu_units: args.cpu_units.or(of_load.map(|task| task.size.cpu_units)).unwrap_or(1024),
            memory_mib: args.memory_mib.or(of_load.map(|task| task.size.memory_mib)).unwrap_or(2048),
            storage_gib: of_load.map_or(0, |task| task.size.storage_gib),
            architecture: of_load.map_or(Architecture::X86_64, |task| task.size.architecture),
        };
        let purchase = of_load.map_or(Purchase::OnDemand, |task| task.purchase);
        let of_load = of_load.map(|task| task.region.clone());
        let region = args.region.clone().or(of_load).unwrap_or_else(|| "us-east-1".to_owned());
        let task_hour_usd = Prices::new(&region, Vec::new())
            .task_hour_usd(&size, purchase)
            .with_context(|| format!("the price of Fargate in {region:?} is not known"))?;
        let max = args.max.unwrap_or(MOST_TASKS);
        anyhow::ensure!(args.min <= max, "--min is {}, which is above --max {max}", args.min);
        let before = load.demand.known().next().unwrap_or(0.0) / capacity / (args.target / 100.0);
        Ok(Self {
            target: args.target,
            min: args.min,
            max,
            capacity,
            start_s: args.start,
            metric_delay_s: args.metric_delay,
            task_hour_usd,
            region,
            cpu_units: size.cpu_units,
            memory_mib: size.memory_mib,
            bought: bought(size.architecture, purchase),
            first: tasks(before).clamp(args.min, max),
        })
    }

    /// The simulated service.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape { capacity: self.capacity, start_s: self.start_s, metric_delay_s: self.metric_delay_s }
    }

    fn scaler(&self, kind: Kind, target: f64) -> Box<dyn Scaler> {
        match kind {
            Kind::Tidegate => {
                let targets = [(CPU.to_owned(), Target::Utilization(target))].into();
                let policy = Policy { min: Some(self.min), max: Some(self.max), targets, ..Policy::default() };
                Box::new(Tidegate::new(policy))
            }
            Kind::TargetTracking => Box::new(TargetTracking::new(target, self.min, self.max)),
            Kind::Hpa => Box::new(Hpa::new(target, self.min, self.max)),
        }
    }
}

/// The name of the pass with a fixed count.
pub const FIXED: &str = "fixed at peak";

/// Who sets the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// We do.
    Tidegate,
    /// AWS does.
    TargetTracking,
    /// Kubernetes does.
    Hpa,
}

impl Kind {
    /// In the order of tables.
    pub const ALL: [Self; 3] = [Self::Tidegate, Self::TargetTracking, Self::Hpa];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tidegate => "Tidegate",
            Self::TargetTracking => "target tracking",
            Self::Hpa => "HPA",
        }
    }
}

/// One scaler's pass.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Its name.
    pub name: &'static str,
    /// What it came to.
    pub figures: Figures,
    /// Minute by minute.
    pub frames: Vec<Frame>,
}

/// One scaler over many targets.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Who set the count.
    pub kind: Kind,
    /// One outcome per target.
    pub outcomes: Vec<Outcome>,
}

/// What it all came to.
#[derive(Clone, Debug)]
pub struct Results {
    /// Tidegate, target tracking, HPA and the fixed count, at the one target.
    pub passes: Vec<Pass>,
    /// The fixed count.
    pub fixed: u32,
    /// Task-seconds below which nobody comes who leaves nothing unmet.
    pub oracle_s: i64,
    /// The sweep; empty without one.
    pub curves: Vec<Curve>,
}

impl Results {
    /// Runs every pass; `tick` is called after each.
    pub fn of(demand: &Demand, setup: &Setup, sweep: bool, tick: impl Fn() + Sync) -> Self {
        let shape = setup.shape();
        let pass = |name, scaler: &mut dyn Scaler, first| {
            let mut frames = Vec::with_capacity(demand.minutes.len());
            let figures = run(demand, shape, scaler, first, |frame| frames.push(frame));
            tick();
            Pass { name, figures, frames }
        };
        let mut passes: Vec<Pass> =
            Kind::ALL.map(|kind| pass(kind.name(), setup.scaler(kind, setup.target).as_mut(), setup.first)).into();
        let peak = demand.known().fold(0.0, f64::max);
        let fixed = tasks(peak / setup.capacity / (setup.target / 100.0)).clamp(setup.min, setup.max);
        passes.push(pass(FIXED, &mut Fixed(fixed), fixed));
        let curve = &|kind: Kind| {
            let outcome = |target: f64| {
                let figures = run(demand, shape, setup.scaler(kind, target).as_mut(), setup.first, |_| {});
                tick();
                Outcome { target, figures }
            };
            Curve { kind, outcomes: SWEEP.map(outcome).into() }
        };
        let curves = thread::scope(|scope| {
            let kinds = Kind::ALL.into_iter().filter(|_| sweep);
            let threads: Vec<_> = kinds.map(|kind| scope.spawn(move || curve(kind))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        Self { passes, fixed, oracle_s: least_billed_s(demand, &shape, setup.min), curves }
    }

    /// How Tidegate's curve lies to the others'. Empty without a sweep.
    #[must_use]
    pub fn comparisons(&self) -> Vec<(&Curve, Comparison)> {
        let [ours, others @ ..] = self.curves.as_slice() else { return Vec::new() };
        others.iter().map(|other| (other, compare(&ours.outcomes, &other.outcomes))).collect()
    }
}

/// Whole tasks for so much work.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is clamped to the bounds")]
fn tasks(work: f64) -> u32 {
    work.ceil() as u32
}
