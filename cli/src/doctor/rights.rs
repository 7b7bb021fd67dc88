//! What an operator has to be allowed for `tidegate doctor` and `tidegate status`: reads only.

/// Every call that is made, with the IAM action that it takes; docs/doctor.md has them as a policy to paste.
pub const RIGHTS: &[(&str, &str)] = &[
    ("BatchGetDeploymentGroups", "codedeploy:BatchGetDeploymentGroups"),
    ("DescribeAlarms", "cloudwatch:DescribeAlarms"),
    ("DescribeRule", "events:DescribeRule"),
    ("DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
    ("DescribeServices", "ecs:DescribeServices"),
    ("DescribeStacks", "cloudformation:DescribeStacks"),
    ("FilterLogEvents", "logs:FilterLogEvents"),
    ("GetApplicationRevision", "codedeploy:GetApplicationRevision"),
    ("GetDeployment", "codedeploy:GetDeployment"),
    ("GetFunctionConcurrency", "lambda:GetFunctionConcurrency"),
    ("GetFunctionConfiguration", "lambda:GetFunctionConfiguration"),
    ("GetObject", "s3:GetObject"),
    ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ("GetResources", "tag:GetResources"),
    ("ListApplications", "codedeploy:ListApplications"),
    ("ListClusters", "ecs:ListClusters"),
    ("ListDeploymentGroups", "codedeploy:ListDeploymentGroups"),
    ("ListEventSourceMappings", "lambda:ListEventSourceMappings"),
    ("ListServices", "ecs:ListServices"),
    ("ListStackResources", "cloudformation:ListStackResources"),
    ("ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic"),
];

/// The action that a call takes.
#[must_use]
pub fn action(operation: &str) -> Option<&'static str> {
    RIGHTS.iter().find(|(own, _)| *own == operation).map(|(_, action)| *action)
}
