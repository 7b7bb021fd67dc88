//! The gate as a hook: its name, its time, and what users paste.

use serde_json::Value;
use tidegate_tests::release::FUNCTION;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::native::hooks::LifecycleHook;

use super::{STACK, named, resource, template};
use crate::canary::{by_code_deploy, by_ecs, good, group, service};
use crate::functions::Function;

/// An output of the stack that is JSON to be pasted.
fn pasted(output: &str) -> Value {
    let arn = |kind: &str| format!("arn:aws:{kind}");
    let text = named(&template()["Outputs"][output]["Value"], "Sub")
        .replace("${CanaryGate}", FUNCTION)
        .replace("${CanaryGate.Arn}", &arn(&format!("lambda:eu-west-1:123456789012:function:{FUNCTION}")))
        .replace("${EcsHookRole.Arn}", &arn("iam::123456789012:role/tidegate-EcsHookRole"));
    assert!(!text.contains("${"), "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{output} is no JSON: {error}"))
}

#[test]
fn the_name_is_one_that_codedeploy_s_managed_roles_may_invoke_and_fits() {
    let template = template();
    let name = named(&resource(&template, Function::CanaryGate.resource())["FunctionName"], "Sub");
    assert_eq!(name.replace("${AWS::StackName}", STACK), FUNCTION);
    assert!(name.starts_with("CodeDeployHook_"));
    // What the template says beside it.
    assert_eq!(64 - name.replace("${AWS::StackName}", "").len(), 37);
    let log_group = named(&resource(&template, "CanaryGateLogGroup")["LogGroupName"], "Sub");
    assert_eq!(log_group, format!("/aws/lambda/{name}"));
    assert!(include_str!("../../../../samconfig.toml").contains(&format!("stack_name = \"{STACK}\"")));
}

#[test]
fn nothing_caps_what_hooks_call_and_waiting_is_no_loop() {
    let template = template();
    let gate = resource(&template, "CanaryGate");
    assert!(!gate.contains_mapping_key("ReservedConcurrentExecutions"));
    assert_eq!((gate["Timeout"].as_integer(), gate["RecursiveLoop"].as_str()), (Some(900), Some("Allow")));
}

#[test]
fn what_was_not_answered_is_tried_within_the_hour_that_codedeploy_waits() {
    let template = template();
    let (gate, queue) = (resource(&template, "CanaryGate"), resource(&template, "CanaryGateFailures"));
    let visibility = queue["VisibilityTimeout"].as_integer().expect("seconds");
    let tries = queue["RedrivePolicy"]["maxReceiveCount"].as_integer().expect("a number");
    assert!(Some(visibility) >= gate["Timeout"].as_integer(), "Lambda refuses less");
    assert!(visibility * (tries - 1) < 3600);
    let door = resource(&template, "CanaryGateLastDoor");
    let failures = "CanaryGateFailures.Arn";
    assert_eq!(named(&door["EventSourceArn"], "GetAtt"), failures);
    assert_eq!(named(&gate["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"], "GetAtt"), failures);
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
