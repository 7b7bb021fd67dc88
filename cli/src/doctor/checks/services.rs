//! The tags of ECS services, read as the functions read them.

use std::collections::BTreeSet;

use canary_gate::settings::Settings as CanarySettings;
use cost_scaler::settings::Settings as ScalerSettings;
use deploy_hook::settings::Settings as HookSettings;
use tidegate_aws::operator::wirings::Wiring;
use tidegate_core::mode::Mode;
use tidegate_core::scaling::facts::{Controller, Scheduling};
use tidegate_core::tags::{PREFIX, TagFault, Tags};
use tidegate_core::{canary, hook, scaling, scan};

use super::super::check::{Area, Check};
use super::super::facts::{Facts, Which, id};
use super::super::gather::TAGS;
use super::functions::common;

const AREA: Area = Area::Services;

/// The defaults of this installation, or those of the code where they can't be read.
struct Defaults {
    scaling: scaling::Policy,
    canary: canary::Policy,
    hook: hook::Policy,
}

/// What their tags say, and what speaks against it.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let defaults = Defaults::of(facts);
    let unread = facts.services.unread.iter().map(|(what, error)| Check::unknown(AREA, what, error));
    let tagged = facts.services.all.iter().filter(|service| service.tags != Tags::default());
    let mut checks: Vec<Check> =
        unread.chain(tagged.flat_map(|service| of_service(facts, &defaults, service))).collect();
    checks.extend(facts.services.indexed.values().find_map(|known| {
        let error = known.as_ref().err()?;
        Some(Check::unknown(AREA, "enrolled services", error))
    }));
    let errors = [facts.services.scaled_elsewhere.as_ref().err(), facts.services.alarms.as_ref().err()];
    checks.extend(errors.into_iter().flatten().map(|error| Check::unknown(AREA, "enrolled services", error)));
    if checks.is_empty() {
        let what = "no service is enrolled";
        let to_do = "tag one with tidegate:scale, tidegate:gate, tidegate:scan or tidegate:hook, as shadow first";
        checks.push(Check::warning(AREA, "services", "nobody_enrolled", what).to_do(to_do));
    }
    checks
}

impl Defaults {
    fn of(facts: &Facts) -> Self {
        let read = |which: Which| {
            let function = facts.functions.iter().find(|one| one.which == which);
            let found = function.and_then(|one| one.found.as_ref().ok()?.as_ref());
            let variables = found.and_then(|found| found.variables.clone()).unwrap_or_default();
            move |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned()
        };
        Self {
            scaling: ScalerSettings::read(read(Which::CostScaler)).map(|own| own.defaults).unwrap_or_default(),
            canary: CanarySettings::read(read(Which::CanaryGate)).map(|own| own.defaults).unwrap_or_default(),
            hook: HookSettings::read(read(Which::DeployHook)).map(|own| own.defaults).unwrap_or_default(),
        }
    }
}

/// The function that a tag is for.
fn function_of(tag: &str) -> Which {
    match tag {
        "scale" => Which::CostScaler,
        "gate" => Which::CanaryGate,
        "scan" => Which::ScanGate,
        _ => Which::DeployHook,
    }
}

/// The modes that a service's tags ask for, by tag; those that are off are left out.
#[must_use]
pub fn modes(tags: &Tags) -> Vec<(&'static str, Mode)> {
    let mode = |tag: &'static str| tags.mode(tag).ok().filter(|mode| *mode != Mode::Off).map(|mode| (tag, mode));
    TAGS.into_iter().filter_map(mode).collect()
}

fn of_service(facts: &Facts, defaults: &Defaults, service: &Wiring) -> Vec<Check> {
    let subject = id(service);
    let mut checks: Vec<Check> = faults(facts, defaults, service)
        .into_iter()
        .map(|fault| {
            let what = format!("{fault}; the functions leave the service alone, and a hook of it fails");
            Check::fault(AREA, &subject, "tag_fault", what).to_do(format!("mend the tag {PREFIX}{}", fault.tag))
        })
        .collect();
    let modes = modes(&service.tags);
    if modes.is_empty() && checks.is_empty() {
        let off = TAGS.iter().any(|tag| service.tags.get(tag).is_some());
        if !off {
            let what = "it has tags of ours, and none of those that enrol a service: no function looks at it";
            let to_do = "add tidegate:scale, tidegate:gate, tidegate:scan or tidegate:hook, as shadow first";
            return vec![Check::warning(AREA, subject, "not_enrolled", what).to_do(to_do)];
        }
        return vec![Check::ok(AREA, subject, "off", "switched off")];
    }
    for (tag, mode) in &modes {
        checks.extend(function_says(facts, service, tag, *mode));
        checks.extend(not_indexed(facts, service, tag));
    }
    if modes.iter().any(|(tag, _)| *tag == scaling::enrolment::SCALE) {
        checks.extend(scaled(facts, service));
    }
    checks.extend(gated(service, &modes));
    checks.extend(alarms(facts, service));
    checks.extend(open_glass(facts, service));
    if !checks.iter().any(|check| check.code == "tag_fault") {
        let told: Vec<String> = modes.iter().map(|(tag, mode)| format!("{tag} {}", mode.as_str())).collect();
        checks.push(Check::ok(AREA, subject, "enrolled", told.join(", ")));
    }
    checks
}

/// Every tag that a function can't read, once.
fn faults(facts: &Facts, defaults: &Defaults, service: &Wiring) -> Vec<TagFault> {
    let (tags, none) = (&service.tags, Tags::default());
    let has = |tag: &str| tags.get(tag).is_some_and(|mode| mode != Mode::Off.as_str());
    let mut found: Vec<TagFault> = Vec::new();
    if has(scaling::enrolment::SCALE) {
        match scaling::enrolment::read(tags, &defaults.scaling) {
            Err(faults) => keep(&mut found, faults),
            Ok(read) if read.policy.mode == Mode::On => {
                let missing = [("min", read.policy.min), ("max", read.policy.max)];
                let missing = missing.into_iter().filter(|(_, bound)| bound.is_none());
                let rule = "must be there where tidegate:scale is on: without bounds it changes nothing";
                keep(&mut found, missing.map(|(tag, _)| tags.fault(tag, rule)).collect());
            }
            Ok(_) => {}
        }
    }
    if has(canary::enrolment::GATE) {
        keep(&mut found, canary::enrolment::read(tags, &none, &defaults.canary, facts.at).err().unwrap_or_default());
    }
    if has(scan::enrolment::SCAN) {
        keep(&mut found, scan::enrolment::read(tags, facts.at).err().unwrap_or_default());
    }
    if has(hook::enrolment::HOOK) {
        keep(&mut found, hook::enrolment::read(tags, &none, &defaults.hook, facts.at).err().unwrap_or_default());
    }
    // A tag with a slip of the pen, on a service that is enrolled nowhere, is one that somebody meant.
    if found.is_empty() {
        keep(&mut found, tags.unknown().collect());
    }
    found
}

/// Keeps each fault once: several functions may find the same one.
fn keep(found: &mut Vec<TagFault>, faults: Vec<TagFault>) {
    for fault in faults {
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
}

/// Whether the function goes as far as the tag says, and looks at this cluster at all.
fn function_says(facts: &Facts, service: &Wiring, tag: &str, mode: Mode) -> Option<Check> {
    let which = function_of(tag);
    let function = facts.functions.iter().find(|one| one.which == which)?;
    let variables = function.found.as_ref().ok()?.as_ref()?.variables.as_ref()?;
    let common = common(which, variables).ok()?;
    let subject = id(service);
    let name = which.name();
    if !common.clusters.include(&service.cluster) {
        let what = format!("{PREFIX}{tag} is {}, and {name} does not look at its cluster", mode.as_str());
        let to_do = "add the cluster to the stack's parameter";
        return Some(Check::warning(AREA, subject, "cluster_not_looked_at", what).to_do(to_do));
    }
    (common.mode < mode).then(|| {
        let what = format!("{PREFIX}{tag} is {}, and {name} itself runs as {}", mode.as_str(), common.mode.as_str());
        let to_do = format!("set the mode of {name} in the stack's parameters, where that is not on purpose");
        Check::warning(AREA, subject, "function_holds_back", what).to_do(to_do)
    })
}

/// The functions find services by an index, which lags behind.
fn not_indexed(facts: &Facts, service: &Wiring, tag: &str) -> Option<Check> {
    // The hook is called, and looks for nobody.
    let indexed = facts.services.indexed.get(tag).filter(|_| tag != hook::enrolment::HOOK)?.as_ref().ok()?;
    let subject = id(service);
    (!indexed.contains(&subject)).then(|| {
        let what = format!("the tagging index does not have its {PREFIX}{tag} yet: nobody finds it");
        let to_do = "wait some minutes; a service with an ARN of the old format is never found";
        Check::warning(AREA, subject, "not_indexed", what).to_do(to_do)
    })
}

fn scaled(facts: &Facts, service: &Wiring) -> Vec<Check> {
    let subject = id(service);
    let alone = |code, what: &str, to_do: &str| Check::warning(AREA, &subject, code, what).to_do(to_do);
    let mut checks = Vec::new();
    if facts.services.scaled_elsewhere.as_ref().is_ok_and(|owned| owned.contains(&subject)) {
        let what = "Application Auto Scaling owns its count, so that cost-scaler leaves it alone";
        checks.push(alone("scalable_target", what, "deregister the scalable target, or take tidegate:scale away"));
    }
    if service.scheduling != Scheduling::Replica {
        let what = "it is a DAEMON, whose count is that of the instances: cost-scaler leaves it alone";
        checks.push(alone("daemon", what, "take tidegate:scale away"));
    }
    if service.controller == Controller::External {
        let what = "its controller is EXTERNAL, which owns its count: cost-scaler leaves it alone";
        checks.push(alone("external", what, "take tidegate:scale away"));
    }
    if service.tags.get("requests").is_some_and(|value| value != "off") && !service.balanced {
        let what = "tidegate:requests has nothing to read: it has no target group";
        checks.push(alone("no_target_group", what, "take tidegate:requests away, or give it a target group"));
    }
    checks
}

/// Without a load balancer there are no requests to judge by.
fn gated(service: &Wiring, modes: &[(&str, Mode)]) -> Option<Check> {
    let gate = modes.iter().any(|(tag, _)| *tag == canary::enrolment::GATE);
    (gate && !service.balanced).then(|| {
        let what = "it has no target group, and so no request metrics: canary-gate goes by alarms alone";
        let to_do = "name alarms in tidegate:alarms, or give it a target group";
        Check::warning(AREA, id(service), "no_request_metrics", what).to_do(to_do)
    })
}

fn alarms(facts: &Facts, service: &Wiring) -> Vec<Check> {
    let Ok(there) = &facts.services.alarms else { return Vec::new() };
    let named: BTreeSet<&str> = service.tags.words("alarms").collect();
    let missing = named.into_iter().filter(|name| !there.contains(*name));
    missing
        .map(|name| {
            let what = format!("tidegate:alarms names {name}, and there is no such alarm: it never stops anything");
            Check::fault(AREA, id(service), "alarm_unknown", what).to_do("mend the name, or make the alarm")
        })
        .collect()
}

fn open_glass(facts: &Facts, service: &Wiring) -> Option<Check> {
    let text = service.tags.get("break-glass")?;
    let glass = tidegate_core::break_glass::BreakGlass::read(text, facts.at).ok()?;
    let (until, reason) = (glass.until, &glass.reason);
    Some(if glass.is_open(facts.at) {
        let what = format!("all its gates are open until {until}: {reason}");
        Check::warning(AREA, id(service), "break_glass", what).to_do("take tidegate:break-glass away when it is over")
    } else {
        Check::ok(AREA, id(service), "break_glass_over", format!("its gates were open until {until}: {reason}"))
    })
}
