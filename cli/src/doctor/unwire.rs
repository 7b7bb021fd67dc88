//! Every hook that has to be taken away before the stack is deleted.

use serde::Serialize;
use serde_json::Value;
use tidegate_aws::operator::wirings::Wiring;

use super::check::Check;
use super::checks::hooks::looked_everywhere;
use super::facts::{Facts, function_name, id};

/// What is to be done before the stack is deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Unwiring {
    /// Who calls a function of the stack.
    pub hooks: Vec<Wired>,
    /// What could not be looked at, and may call one as well.
    pub unknown: Vec<Check>,
}

/// An ECS service, or an AppSpec, that calls functions of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wired {
    /// `cluster/service`, or the application and its deployment group.
    pub subject: String,
    /// `ecs` or `codedeploy`.
    pub deployed_by: &'static str,
    /// Which function is called, and when: `CodeDeployHook_tidegate-deploy-hook at PRE_SCALE_UP`.
    pub calls: Vec<String>,
    /// What is to be known beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The command that unwires it; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The edit that unwires it; absent where a command does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
}

/// What calls a function of the stack.
#[must_use]
pub fn unwire(facts: &Facts) -> Unwiring {
    let of_services = facts.services.all.iter().filter_map(|service| of_service(facts, service));
    let of_groups = facts.groups.all.iter().flat_map(|(group, specs)| {
        let subject = format!("{}/{}", group.application, group.name);
        specs.iter().filter_map(move |spec| {
            let hooks = spec.hooks.as_ref().ok()?.as_ref()?.as_ref().ok()?;
            let ours = hooks.iter().filter(|(_, function)| facts.called(function).is_some());
            let calls: Vec<String> =
                ours.map(|(event, function)| format!("{} at {event}", function_name(function))).collect();
            let edit = "take these lines out of the Hooks of its AppSpec, and deploy once: the AppSpec of its last \
                        successful deployment is the one that a roll-back uses";
            (!calls.is_empty()).then(|| Wired {
                subject: subject.clone(),
                deployed_by: "codedeploy",
                calls,
                note: Some(format!("{} ({})", spec.deployment, spec.what)),
                command: None,
                edit: Some(edit.to_owned()),
            })
        })
    });
    // Where it is not known which functions are the stack's, their usual names were looked for.
    let stack = facts.stack.as_ref().err().or(facts.resources.as_ref().err());
    let mut unknown: Vec<Check> =
        stack.map(|error| Check::unknown(super::check::Area::Stack, &facts.name, error)).into_iter().collect();
    unknown.extend(looked_everywhere(facts));
    Unwiring { hooks: of_services.chain(of_groups).collect(), unknown }
}

fn of_service(facts: &Facts, service: &Wiring) -> Option<Wired> {
    let ours = service.hooks.iter().filter(|hook| facts.called(&hook.target).is_some());
    let calls: Vec<String> = ours
        .flat_map(|hook| hook.stages.iter().map(|stage| format!("{} at {stage}", function_name(&hook.target))))
        .collect();
    if calls.is_empty() {
        return None;
    }
    let deploying = "a deployment of it is under way, and calls them to its end: wait for that as well";
    Some(Wired {
        subject: id(service),
        deployed_by: "ecs",
        calls,
        note: service.deploying.then(|| deploying.to_owned()),
        command: Some(command(facts, service)),
        edit: None,
    })
}

/// Gives the whole configuration back without our hooks: what is left out of it, ECS may set to its default.
fn command(facts: &Facts, service: &Wiring) -> String {
    let mut configuration = service.configuration.clone();
    if let Some(Value::Array(hooks)) = configuration.get_mut("lifecycleHooks") {
        hooks.retain(|hook| hook["hookTargetArn"].as_str().is_none_or(|target| facts.called(target).is_none()));
    }
    let quoted = configuration.to_string().replace('\'', r"'\''");
    format!(
        "aws ecs update-service --region {} --cluster {} --service {} --deployment-configuration '{quoted}'",
        facts.region, service.cluster, service.name
    )
}
