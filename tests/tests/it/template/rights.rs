//! What the roles allow.

use std::collections::BTreeSet;

use saphyr::Yaml;

use super::{named, resource, template, text, texts};
use crate::functions::Function;

/// The statements of a role, those that depend on a parameter too; each with the condition that it depends on.
fn conditional<'a>(template: &'a Yaml<'static>, role: &str) -> Vec<(&'a Yaml<'static>, Option<String>)> {
    let policies = &resource(template, role)["Policies"];
    let listed = policies[0]["PolicyDocument"]["Statement"].as_sequence().expect("a list");
    let statement = |statement: &'a Yaml<'static>| match statement {
        Yaml::Tagged(tag, choice) if tag.suffix == "If" => {
            assert_eq!(named(&choice[2], "Ref"), "AWS::NoValue");
            (&choice[1], Some(text(&choice[0])))
        }
        plain => (plain, None),
    };
    listed.iter().map(statement).collect()
}

/// The statements of a role.
fn statements<'a>(template: &'a Yaml<'static>, role: &str) -> Vec<&'a Yaml<'static>> {
    conditional(template, role).into_iter().map(|(statement, _)| statement).collect()
}

/// The statements of a function's role that allow an action.
fn allowing<'a>(template: &'a Yaml<'static>, function: Function, action: &str) -> Vec<&'a Yaml<'static>> {
    let role = format!("{}Role", function.resource());
    let of_action = |statement: &&Yaml<'_>| texts(&statement["Action"]).iter().any(|allowed| allowed == action);
    statements(template, &role).into_iter().filter(of_action).collect()
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
        | "StopServiceDeployment"
        | "ListServiceDeployments"
        | "ListClusters"
        | "ListServices"
        | "ListTasks"
        | "DescribeTasks"
        | "StopTask"
        | "ListTaskDefinitions"
        | "DeregisterTaskDefinition" => "ecs",
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
        "DescribeImages"
        | "BatchGetImage"
        | "GetDownloadUrlForLayer"
        | "DescribeImageScanFindings"
        | "StartImageScan"
        | "UpdateImageStorageClass"
        | "GetRegistryScanningConfiguration" => "ecr",
        "ListFindings" | "BatchGetFindingDetails" | "ListCoverage" => "inspector2",
        "GetParameter" => "ssm",
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
        (Function::ScanGate, "ecs:StopServiceDeployment", "aws:ResourceTag/tidegate:scan"),
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
    for function in [Function::CanaryGate, Function::ScanGate] {
        let statements = allowing(&template, function, "ecs:StopServiceDeployment");
        let of_deployments: Vec<_> = statements
            .iter()
            .filter(|statement| named(&statement["Resource"], "Sub").contains(":service-deployment/"))
            .collect();
        assert_eq!((statements.len(), of_deployments.len()), (2, 1));
        let Yaml::Tagged(_, choice) = &of_deployments[0]["Condition"] else { panic!("the condition is an !If") };
        assert_eq!(text(&choice[0]), format!("{}NamesClusters", function.resource()));
        assert!(choice[1]["ArnLike"].as_mapping_get("ecs:cluster").is_some());
    }
}

#[test]
fn a_task_that_does_not_say_on_itself_or_is_elsewhere_may_not_be_stopped() {
    let template = template();
    let stopping = allowing(&template, Function::ScanGate, "ecs:StopTask");
    assert_eq!(stopping.len(), 1);
    assert!(named(&stopping[0]["Resource"], "Sub").ends_with(":task/*"));
    let condition = &stopping[0]["Condition"];
    // One without the tag may be enrolled by its task definition.
    assert_eq!(condition["StringEqualsIfExists"]["aws:ResourceTag/tidegate:scan"].as_str(), Some("on"));
    let Yaml::Tagged(_, choice) = &condition["ArnLike"] else { panic!("where it is depends on a parameter") };
    assert_eq!(text(&choice[0]), "ScanGateNamesClusters");
    assert!(choice[1].as_mapping_get("ecs:cluster").is_some());
}

#[test]
fn what_the_scan_gate_is_not_switched_on_for_it_may_not_do() {
    let template = template();
    let depend: BTreeSet<(String, String)> = conditional(&template, "ScanGateRole")
        .into_iter()
        .filter_map(|(statement, condition)| condition.map(|condition| (text(&statement["Action"]), condition)))
        .collect();
    let expected = [
        ("ssm:GetParameter", "ScanGateHasPolicy"),
        ("ecs:StopServiceDeployment", "ScanGateStopsDeployments"),
        ("codedeploy:StopDeployment", "ScanGateStopsDeployments"),
        ("ecs:StopTask", "ScanGateStopsTasks"),
        ("ecs:DeregisterTaskDefinition", "ScanGateDeregisters"),
        ("ecr:UpdateImageStorageClass", "ScanGateArchives"),
    ];
    assert_eq!(depend, expected.map(|(action, condition)| (action.to_owned(), condition.to_owned())).into());
    for (condition, parameter) in [
        ("ScanGateStopsDeployments", "ScanGateStopDeployments"),
        ("ScanGateStopsTasks", "ScanGateStopTasks"),
        ("ScanGateDeregisters", "ScanGateDeregister"),
        ("ScanGateArchives", "ScanGateArchive"),
    ] {
        let Yaml::Tagged(tag, equal) = &template["Conditions"][condition] else { panic!("{condition} compares") };
        assert_eq!((tag.suffix.as_str(), named(&equal[0], "Ref").as_str()), ("Equals", parameter));
        assert_eq!(equal[1].as_str(), Some("on"));
    }
}

#[test]
fn images_are_archived_in_this_region_and_account_only() {
    let template = template();
    let archiving = allowing(&template, Function::ScanGate, "ecr:UpdateImageStorageClass");
    let resource = named(&archiving[0]["Resource"], "Sub");
    assert!(resource.contains(":ecr:${AWS::Region}:${AWS::AccountId}:repository/"), "{resource}");
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
