//! The gate as a hook: its name, its time, and what users paste.

use saphyr::Yaml;
use serde_json::Value;
use tidegate_core::hook::Stage;
use tidegate_tests::hooking;
use tidegate_tests::release::FUNCTION;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::native::hooks::LifecycleHook;

use super::{STACK, named, resource, template};
use crate::canary::{by_code_deploy, by_ecs, good, group, service};
use crate::functions::Function;

/// The functions that hooks call.
const CALLED: [Function; 2] = [Function::CanaryGate, Function::DeployHook];

/// A function's name, in a stack that nobody named.
fn function_name(template: &Yaml<'static>, function: Function) -> String {
    let name = named(&resource(template, function.resource())["FunctionName"], "Sub");
    name.replace("${AWS::StackName}", STACK)
}

/// An output of the stack that is JSON to be pasted.
fn pasted(output: &str) -> Value {
    let template = template();
    let arn = |kind: &str| format!("arn:aws:{kind}");
    let mut text = named(&template["Outputs"][output]["Value"], "Sub")
        .replace("${EcsHookRole.Arn}", &arn("iam::123456789012:role/tidegate-EcsHookRole"));
    for function in CALLED {
        let (resource, name) = (function.resource(), function_name(&template, function));
        text = text.replace(&format!("${{{resource}}}"), &name);
        let arn = arn(&format!("lambda:eu-west-1:123456789012:function:{name}"));
        text = text.replace(&format!("${{{resource}.Arn}}"), &arn);
    }
    assert!(!text.contains("${"), "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{output} is no JSON: {error}"))
}

#[test]
fn the_names_are_such_as_codedeploy_s_managed_roles_may_invoke_and_fit() {
    let template = template();
    for function in CALLED {
        let name = named(&resource(&template, function.resource())["FunctionName"], "Sub");
        assert!(name.starts_with("CodeDeployHook_"));
        // What the template says beside it.
        assert_eq!(64 - name.replace("${AWS::StackName}", "").len(), 37);
        let log_group = named(&resource(&template, &format!("{}LogGroup", function.resource()))["LogGroupName"], "Sub");
        assert_eq!(log_group, format!("/aws/lambda/{name}"));
    }
    assert_eq!(CALLED.map(|function| function_name(&template, function)), [FUNCTION, hooking::FUNCTION]);
    let prober = named(&resource(&template, "DeployHookProber")["FunctionName"], "Sub");
    assert_eq!(prober.replace("${AWS::StackName}", STACK), hooking::PROBER);
    assert!(prober.replace("${AWS::StackName}", &"x".repeat(37)).len() <= 64);
    assert!(include_str!("../../../../samconfig.toml").contains(&format!("stack_name = \"{STACK}\"")));
}

#[test]
fn nothing_caps_what_hooks_call_and_waiting_is_no_loop() {
    let template = template();
    for function in CALLED {
        let function = resource(&template, function.resource());
        assert!(!function.contains_mapping_key("ReservedConcurrentExecutions"));
        assert_eq!((function["Timeout"].as_integer(), function["RecursiveLoop"].as_str()), (Some(900), Some("Allow")));
    }
}

#[test]
fn what_was_not_answered_is_tried_within_the_hour_that_codedeploy_waits() {
    let template = template();
    for name in CALLED.map(Function::resource) {
        let (function, queue) = (resource(&template, name), resource(&template, &format!("{name}Failures")));
        let visibility = queue["VisibilityTimeout"].as_integer().expect("seconds");
        let tries = queue["RedrivePolicy"]["maxReceiveCount"].as_integer().expect("a number");
        assert!(Some(visibility) >= function["Timeout"].as_integer(), "Lambda refuses less");
        assert!(visibility * (tries - 1) < 3600);
        let unanswered = named(&queue["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt");
        assert_eq!(unanswered, format!("{name}Unanswered.Arn"));
        let door = resource(&template, &format!("{name}LastDoor"));
        let failures = format!("{name}Failures.Arn");
        assert_eq!(
            (named(&door["EventSourceArn"], "GetAtt"), named(&door["FunctionName"], "Ref")),
            (failures.clone(), name.to_owned())
        );
        let destination = &function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"];
        assert_eq!(named(destination, "GetAtt"), failures);
    }
}

/// The stages of a pasted block, each with the function that is called, in their order.
pub(crate) fn stages(output: &str) -> Vec<(String, String)> {
    let output = pasted(output);
    let of_code_deploy = output["Hooks"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    let of_code_deploy =
        of_code_deploy.map(|(event, function)| (event.clone(), function.as_str().unwrap_or_default().to_owned()));
    let of_ecs = output["lifecycleHooks"].as_array().into_iter().flatten().flat_map(|hook| {
        assert_eq!(hook["roleArn"], "arn:aws:iam::123456789012:role/tidegate-EcsHookRole");
        let function = hook["hookTargetArn"].as_str().unwrap_or_default().to_owned();
        let stages = hook["lifecycleStages"].as_array().cloned().unwrap_or_default();
        stages.into_iter().map(move |stage| (stage.as_str().unwrap_or_default().to_owned(), function.clone()))
    });
    of_code_deploy.chain(of_ecs).collect()
}

#[test]
fn the_deploy_hook_is_pasted_at_every_stage_at_which_it_looks_at_something() {
    let of_code_deploy = stages("DeployHookAppSpecHooks");
    let of_ecs = stages("DeployHookLifecycleHooks");
    for stages in [&of_code_deploy, &of_ecs] {
        let words: Vec<Stage> = stages.iter().map(|(word, _)| Stage::of(word)).collect();
        assert_eq!(words, Stage::ALL);
    }
    let template = template();
    let (hook, gate) = (function_name(&template, Function::DeployHook), function_name(&template, Function::CanaryGate));
    let called: Vec<&str> = of_code_deploy.iter().map(|(_, function)| function.as_str()).collect();
    // CodeDeploy calls one function for an event. At the end that is the canary gate, which looks at more.
    assert_eq!(called, [hook.as_str(), &hook, &hook, &hook, &gate]);
    assert!(of_ecs.iter().all(|(_, function)| function.ends_with(&format!(":{hook}"))));
}

/// What somebody pasted hooks for, and the gate said to them.
fn nothing_was_pointless(records: &[String]) {
    assert!(!records.is_empty());
    assert!(!records.iter().any(|record| record.contains("other_stage")), "{records:?}");
}

#[tokio::test(start_paused = true)]
async fn hooks_pasted_into_an_app_spec_are_at_stages_that_the_gate_judges() {
    let output = pasted("CanaryGateAppSpecHooks");
    let mut group = group().canary(10, 5);
    for (event, function) in output["Hooks"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten() {
        group = group.hook(event, function.as_str().unwrap_or_default());
    }
    let release = by_code_deploy(service("on").tag("bake", "2m"), group);
    let id = release.deploy(good());
    release.run_for(40).await;
    assert_eq!(release.status(&id), "Succeeded");
    assert!(release.calls("PutLifecycleEventHookExecutionStatus") > 0);
    nothing_was_pointless(&release.records());
}

#[tokio::test(start_paused = true)]
async fn hooks_pasted_into_a_service_are_at_stages_that_the_gate_judges() {
    let output = pasted("CanaryGateLifecycleHooks");
    let mut configuration = DeploymentConfiguration::canary(10.0, 3);
    for hook in output["lifecycleHooks"].as_array().into_iter().flatten() {
        assert_eq!(hook["roleArn"], "arn:aws:iam::123456789012:role/tidegate-EcsHookRole");
        let stages: Vec<&str> =
            hook["lifecycleStages"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let function = hook["hookTargetArn"].as_str().unwrap_or_default();
        configuration = configuration.hook(LifecycleHook::new(function, &stages));
    }
    let release = by_ecs(service("on").tag("bake", "2m"), configuration);
    let id = release.deploy(good());
    release.run_for(90).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let passed = release.full_records().iter().filter(|record| record["action"] == "let_pass").count();
    assert_eq!(passed, 3, "before each of two steps, and after the last");
    nothing_was_pointless(&release.records());
}
