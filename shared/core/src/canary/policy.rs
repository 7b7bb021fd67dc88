//! What the canary gate is asked to keep to.
//!
//! Every field has the default that the tags and the template have, so a saved case may say only what it is about.
//! Rates and shares are in percent, lengths of time in seconds.

use serde::{Deserialize, Serialize};

use crate::break_glass::BreakGlass;
use crate::mode::Mode;

/// The policy of one deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether a verdict is acted on.
    pub mode: Mode,
    /// A rate of up to this many times the baseline's is acceptable.
    pub max_ratio: f64,
    /// And the observed difference has to be at least so many percentage points.
    pub min_excess_percent: f64,
    /// What is too much where there is no baseline.
    pub ceilings: Ceilings,
    /// When a request is slow; `null` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Slow>,
    /// The canary's first seconds, which count for guards only.
    pub warm_up_s: u32,
    /// Chance of stopping a good release, over the whole deployment: from 0 to 1.
    pub alpha: f64,
    /// Chance of calling a bad release good early, at each step: from 0 to 1.
    pub beta: f64,
    /// A rate that is shown to be below this many percent is good whatever the baseline does.
    pub ok_rate_percent: f64,
    /// Seconds that one step waits for evidence.
    pub patience_s: u32,
    /// What then.
    pub on_inconclusive: OnInconclusive,
    /// Seconds that the new version has to serve all traffic before it is called good.
    pub bake_s: u32,
    /// Names of alarms that stop this service's deployments.
    pub alarms: Vec<String>,
    /// Metrics of the user's own.
    pub metrics: Vec<OwnMetric>,
    /// A minute is settled when it ended at least this many seconds ago.
    pub settle_s: u32,
    /// Opens the gate; `null` for closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::On,
            max_ratio: 1.5,
            min_excess_percent: 0.1,
            ceilings: Ceilings::default(),
            slow: None,
            warm_up_s: 120,
            alpha: 0.01,
            beta: 0.05,
            ok_rate_percent: 0.1,
            patience_s: 600,
            on_inconclusive: OnInconclusive::Pass,
            bake_s: 600,
            alarms: Vec::new(),
            metrics: Vec::new(),
            settle_s: 120,
            break_glass: None,
        }
    }
}

/// Fixed limits, for minutes without a concurrent baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceilings {
    /// Errors of any kind, in percent of the requests.
    pub error_percent: f64,
    /// Mean response time in milliseconds; `null` for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_ms: Option<f64>,
    /// Slow requests: this many times the old version's rate at the same hour of the day before.
    pub slow_times: f64,
    /// A limit says nothing about fewer requests than this.
    pub requests: u64,
    /// Settled minutes in a row that have to be above a limit.
    pub minutes: u32,
}

impl Default for Ceilings {
    fn default() -> Self {
        Self { error_percent: 5.0, response_ms: None, slow_times: 3.0, requests: 100, minutes: 2 }
    }
}

/// When a request is slow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Slower than this many milliseconds.
    pub ms: f64,
    /// A slow rate of up to this many times the baseline's is acceptable.
    pub max_ratio: f64,
}

/// What becomes of a step when its patience is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// It is taken, and said to have been taken without proof.
    Pass,
    /// The deployment fails.
    Fail,
    /// It waits on, until the hook is about to end: then it fails.
    Hold,
}

/// A CloudWatch metric of the user's own, with the value that is too much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnMetric {
    /// `Namespace/Name/Statistic/Dimension=value`, as the tag has it; its name in the facts.
    pub name: String,
    /// Above this, in the metric's unit, it fails.
    pub above: f64,
}
