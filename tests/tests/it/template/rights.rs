//! What the roles allow.

use std::collections::BTreeSet;

use saphyr::Yaml;

use super::{named, resource, template, text, texts, untagged};
use crate::functions::Function;

/// The statements of a role, those that depend on a parameter too; each with the condition that it depends on.
pub(super) fn conditional<'a>(template: &'a Yaml<'static>, role: &str) -> Vec<(&'a Yaml<'static>, Option<String>)> {
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
        | "GetDeployment"
        | "BatchGetDeployments"
        | "GetApplicationRevision"
        | "ListDeploymentTargets"
        | "BatchGetDeploymentTargets"
        | "GetDeploymentGroup"
        | "StopDeployment"
        | "PutLifecycleEventHookExecutionStatus" => "codedeploy",
        "DescribeTargetGroups"
        | "DescribeTargetHealth"
        | "DescribeRules"
        | "DescribeListeners"
        | "DescribeLoadBalancers" => "elasticloadbalancing",
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
        "GetObject" => "s3",
        "DescribeLogGroups" => "logs",
        "Publish" => "sns",
        "SendMessageBatch" => return "sqs:SendMessage".to_owned(),
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
        // What Lambda itself does in the function's name, and what encryption and tracing need. An object is read by the
        // same call whether its version is named or not.
        let around = ["kms:", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:", "xray:", "s3:GetObjectVersion"];
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

/// The actions of a role that depend on a parameter, each with the condition.
fn depending(template: &Yaml<'static>, role: &str) -> BTreeSet<(String, String)> {
    let conditional = conditional(template, role).into_iter();
    let of = conditional.filter_map(|(statement, condition)| Some((texts(&statement["Action"]), condition?)));
    of.flat_map(|(actions, condition)| actions.into_iter().map(move |action| (action, condition.clone()))).collect()
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeSet<(String, String)> {
    pairs.map(|(action, condition)| (action.to_owned(), condition.to_owned())).into()
}

#[test]
fn what_the_scan_gate_is_not_switched_on_for_it_may_not_do() {
    let template = template();
    let expected = [
        ("ssm:GetParameter", "ScanGateHasPolicy"),
        ("ecs:StopServiceDeployment", "ScanGateStopsDeployments"),
        ("codedeploy:StopDeployment", "ScanGateStopsDeployments"),
        ("ecs:StopTask", "ScanGateStopsTasks"),
        ("ecs:DeregisterTaskDefinition", "ScanGateDeregisters"),
        ("ecr:UpdateImageStorageClass", "ScanGateArchives"),
    ];
    assert_eq!(depending(&template, "ScanGateRole"), owned(expected));
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
fn what_hooks_call_may_invoke_itself_and_no_hook_and_ecs_may_invoke_both() {
    let template = template();
    for function in [Function::CanaryGate, Function::DeployHook] {
        let itself = format!(":function:{}", named(&resource(&template, function.resource())["FunctionName"], "Sub"));
        let invoking = allowing(&template, function, "lambda:InvokeFunction");
        let [waiting, others @ ..] = invoking.as_slice() else { panic!("{function:?} does not wait") };
        assert!(named(&waiting["Resource"], "Sub").ends_with(&itself));
        let others: Vec<String> = others.iter().map(|statement| named(&statement["Resource"], "GetAtt")).collect();
        let expected = if function == Function::DeployHook { vec!["DeployHookProber.Arn"] } else { vec![] };
        assert_eq!(others, expected);
    }

    let trusted = &resource(&template, "EcsHookRole")["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trusted[0]["Principal"]["Service"].as_str(), Some("ecs.amazonaws.com"));
    let hooks = statements(&template, "EcsHookRole");
    assert_eq!((hooks.len(), texts(&hooks[0]["Action"])), (1, vec!["lambda:InvokeFunction".to_owned()]));
    let invoked = hooks[0]["Resource"].as_sequence().expect("a list").iter();
    let invoked: Vec<String> = invoked.map(|function| named(function, "GetAtt")).collect();
    assert_eq!(invoked, ["CanaryGate.Arn", "DeployHook.Arn"]);
}

#[test]
fn the_deploy_hook_reads_documents_where_parameters_say_that_they_are_and_nowhere_else() {
    let template = template();
    let expected = [
        ("s3:GetObject", "DeployHookReadsAppSpecs"),
        ("s3:GetObjectVersion", "DeployHookReadsAppSpecs"),
        ("ssm:GetParameter", "ScanGateHasPolicy"),
        ("lambda:InvokeFunction", "DeployHookHasProber"),
    ];
    assert_eq!(depending(&template, "DeployHookRole"), owned(expected));
    let objects = allowing(&template, Function::DeployHook, "s3:GetObject");
    let [objects] = objects.as_slice() else { panic!("one statement") };
    let list = Yaml::as_sequence(untagged(&objects["Resource"], "Split")).expect("a list");
    assert_eq!((list[0].as_str(), named(&list[1], "Ref").as_str()), (Some(","), "DeployHookAppSpecs"));
    let parameters = allowing(&template, Function::DeployHook, "ssm:GetParameter");
    // Both are names that may begin with a slash, of which the ARN has one only.
    let name = |statement: &Yaml<'static>| {
        let joined = untagged(&statement["Resource"], "Join");
        let split = untagged(&joined[1], "Split");
        assert_eq!((joined[0].as_str(), split[0].as_str()), (Some("/"), Some("//")));
        named(&split[1], "Sub").rsplit_once(":parameter/").expect("a parameter").1.to_owned()
    };
    let names: Vec<String> = parameters.into_iter().map(name).collect();
    assert_eq!(names, ["${ScanGatePolicy}", "${DeployHookSmokeParameters}"]);
}

#[test]
fn the_copy_in_the_vpc_may_do_nothing_at_all_in_aws() {
    let template = template();
    let statements = statements(&template, "DeployHookProberRole");
    let (denying, allowing): (Vec<_>, Vec<_>) =
        statements.into_iter().partition(|statement| statement["Effect"].as_str() == Some("Deny"));
    let actions = |statement: &Yaml<'static>| BTreeSet::from_iter(texts(&statement["Action"]));
    let [denying] = denying.as_slice() else { panic!("one statement denies") };
    let itself = format!(":function:{}", named(&resource(&template, "DeployHookProber")["FunctionName"], "Sub"));
    let condition = named(&denying["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"], "Sub");
    assert!(condition.ends_with(&itself), "{condition}");
    assert_eq!(text(&denying["Resource"]), "*");
    let mut allowed: BTreeSet<String> = allowing.into_iter().flat_map(actions).collect();
    // What is left are the lines that it prints and its traces.
    allowed.retain(|action| !actions(denying).contains(action));
    let left = ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    assert_eq!(allowed, left.map(str::to_owned).into());
}
