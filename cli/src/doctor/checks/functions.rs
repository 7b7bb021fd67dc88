//! Whether the functions run as they should, and what wakes them.

use std::collections::BTreeMap;

use canary_gate::settings::Settings as CanarySettings;
use cost_scaler::settings::Settings as ScalerSettings;
use deploy_hook::settings::Settings as HookSettings;
use scan_gate::settings::Settings as ScanSettings;
use tidegate_aws::operator::deployed::Function;
use tidegate_core::mode::Mode;
use tidegate_lambda::settings::Common;

use super::super::check::{Area, Check};
use super::super::facts::{Deployed, Facts, Which};

const AREA: Area = Area::Functions;

/// An alarm wakes as many scalers as there are alarms at once; fewer would be throttled.
const FEWEST_SCALERS: u32 = 5;

/// What Lambda and EventBridge say of them.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    // Without a stack its functions are not there, and that is said once.
    if !matches!(facts.stack, Ok(Some(_))) {
        return Vec::new();
    }
    let mut checks: Vec<Check> = facts.functions.iter().flat_map(function).collect();
    for (rule, enabled) in &facts.rules {
        checks.push(match enabled {
            Err(error) => Check::unknown(AREA, rule, error),
            Ok(None) => Check::fault(AREA, rule, "rule_missing", "the rule is gone: it wakes nobody")
                .to_do("deploy the stack again; somebody has deleted it outside of CloudFormation"),
            Ok(Some(false)) => Check::warning(AREA, rule, "rule_disabled", "the rule is disabled: it wakes nobody")
                .to_do("set the stack's parameter for its schedule to ENABLED, where that is not on purpose"),
            Ok(Some(true)) => Check::ok(AREA, rule, "rule_enabled", "enabled"),
        });
    }
    checks
}

fn function(deployed: &Deployed) -> Vec<Check> {
    let subject = deployed.which.name();
    let found = match &deployed.found {
        Err(error) => return vec![Check::unknown(AREA, subject, error)],
        Ok(None) => {
            let what = format!("the function {} is not there", deployed.name);
            let to_do = "deploy the stack again; somebody has deleted it outside of CloudFormation";
            return vec![Check::fault(AREA, subject, "function_missing", what).to_do(to_do)];
        }
        Ok(Some(found)) => found,
    };
    let mut checks = state(subject, found);
    checks.extend(settings(deployed.which, found));
    if let Some(level) = found.log_level.as_deref().filter(|level| matches!(*level, "WARN" | "ERROR" | "FATAL")) {
        let what = format!("its log level is {level}, which drops records and metrics: those count as INFO");
        let to_do = "set its ApplicationLogLevel to INFO";
        checks.push(Check::fault(AREA, subject, "log_level", what).to_do(to_do));
    }
    checks.extend(concurrency(deployed));
    match &deployed.sources {
        Err(error) => checks.push(Check::unknown(AREA, subject, error)),
        Ok(sources) => checks.extend(sources.iter().filter(|one| one.state != "Enabled").map(|one| {
            let queue = one.arn.rsplit(':').next().unwrap_or(&one.arn);
            let why = one.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            let what = format!("the queue {queue} does not wake it: that is {}{why}", one.state);
            Check::fault(AREA, subject, "event_source_disabled", what).to_do("enable the event source mapping")
        })),
    }
    checks
}

fn state(subject: &str, found: &Function) -> Vec<Check> {
    let why = found.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let mut checks = Vec::new();
    if found.state == "Failed" {
        checks.push(
            Check::fault(AREA, subject, "function_failed", format!("it is Failed{why}"))
                .to_do("deploy the stack again"),
        );
    }
    match found.last_update.as_str() {
        "Failed" => {
            let what = format!("its last update failed{why}: it runs as it did before");
            checks.push(Check::fault(AREA, subject, "update_failed", what).to_do("deploy the stack again"));
        }
        "InProgress" => {
            let what = "it is being updated".to_owned();
            checks.push(Check::warning(AREA, subject, "update_in_progress", what).to_do("wait, and run this again"));
        }
        _ => {}
    }
    checks
}

/// The environment of a function, read as it reads it itself: its faults, or its mode.
fn settings(which: Which, found: &Function) -> Vec<Check> {
    let subject = which.name();
    let Some(variables) = &found.variables else {
        let what = "its environment can't be read: Lambda can't decrypt it, so it does not start either";
        let to_do = "look at the KMS key of the function";
        return vec![Check::fault(AREA, subject, "environment_unreadable", what).to_do(to_do)];
    };
    match common(which, variables) {
        Err(faults) => faults
            .into_iter()
            .map(|fault| {
                let what = format!("{fault}; it does not start");
                Check::fault(AREA, subject, "setting_fault", what).to_do("mend the stack's parameter")
            })
            .collect(),
        Ok(common) if common.mode == Mode::Off => {
            let what = "its mode is off: it decides nothing, whatever tags say";
            vec![Check::warning(AREA, subject, "function_off", what).to_do("set the stack's parameter for its mode")]
        }
        Ok(common) if common.mode == Mode::Shadow => {
            let what = "runs in shadow: it decides and tells, and changes nothing, whatever tags say";
            vec![Check::ok(AREA, subject, "function_shadow", what)]
        }
        Ok(_) => vec![Check::ok(AREA, subject, "function_on", "runs, and does what tags say")],
    }
}

/// What every function is told.
///
/// # Errors
/// Every variable that can't be used.
pub fn common(which: Which, variables: &BTreeMap<String, String>) -> Result<Common, Vec<String>> {
    let read = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let read = match which {
        Which::CostScaler => ScalerSettings::read(read).map(|settings| settings.common),
        Which::CanaryGate => CanarySettings::read(read).map(|settings| settings.common),
        Which::ScanGate => ScanSettings::read(read).map(|settings| settings.common),
        Which::DeployHook => HookSettings::read(read).map(|settings| settings.common),
    };
    read.map_err(|faults| faults.0.iter().map(ToString::to_string).collect())
}

fn concurrency(deployed: &Deployed) -> Option<Check> {
    let (which, subject) = (deployed.which, deployed.which.name());
    match deployed.reserved {
        Err(ref error) => Some(Check::unknown(AREA, subject, error)),
        Ok(Some(0)) => {
            let what = "its reserved concurrency is 0: it never runs, and every hook that calls it fails";
            Some(Check::fault(AREA, subject, "concurrency_none", what).to_do("set its reserved concurrency again"))
        }
        Ok(Some(most)) if which.is_hook() => {
            let what =
                format!("at most {most} of it run at once: a hook beyond that fails, and a good release goes back");
            Some(Check::warning(AREA, subject, "hook_capped", what).to_do("take its reserved concurrency away"))
        }
        Ok(Some(most)) if which == Which::CostScaler && most < FEWEST_SCALERS => {
            let what = format!("at most {most} of it run at once: alarms that come together are throttled away");
            let to_do = format!("set ScalerReservedConcurrency to {FEWEST_SCALERS} or more");
            Some(Check::warning(AREA, subject, "scaler_capped", what).to_do(to_do))
        }
        Ok(_) => None,
    }
}
