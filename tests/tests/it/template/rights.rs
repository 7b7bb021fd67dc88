//! What the roles allow.

use std::collections::BTreeSet;

use saphyr::Yaml;

use super::{named, resource, template, text, texts};
use crate::functions::Function;

/// The statements of a role.
fn statements<'a>(template: &'a Yaml<'static>, role: &str) -> &'a [Yaml<'static>] {
    let policies = &resource(template, role)["Policies"];
    policies[0]["PolicyDocument"]["Statement"].as_sequence().expect("a list")
}

/// The statements of a function's role that allow an action.
fn allowing<'a>(template: &'a Yaml<'static>, function: Function, action: &str) -> Vec<&'a Yaml<'static>> {
    let role = format!("{}Role", function.resource());
    let of_action = |statement: &&Yaml<'_>| texts(&statement["Action"]).iter().any(|allowed| allowed == action);
    statements(template, &role).iter().filter(of_action).collect()
}

/// The action that a call needs.
fn action(operation: &str) -> String {
    let service = match operation {
        "GetResources" => "tag",
        "DescribeServices"
        | "DescribeTaskDefinition"
        | "UpdateService"
        | "DescribeServiceDeployments"
        | "DescribeServiceRevisions"
        | "StopServiceDeployment" => "ecs",
        "ListDeployments"
        | "BatchGetDeployments"
        | "ListDeploymentTargets"
        | "BatchGetDeploymentTargets"
        | "GetDeploymentGroup"
        | "StopDeployment"
        | "PutLifecycleEventHookExecutionStatus" => "codedeploy",
        "DescribeTargetGroups" | "DescribeTargetHealth" | "DescribeRules" | "DescribeListeners" => {
            "elasticloadbalancing"
        }
        "GetMetricData" | "DescribeAlarms" => "cloudwatch",
        "DescribeScalableTargets" => "application-autoscaling",
        "Publish" => "sns",
        "Invoke" => return "lambda:InvokeFunction".to_owned(),
        other => panic!("{other} is a call that nobody here knows"),
    };
    format!("{service}:{operation}")
}

#[tokio::test(start_paused = true)]
async fn a_role_allows_the_calls_that_are_made_and_no_other() {
    let template = template();
    for function in Function::ALL {
        let mut called = BTreeSet::new();
        for world in function.worlds().await {
            called.extend(world.lock().calls.keys().map(|operation| action(operation)));
        }
        let role = format!("{}Role", function.resource());
        let mut allowed: BTreeSet<String> =
            statements(&template, &role).iter().flat_map(|statement| texts(&statement["Action"])).collect();
        // What Lambda itself does in the function's name, and what encryption and tracing need.
        let around = ["kms:", "logs:", "sqs:", "xray:"];
        allowed.retain(|action| !around.iter().any(|prefix| action.starts_with(prefix)));
        assert_eq!(allowed, called, "{function:?}");
    }
}

#[test]
fn only_a_service_that_is_switched_on_may_be_changed() {
    let template = template();
    for (function, action, tag) in [
        (Function::CostScaler, "ecs:UpdateService", "aws:ResourceTag/tidegate:scale"),
        (Function::CanaryGate, "ecs:StopServiceDeployment", "aws:ResourceTag/tidegate:gate"),
    ] {
        let statements = allowing(&template, function, action);
        let of_services: Vec<_> =
            statements.iter().filter(|statement| named(&statement["Resource"], "Sub").contains(":service/")).collect();
        assert_eq!(of_services.len(), 1, "{action}");
        assert_eq!(of_services[0]["Condition"]["StringEquals"][tag].as_str(), Some("on"));
    }
}

#[test]
fn where_clusters_are_named_only_their_deployments_may_be_stopped() {
    let template = template();
    let statements = allowing(&template, Function::CanaryGate, "ecs:StopServiceDeployment");
    let of_deployments: Vec<_> = statements
        .iter()
        .filter(|statement| named(&statement["Resource"], "Sub").contains(":service-deployment/"))
        .collect();
    assert_eq!((statements.len(), of_deployments.len()), (2, 1));
    let Yaml::Tagged(_, choice) = &of_deployments[0]["Condition"] else { panic!("the condition is an !If") };
    assert_eq!(text(&choice[0]), "CanaryGateNamesClusters");
    assert!(choice[1]["ArnLike"].as_mapping_get("ecs:cluster").is_some());
}

#[test]
fn the_gate_may_invoke_itself_only_and_so_may_ecs() {
    let template = template();
    let itself = format!(":function:{}", named(&resource(&template, "CanaryGate")["FunctionName"], "Sub"));
    let invoking = allowing(&template, Function::CanaryGate, "lambda:InvokeFunction");
    assert_eq!(invoking.len(), 1);
    assert!(named(&invoking[0]["Resource"], "Sub").ends_with(&itself));

    let trusted = &resource(&template, "EcsHookRole")["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trusted[0]["Principal"]["Service"].as_str(), Some("ecs.amazonaws.com"));
    let hooks = statements(&template, "EcsHookRole");
    assert_eq!((hooks.len(), texts(&hooks[0]["Action"])), (1, vec!["lambda:InvokeFunction".to_owned()]));
    assert_eq!(named(&hooks[0]["Resource"], "GetAtt"), "CanaryGate.Arn");
}
