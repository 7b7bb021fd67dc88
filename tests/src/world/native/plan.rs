//! The stages of each strategy.

use jiff::SignedDuration;

use super::{START, Strategy};

/// One stage. A stage that recurs stands in the plan once for each step of the shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Such as `PRODUCTION_TRAFFIC_SHIFT`.
    pub name: &'static str,
    /// The share of the new revision from its beginning, in percent.
    pub percent: f64,
    /// How long it takes, whatever its hooks do.
    pub lasts: SignedDuration,
}

/// How long tasks are replaced for, one by one.
const ROLLING_TAKES: SignedDuration = SignedDuration::from_mins(5);

/// How long a roll-back takes after it has moved the traffic.
const ROLL_BACK_TAKES: SignedDuration = SignedDuration::from_mins(3);

/// The way forward.
#[must_use]
pub fn forward(strategy: Strategy, bake_minutes: u32) -> Vec<Stage> {
    let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
    let stage = |name, percent, lasts| Stage { name, percent, lasts };
    let none = SignedDuration::ZERO;
    if strategy == Strategy::Rolling {
        return vec![
            stage("PRE_SCALE_UP", 0.0, none),
            stage("SCALE_UP", 0.0, ROLLING_TAKES),
            stage("POST_SCALE_UP", 100.0, none),
            stage("BAKE_TIME", 100.0, minutes(bake_minutes)),
            stage("CLEAN_UP", 100.0, none),
        ];
    }
    let mut plan = vec![
        stage("PRE_SCALE_UP", 0.0, none),
        stage("SCALE_UP", 0.0, START),
        stage("POST_SCALE_UP", 0.0, none),
        stage("TEST_TRAFFIC_SHIFT", 0.0, none),
        stage("POST_TEST_TRAFFIC_SHIFT", 0.0, none),
    ];
    let mut before = 0.0;
    for (percent, bake) in shares(strategy) {
        plan.push(stage("PRE_PRODUCTION_TRAFFIC_SHIFT", before, none));
        plan.push(stage("PRODUCTION_TRAFFIC_SHIFT", percent, minutes(bake)));
        before = percent;
    }
    plan.extend([
        stage("POST_PRODUCTION_TRAFFIC_SHIFT", 100.0, none),
        stage("BAKE_TIME", 100.0, minutes(bake_minutes)),
        stage("CLEAN_UP", 100.0, none),
    ]);
    plan
}

/// The way back. There is no stage of its own for it: the shift's hooks are called again, if there was a shift.
#[must_use]
pub fn back(from_percent: f64) -> Vec<Stage> {
    let none = SignedDuration::ZERO;
    let shift = Stage { name: "PRODUCTION_TRAFFIC_SHIFT", percent: 0.0, lasts: none };
    let clean_up = Stage { name: "CLEAN_UP", percent: 0.0, lasts: ROLL_BACK_TAKES };
    if from_percent > 0.0 { vec![shift, clean_up] } else { vec![clean_up] }
}

/// Each step's share in percent, and the minutes that it bakes.
fn shares(strategy: Strategy) -> Vec<(f64, u32)> {
    match strategy {
        Strategy::Rolling | Strategy::BlueGreen => vec![(100.0, 0)],
        Strategy::Canary(percent, bake) => vec![(percent, bake), (100.0, 0)],
        Strategy::Linear(step, bake) => {
            let mut shares = Vec::new();
            let mut percent = step;
            while percent < 100.0 {
                shares.push((percent, bake));
                percent += step;
            }
            shares.push((100.0, 0));
            shares
        }
    }
}
