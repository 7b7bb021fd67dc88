//! What the tags of a service, and the details of a hook, ask the canary gate for.
//!
//! A hook's details may carry the same names as the tags, prefix and all (`tidegate:max-ratio`); they win over the tags,
//! but for the mode, of which the least counts.

use jiff::Timestamp;

use crate::break_glass::BreakGlass;
use crate::mode::Mode;
use crate::tags::{TagFault, Tags, positive, seconds};

use super::policy::{OnInconclusive, OwnMetric, Policy, Slow};

/// The tag that enrols a service.
pub const GATE: &str = "gate";

/// CodeDeploy ends a hook after an hour, and the gate wants to answer before.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>
const LONGEST_BAKE_S: u32 = 50 * 60;

/// The policy of a deployment of a service with these tags, on top of a whole installation's defaults.
///
/// # Errors
/// Every tag and detail that can't be read.
pub fn read(tags: &Tags, details: &Tags, defaults: &Policy, now: Timestamp) -> Result<Policy, Vec<TagFault>> {
    let mut faults: Vec<TagFault> = tags.unknown().chain(details.unknown()).collect();
    let mut policy = defaults.clone();
    policy.mode = match tags.mode(GATE) {
        Ok(mode) => mode,
        Err(fault) => {
            faults.push(fault);
            Mode::Off
        }
    };
    if details.get(GATE).is_some() {
        match details.mode(GATE) {
            Ok(mode) => policy.mode = policy.mode.min(mode),
            Err(fault) => faults.push(fault),
        }
    }
    for source in [tags, details] {
        read_one(source, &mut policy, &mut faults, now);
    }
    if faults.is_empty() { Ok(policy) } else { Err(faults) }
}

fn read_one(tags: &Tags, policy: &mut Policy, faults: &mut Vec<TagFault>, now: Timestamp) {
    let mut number = |tag: &str, least: f64, most: f64, field: &mut f64| {
        let Some(text) = tags.get(tag) else { return };
        let fits = |number: &f64| (least..=most).contains(number);
        // Zero is no positive number, but some fields may be zero.
        let read = if text == "0" { Some(0.0) } else { positive(text) };
        match read.filter(fits) {
            Some(number) => *field = number,
            None => faults.push(tags.fault(tag, format!("must be a number from {least} to {most}"))),
        }
    };
    number("max-ratio", 1.0, 100.0, &mut policy.max_ratio);
    number("min-excess", 0.0, 100.0, &mut policy.min_excess_percent);
    number("max-error-rate", 0.001, 100.0, &mut policy.ceilings.error_percent);
    number("alpha", 0.000_001, 0.5, &mut policy.alpha);
    number("beta", 0.000_001, 0.5, &mut policy.beta);
    number("ok-rate", 0.0, 100.0, &mut policy.ok_rate_percent);
    let mut slow_ratio = policy.slow.map_or(SLOW_RATIO, |slow| slow.max_ratio);
    number("slow-ratio", 1.0, 100.0, &mut slow_ratio);

    let mut limit = |tag: &str, rule: &str, before: Option<f64>| match tags.get(tag) {
        None => before,
        Some("off") => None,
        Some(text) => positive(text).filter(|ms| *ms <= LONGEST_MS).or_else(|| {
            faults.push(tags.fault(tag, rule));
            before
        }),
    };
    let milliseconds = format!("must be milliseconds above 0 and at most {LONGEST_MS}, or off");
    let slow_ms = limit("slow-ms", &milliseconds, policy.slow.map(|slow| slow.ms));
    policy.slow = slow_ms.map(|ms| Slow { ms, max_ratio: slow_ratio });
    policy.ceilings.response_ms = limit("max-response-ms", &milliseconds, policy.ceilings.response_ms);

    let mut time = |tag: &str, most: u32, field: &mut u32| {
        let Some(text) = tags.get(tag) else { return };
        if let Some(seconds) = seconds(text).filter(|seconds| *seconds <= most) {
            *field = seconds;
        } else {
            let rule = format!("must be seconds or minutes such as 90s or 2m, at most {most} s");
            faults.push(tags.fault(tag, rule));
        }
    };
    time("warm-up", 3600, &mut policy.warm_up_s);
    time("patience", 24 * 3600, &mut policy.patience_s);
    time("bake", LONGEST_BAKE_S, &mut policy.bake_s);

    match tags.get("on-inconclusive") {
        None => {}
        Some("pass") => policy.on_inconclusive = OnInconclusive::Pass,
        Some("fail") => policy.on_inconclusive = OnInconclusive::Fail,
        Some("hold") => policy.on_inconclusive = OnInconclusive::Hold,
        Some(_) => faults.push(tags.fault("on-inconclusive", "must be pass, fail or hold")),
    }
    if tags.get("alarms").is_some() {
        policy.alarms = tags.words("alarms").map(str::to_owned).collect();
    }
    if let Some(text) = tags.get("gate-metric").filter(|text| *text != "off") {
        match text.split(" + ").map(own_metric).collect() {
            Some(metrics) => policy.metrics = metrics,
            None => faults.push(tags.fault("gate-metric", METRIC_RULE)),
        }
    }
    if let Some(text) = tags.get("break-glass") {
        match BreakGlass::read(text, now) {
            Ok(glass) => policy.break_glass = Some(glass),
            Err(rule) => faults.push(tags.fault("break-glass", rule)),
        }
    }
}

/// `tidegate:slow-ratio` without a tag.
const SLOW_RATIO: f64 = 2.0;

/// A request that takes longer than this has been given up by every load balancer.
const LONGEST_MS: f64 = 4_000_000.0;

const METRIC_RULE: &str = "must be Namespace/Name/Statistic/Dimension=value and the value that is too much: \
                           App/Failures/Sum/Service=shop 50; several with ` + ` between them";

fn own_metric(text: &str) -> Option<OwnMetric> {
    let (name, above) = text.trim().rsplit_once(' ')?;
    let above = if above == "0" { 0.0 } else { positive(above)? };
    let name = name.trim().to_owned();
    // The name has to be one that can be asked for.
    crate::metrics::MetricName::read(&name)?;
    Some(OwnMetric { name, above })
}
