//! Who calls the functions when something is deployed: hooks that are wired, those that are not, and those that lead
//! nowhere.

use std::collections::BTreeSet;

use tidegate_aws::operator::groups::Group;
use tidegate_aws::operator::wirings::{LifecycleHook, Wiring};
use tidegate_core::hook::stage::Stage;
use tidegate_core::mode::Mode;
use tidegate_core::scaling::facts::Controller;

use super::super::check::{Area, Check};
use super::super::facts::{Facts, Hooks, Known, Spec, Which, function_name, id};
use super::services::modes;

const AREA: Area = Area::Hooks;

/// Hooks of ECS services and in each AppSpec, and services without one that should have it.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks: Vec<Check> =
        facts.groups.unread.iter().map(|(what, error)| Check::unknown(AREA, what, error)).collect();
    for service in &facts.services.all {
        for hook in &service.hooks {
            checks.extend(of_service(facts, service, hook));
        }
        if !service.hooks.is_empty() {
            checks.extend(wired(facts, service));
        }
        if service.controller == Controller::Ecs {
            let called = service.hooks.iter().filter_map(|hook| facts.called(&hook.target)).collect();
            checks.extend(unwired(service, &called, "DeployHookLifecycleHooks", "CanaryGateLifecycleHooks"));
        }
    }
    for (group, specs) in &facts.groups.all {
        checks.extend(of_group(facts, group, specs));
    }
    checks
}

fn of_service(facts: &Facts, service: &Wiring, hook: &LifecycleHook) -> Vec<Check> {
    let subject = id(service);
    let name = function_name(&hook.target);
    let mut checks: Vec<Check> = dangling(facts, &subject, name, "its next deployment stops").into_iter().collect();
    let Some(which) = facts.called(&hook.target).filter(|_| checks.is_empty()) else { return checks };
    let idle = hook.stages.iter().filter(|stage| Stage::of(stage) == Stage::Other);
    checks.extend(idle.map(|stage| {
        let what = format!("it calls {} at {stage}, where nothing is looked at", which.name());
        Check::warning(AREA, &subject, "idle_stage", what).to_do("take the stage out of its lifecycleHooks")
    }));
    let own = facts.physical("EcsHookRole");
    let role = hook.role.as_deref().and_then(|role| role.rsplit('/').next());
    if own.is_some() && own != role {
        let what = format!(
            "it calls {} with the role {}, which is not the stack's: whether that may is not known here",
            which.name(),
            role.unwrap_or("(none)")
        );
        let to_do = "use the role that the stack's output DeployHookLifecycleHooks names";
        checks.push(Check::warning(AREA, &subject, "other_role", what).to_do(to_do));
    }
    checks
}

/// A service that calls functions of the stack: which, and whether it is enrolled.
fn wired(facts: &Facts, service: &Wiring) -> Vec<Check> {
    let mut checks = Vec::new();
    for which in [Which::CanaryGate, Which::DeployHook] {
        let own = service.hooks.iter().filter(|hook| reaches(facts, &hook.target, which));
        let stages: Vec<&str> = own.flat_map(|hook| hook.stages.iter().map(String::as_str)).collect();
        if !stages.is_empty() {
            checks.push(called(service, &id(service), which, &stages.join(", ")));
        }
    }
    checks
}

fn called(service: &Wiring, subject: &str, which: Which, stages: &str) -> Check {
    if is_enrolled(service, which) {
        return Check::ok(AREA, subject, "hook_wired", format!("calls {} at {stages}", which.name()));
    }
    let tag = tag_of(which);
    let what = format!("it calls {} at {stages}, and is not enrolled: everything passes, with a warning", which.name());
    let to_do = format!("tag it tidegate:{tag}, as shadow first, or take the hook away");
    Check::warning(AREA, subject, "hook_not_enrolled", what).to_do(to_do)
}

fn of_group(facts: &Facts, group: &Group, specs: &[Spec]) -> Vec<Check> {
    let subject = format!("{}/{} (CodeDeploy)", group.application, group.name);
    let mut checks = Vec::new();
    let services: Vec<&Wiring> =
        facts.services.all.iter().filter(|service| group.services.contains(&id(service))).collect();
    for spec in specs {
        match &spec.hooks {
            Err(error) => checks.push(Check::unknown(AREA, format!("{subject}, {}", spec.deployment), error)),
            Ok(None) => {
                let what = format!("the AppSpec of {} ({}) is kept nowhere any more", spec.deployment, spec.what);
                checks.push(Check::warning(AREA, &subject, "app_spec_gone", what));
            }
            Ok(Some(Err(why))) => {
                checks.push(Check::warning(AREA, &subject, "app_spec_unreadable", format!("{}: {why}", spec.what)));
            }
            Ok(Some(Ok(hooks))) => {
                let names: BTreeSet<&str> = hooks.iter().map(|(_, function)| function_name(function)).collect();
                let when = format!("{} names it, and a deployment with that AppSpec fails", spec.what);
                checks.extend(names.into_iter().filter_map(|name| dangling(facts, &subject, name, &when)));
            }
        }
    }
    // Of the last one only: what an older one had is of no interest, but to a roll-back.
    let hooks = specs.first().and_then(|spec| spec.hooks.as_ref().ok()?.as_ref()?.as_ref().ok());
    let Some(hooks) = hooks else { return checks };
    let by_function: BTreeSet<Which> = hooks.iter().filter_map(|(_, function)| facts.called(function)).collect();
    for service in services {
        for which in &by_function {
            let own = hooks.iter().filter(|(_, function)| reaches(facts, function, *which));
            let events: Vec<&str> = own.map(|(event, _)| &**event).collect();
            if events.is_empty() {
                continue;
            }
            checks.push(called(service, &id(service), *which, &events.join(", ")));
        }
        checks.extend(unwired(service, &by_function, "DeployHookAppSpecHooks", "CanaryGateAppSpecHooks"));
    }
    checks
}

/// A hook that leads to a function that is not there, which stops whatever calls it.
fn dangling(facts: &Facts, subject: &str, name: &str, so: &str) -> Option<Check> {
    match facts.others.get(name) {
        Some(Ok(false)) => {
            let what = format!("its hook calls {name}, and there is no such function: {so}");
            let to_do = "take the hook away, or deploy the function again";
            Some(Check::fault(AREA, subject, "hook_leads_nowhere", what).to_do(to_do))
        }
        Some(Err(error)) => Some(Check::unknown(AREA, subject, error)),
        Some(Ok(true)) | None => None,
    }
}

/// Whether a hook calls this function of the stack, and the function is there.
fn reaches(facts: &Facts, target: &str, which: Which) -> bool {
    facts.called(target) == Some(which) && facts.others.get(function_name(target)) != Some(&Ok(false))
}

/// Enrolled, and nobody calls the function.
fn unwired(service: &Wiring, called: &BTreeSet<Which>, hook_output: &str, gate_output: &str) -> Vec<Check> {
    let subject = id(service);
    let mut checks = Vec::new();
    if is_enrolled(service, Which::DeployHook) && !called.contains(&Which::DeployHook) {
        let what = "tidegate:hook is set, and no deployment of it calls deploy-hook: nothing is looked at";
        let to_do = format!("paste the stack's output {hook_output}, and deploy");
        checks.push(Check::fault(AREA, &subject, "hook_missing", what).to_do(to_do));
    }
    if is_enrolled(service, Which::CanaryGate) && !called.contains(&Which::CanaryGate) {
        let what = "no deployment of it calls canary-gate, which stops a bad one all the same, by its schedule, but holds \
                    no step until there is evidence";
        let to_do = format!("paste the stack's output {gate_output}, and deploy");
        checks.push(Check::warning(AREA, &subject, "gate_by_schedule_only", what).to_do(to_do));
    }
    checks
}

fn tag_of(which: Which) -> &'static str {
    if which == Which::CanaryGate { "gate" } else { "hook" }
}

fn is_enrolled(service: &Wiring, which: Which) -> bool {
    let own: Option<Mode> =
        modes(&service.tags).into_iter().find(|(tag, _)| *tag == tag_of(which)).map(|(_, mode)| mode);
    own.is_some()
}

/// What could not be looked at although it could call the functions.
#[must_use]
pub fn looked_everywhere(facts: &Facts) -> Vec<Check> {
    let unread = facts.services.unread.iter().chain(&facts.groups.unread);
    let mut checks: Vec<Check> = unread.map(|(what, error)| Check::unknown(AREA, what, error)).collect();
    for (group, specs) in &facts.groups.all {
        let subject = format!("{}/{} (CodeDeploy)", group.application, group.name);
        for spec in specs {
            checks.extend(not_read(&spec.hooks).map(|why| Check {
                what: format!("the AppSpec of {} ({}) {why}", spec.deployment, spec.what),
                ..why_unknown(&subject, &spec.hooks)
            }));
        }
    }
    checks
}

fn not_read(hooks: &Known<Option<Hooks>>) -> Option<String> {
    match hooks {
        Err(error) => Some(format!("can't be read: {error}")),
        Ok(None) => Some("is kept nowhere any more".to_owned()),
        Ok(Some(Err(why))) => Some(format!("can't be understood: {why}")),
        Ok(Some(Ok(_))) => None,
    }
}

fn why_unknown(subject: &str, hooks: &Known<Option<Hooks>>) -> Check {
    match hooks {
        Err(error) => Check::unknown(AREA, subject, error),
        Ok(_) => Check {
            mark: super::super::check::Mark::Unknown,
            ..Check::ok(AREA, subject, "app_spec_unread", "").to_do("look at the AppSpec yourself")
        },
    }
}
