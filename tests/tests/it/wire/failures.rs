//! What is made of calls that fail, in the words of every service.

use std::time::Duration;

use tidegate_aws::Aws;
use tidegate_aws::app_specs::AppSpecs;
use tidegate_aws::calls::Counted;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::codedeploy::{CodeDeploy, Hook};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::functions::Functions;
use tidegate_aws::images::{By, Images, Repository, StorageClass};
use tidegate_aws::inspector::Inspector;
use tidegate_aws::listeners::Listeners;
use tidegate_aws::loadbalancing::LoadBalancing;
use tidegate_aws::logs::Logs;
use tidegate_aws::notifications::{Message, Notifications};
use tidegate_aws::parameters::Parameters;
use tidegate_aws::tagging::Tagging;
use tidegate_aws::tasks::Tasks;
use tidegate_tests::world::faults::{Fault, Times};

use super::world;

#[tokio::test]
async fn failures_keep_what_aws_said_and_are_classified() {
    let (world, _server, aws) = world().await;
    let cases = [
        (
            Fault::Denied,
            Kind::Denied,
            "UpdateService is not allowed: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/tidegate/tidegate \
             is not authorized to perform: ecs:UpdateService",
        ),
        (Fault::MalformedBody, Kind::Garbled, "UpdateService was answered with something unreadable"),
    ];
    for (fault, kind, said) in cases {
        world.lock().faults.add("UpdateService", fault, Times::First(1));
        let error = aws.update_desired_count("prod", "shop", 12).await.expect_err("it fails");
        assert_eq!(error.kind, kind);
        assert!(error.to_string().starts_with(said), "{error}");
    }
    let error = aws.update_desired_count("prod", "gone", 12).await.expect_err("it fails");
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn throttling_and_server_errors_are_retried_and_counted() {
    let (world, _server, aws) = world().await;
    for fault in [Fault::Throttle, Fault::ServerError] {
        let _before = aws.take_calls();
        world.lock().faults.add("DescribeServices", fault, Times::First(2));
        assert!(aws.describe_services("prod", &["shop".to_owned()]).await.is_ok());
        let calls = aws.take_calls();
        assert_eq!(calls.into_iter().collect::<Vec<_>>(), [("ECS.DescribeServices".to_owned(), 3)]);
    }
}

#[tokio::test]
async fn a_message_whose_first_answer_is_late_is_published_in_the_time_that_a_run_keeps_for_it() {
    let (world, _server, aws) = world().await;
    world.lock().faults.add("Publish", Fault::Hang, Times::First(1));
    let kept = Deadline::within(Duration::from_secs(2));
    let message = Message::new("subject", "body");
    assert_eq!(kept.bound("Publish", aws.publish("topic", &message)).await, Ok(()));
    assert_eq!((world.calls("Publish"), world.subjects()), (2, vec!["subject".to_owned()]));
}

/// One call of an operation, whatever comes of it.
async fn call(aws: &Aws, operation: &str) -> Result<(), PortError> {
    let one = ["one".to_owned()];
    match operation {
        "GetResources" => aws.get_resources("tidegate:scale", None).await.map(drop),
        "DescribeAlarms" => aws.describe_alarms(&one).await.map(drop),
        "Publish" => aws.publish("topic", &Message::new("subject", "body")).await,
        "ListDeployments" => aws.list_deployments_in_progress().await.map(drop),
        "BatchGetDeployments" => aws.batch_get_deployments(&one).await.map(drop),
        "ListDeploymentTargets" => aws.deployment_target("d-1").await.map(drop),
        "GetDeploymentGroup" => aws.deployment_group("application", "group").await.map(drop),
        "StopDeployment" => aws.stop_deployment("d-1").await.map(drop),
        "PutLifecycleEventHookExecutionStatus" => {
            let hook = Hook { deployment: "d-1".to_owned(), execution: "1".to_owned() };
            aws.answer_hook(&hook, true).await.map(drop)
        }
        "DescribeServiceDeployments" => aws.describe_service_deployments(&one).await.map(drop),
        "DescribeServiceRevisions" => aws.describe_service_revisions(&one).await.map(drop),
        "StopServiceDeployment" => aws.stop_service_deployment("one").await.map(drop),
        "DescribeTargetGroups" => aws.target_groups_by_name(&one).await.map(drop),
        "DescribeTargetHealth" => aws.target_health("one").await.map(drop),
        "DescribeRules" => aws.rule_weights("one").await.map(drop),
        "DescribeListeners" => aws.listener_weights("one").await.map(drop),
        "DescribeImages" => aws.describe_image(&repository(), &By::Tag("v1")).await.map(drop),
        "BatchGetImage" => aws.manifest(&repository(), "sha256:0").await.map(drop),
        "GetDownloadUrlForLayer" => aws.config(&repository(), "sha256:0").await.map(drop),
        "DescribeImageScanFindings" => aws.scan(&repository(), "sha256:0").await.map(drop),
        "StartImageScan" => aws.start_scan(&repository(), "sha256:0").await.map(drop),
        "UpdateImageStorageClass" => aws.set_storage(&repository(), "sha256:0", StorageClass::Archive).await,
        "GetRegistryScanningConfiguration" => aws.registry_scans().await.map(drop),
        "ListFindings" => aws.risks("sha256:0").await.map(drop),
        "BatchGetFindingDetails" => aws.known_exploited(&one).await.map(drop),
        "ListCoverage" => aws.coverage("arn").await.map(drop),
        "GetParameter" => aws.parameter("one").await.map(drop),
        "ListClusters" => aws.list_clusters().await.map(drop),
        "ListServices" => aws.list_services("prod").await.map(drop),
        "ListTasks" => aws.list_tasks("prod").await.map(drop),
        "DescribeTasks" => aws.describe_tasks("prod", &one).await.map(drop),
        "StopTask" => aws.stop_task("prod", "one", "why").await,
        "ListTaskDefinitions" => aws.list_task_definitions(None, 10).await.map(drop),
        "DescribeTaskDefinition" => aws.task_definition("one").await.map(drop),
        "DeregisterTaskDefinition" => aws.deregister_task_definition("one").await,
        "GetDeployment" => aws.app_spec("d-1").await.map(drop),
        "DescribeLogGroups" => aws.log_group_exists("one").await.map(drop),
        "DescribeLoadBalancers" => aws.load_balancer("one").await.map(drop),
        "ListServiceDeployments" => aws.successful_revisions("prod", "shop", 1).await.map(drop),
        "Invoke" => aws.invoke_later("function", "{}").await,
        other => panic!("{other} is not called here"),
    }
}

fn repository() -> Repository {
    let [account, region, name] = ["123456789012", "eu-west-1", "shop"].map(str::to_owned);
    Repository { account, region, name }
}

const ACTIONS: [&str; 40] = [
    "tag:GetResources",
    "cloudwatch:DescribeAlarms",
    "sns:Publish",
    "codedeploy:ListDeployments",
    "codedeploy:BatchGetDeployments",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:StopDeployment",
    "codedeploy:PutLifecycleEventHookExecutionStatus",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:StopServiceDeployment",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeListeners",
    "lambda:InvokeFunction",
    "ecr:DescribeImages",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:DescribeImageScanFindings",
    "ecr:StartImageScan",
    "ecr:UpdateImageStorageClass",
    "ecr:GetRegistryScanningConfiguration",
    "inspector2:ListFindings",
    "inspector2:BatchGetFindingDetails",
    "inspector2:ListCoverage",
    "ssm:GetParameter",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:StopTask",
    "ecs:ListTaskDefinitions",
    "ecs:DescribeTaskDefinition",
    "ecs:DeregisterTaskDefinition",
    "ecs:ListServiceDeployments",
    "codedeploy:GetDeployment",
    "logs:DescribeLogGroups",
    "elasticloadbalancing:DescribeLoadBalancers",
];

fn operation(action: &str) -> &str {
    let name = action.split(':').next_back().unwrap_or_default();
    if name == "InvokeFunction" { "Invoke" } else { name }
}

#[tokio::test]
async fn an_action_that_is_missing_in_the_policy_is_named() {
    let (world, _server, aws) = world().await;
    world.lock().faults.add("*", Fault::Denied, Times::Always);
    for action in ACTIONS {
        let error = call(&aws, operation(action)).await.expect_err(action);
        assert_eq!((error.operation, error.kind), (operation(action), Kind::Denied), "{error}");
        assert!(error.message.ends_with(&format!("is not authorized to perform: {action}")), "{error}");
    }
}

#[tokio::test]
async fn an_unreadable_answer_is_never_taken_for_one() {
    let (world, _server, aws) = world().await;
    world.lock().faults.add("*", Fault::MalformedBody, Times::Always);
    for action in ACTIONS {
        let error = call(&aws, operation(action)).await.expect_err(action);
        assert_eq!((error.operation, error.kind), (operation(action), Kind::Garbled), "{error}");
    }
}

#[tokio::test]
async fn every_protocol_says_in_its_own_way_that_a_call_should_be_made_again() {
    let (world, _server, aws) = world().await;
    for fault in [Fault::Throttle, Fault::ServerError] {
        for operation in ["ListDeployments", "DescribeAlarms", "Publish", "Invoke"] {
            let before = world.lock().calls.get(operation).copied().unwrap_or(0);
            world.lock().faults.add(operation, fault.clone(), Times::First(1));
            assert_eq!(call(&aws, operation).await, Ok(()), "{operation}");
            let again = if operation == "DescribeAlarms" { 3 } else { 2 };
            assert_eq!(world.lock().calls.get(operation), Some(&(before + again)), "{operation}");
        }
    }
}

#[tokio::test]
async fn a_function_is_invoked_later_by_its_name_or_its_arn() {
    let (world, _server, aws) = world().await;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:CodeDeployHook_tidegate";
    aws.invoke_later("CodeDeployHook_tidegate", r#"{"hop": 1}"#).await.unwrap();
    aws.invoke_later(arn, "{}").await.unwrap();
    let invoked = world.lock().invoked_later.clone();
    let expected = [("CodeDeployHook_tidegate", r#"{"hop": 1}"#), (arn, "{}")];
    assert_eq!(invoked, expected.map(|(function, payload)| (function.to_owned(), payload.to_owned())));
}
