//! Every statement of every role, as docs/roles.md lists it, and how wide it is.
//!
//! `UPDATE_EXPECT=1` writes the list anew.

use std::collections::BTreeSet;
use std::fmt::Write;

use expect_test::expect_file;
use saphyr::Yaml;

use super::rights::conditional;
use super::{TEMPLATE, named, of_kind, template, text, texts, untagged};

const SECURITY: &str = include_str!("../../../../docs/security.md");

/// What stands above the list.
const HEAD: &str = "\
# Every statement of every role

What [template.yaml](../template.yaml) allows, in the template's own words. A test writes this page, and fails where it is not
what the template says; others hold the statements to the calls that the functions make, and to this region and account.
[security.md](security.md) says what that comes to.
";

/// The calls for which AWS knows no resources, or none that would help: they are allowed on everything.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
const ON_EVERYTHING: &[&str] = &[
    "application-autoscaling:DescribeScalableTargets",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "codedeploy:BatchGetDeploymentTargets",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:PutLifecycleEventHookExecutionStatus",
    "codedeploy:StopDeployment",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetRegistryScanningConfiguration",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "inspector2:BatchGetFindingDetails",
    "inspector2:ListCoverage",
    "inspector2:ListFindings",
    "tag:GetResources",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// One statement of a role.
struct Statement {
    sid: String,
    deny: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    only_where: Vec<String>,
}

/// The roles of the stack, each with its statements.
fn roles(template: &Yaml<'static>) -> Vec<(String, Vec<Statement>)> {
    let statement = |(statement, parameter): (&Yaml<'static>, Option<String>)| Statement {
        sid: text(&statement["Sid"]),
        deny: statement["Effect"].as_str() == Some("Deny"),
        actions: texts(&statement["Action"]),
        resources: resources(&statement["Resource"]),
        only_where: parameter
            .into_iter()
            .map(|parameter| format!("the condition `{parameter}` holds"))
            .chain(statement.as_mapping_get("Condition").into_iter().flat_map(conditions))
            .collect(),
    };
    let roles = of_kind(template, "AWS::IAM::Role").into_iter();
    let roles = roles.map(|(role, _)| {
        let statements = conditional(template, &role).into_iter().map(statement).collect();
        (role, statements)
    });
    roles.collect()
}

/// What a statement is about: ARNs without what all share, and names of the stack's resources.
fn resources(resource: &Yaml<'_>) -> Vec<String> {
    if let Some(list) = resource.as_sequence() {
        return list.iter().flat_map(resources).collect();
    }
    let Yaml::Tagged(tag, inner) = resource else { return vec![text(resource)] };
    let told = match tag.suffix.as_str() {
        "Ref" => text(inner),
        "GetAtt" => text(inner).trim_end_matches(".Arn").to_owned(),
        "Sub" => text(inner).replace("arn:${AWS::Partition}:", "").replace(":${AWS::Region}:${AWS::AccountId}:", " "),
        // Names of parameters that may begin with a slash.
        "Join" => return resources(&untagged(&inner[1], "Split")[1]),
        "Split" => named(&inner[1], "Ref"),
        other => panic!("!{other} is a form that nobody here knows"),
    };
    vec![told]
}

/// What has to hold besides.
fn conditions(condition: &Yaml<'_>) -> Vec<String> {
    if let Yaml::Tagged(tag, choice) = condition {
        assert_eq!(tag.suffix, "If");
        return conditions(&choice[1]).into_iter().map(|told| format!("{told}, if `{}`", text(&choice[0]))).collect();
    }
    let mut told = Vec::new();
    for (operator, keys) in condition.as_mapping().expect("a mapping") {
        let optional = if text(operator).ends_with("IfExists") { ", where there is one" } else { "" };
        let (keys, parameter) = match keys {
            Yaml::Tagged(_, choice) => (&choice[1], format!(", if `{}`", text(&choice[0]))),
            plain => (plain, String::new()),
        };
        for (key, value) in keys.as_mapping().expect("a mapping") {
            let value = match value {
                Yaml::Tagged(tag, _) if tag.suffix == "Sub" => format!("`{}`", resources(value).join(", ")),
                Yaml::Tagged(..) => "one of those that are named".to_owned(),
                plain => format!("`{}`", text(plain)),
            };
            told.push(format!("`{}` is {value}{optional}{parameter}", text(key)));
        }
    }
    told
}

/// The reason that the template gives: the comment above a statement.
fn reason(role: &str, sid: &str) -> String {
    let block = TEMPLATE.split(&format!("\n  {role}:\n")).nth(1).expect("the role is there");
    let (above, _) = block.split_once(&format!("Sid: {sid}\n")).expect("the statement is there");
    // Between the two there may be what makes the statement depend on a parameter: `- !If` and the condition.
    let lines = above.lines().rev().map(str::trim).skip_while(|line| line.starts_with('-'));
    let comment: Vec<&str> = lines.map_while(|line| line.strip_prefix("# ")).collect();
    assert!(!comment.is_empty(), "{role} {sid} has no reason");
    comment.into_iter().rev().collect::<Vec<_>>().join(" ")
}

/// The roles whose one statement says itself what it is for.
const PLAIN: &str = "EcsHookRole";

fn listed() -> String {
    let mut list = HEAD.to_owned();
    for (role, statements) in roles(&template()) {
        write!(list, "\n### `{role}`\n\n| statement | calls | on | why |\n|---|---|---|---|\n").expect("a text");
        for Statement { sid, deny, actions, resources, only_where } in statements {
            let why =
                if role == PLAIN { "Calls the two functions that are hooks.".to_owned() } else { reason(&role, &sid) };
            let deny = if deny { "**denied** " } else { "" };
            let code = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let on = if resources == ["*"] { "everything".to_owned() } else { code(&resources) };
            let only_where = only_where.iter().fold(String::new(), |told, one| told + "; only where " + one);
            writeln!(list, "| {sid} | {deny}{} | {on}{only_where} | {why} |", code(&actions)).expect("a text");
        }
    }
    list
}

#[test]
fn the_document_lists_every_statement_of_every_role_with_its_reason() {
    expect_file!["../../../../docs/roles.md"].assert_eq(&listed());
}

#[test]
fn a_statement_is_about_this_region_and_account_or_a_call_that_knows_no_resources() {
    let mut on_everything = BTreeSet::new();
    // Images may be of other regions and accounts, and AppSpecs in any bucket that a parameter names.
    let elsewhere = ["ecr:*:*:repository/*", "ecr:*:${AWS::AccountId}:repository/*"];
    for (role, statements) in roles(&template()) {
        assert!(!statements.is_empty(), "{role} may do nothing");
        let sids: BTreeSet<&String> = statements.iter().map(|statement| &statement.sid).collect();
        assert_eq!(sids.len(), statements.len(), "{role} says something twice");
        for statement in statements {
            assert!(
                statement.actions.iter().all(|action| !action.contains('*') || action.starts_with("kms:")),
                "{role}"
            );
            if statement.resources == ["*"] {
                on_everything.extend(statement.actions);
                continue;
            }
            for resource in statement.resources {
                let own =
                    resource.contains(' ') || !resource.contains([':', '*']) || elsewhere.contains(&resource.as_str());
                assert!(own, "{role} {}: {resource}", statement.sid);
            }
        }
    }
    assert_eq!(on_everything, ON_EVERYTHING.iter().map(|action| (*action).to_owned()).collect());
}

/// Whether a call changes nothing.
fn reads(action: &str) -> bool {
    let (_, operation) = action.split_once(':').expect("service:Operation");
    ["Describe", "Get", "List", "BatchGet", "BatchCheck"].iter().any(|verb| operation.starts_with(verb))
}

#[test]
fn what_iam_cannot_hold_to_a_tag_the_document_says_the_code_checks() {
    let heading = "\n## Where IAM knows neither resources nor tags\n";
    let section = SECURITY.split(heading).nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let mut found = BTreeSet::new();
    for (role, statements) in roles(&template()).into_iter().filter(|(role, _)| role != "DeployHookProberRole") {
        for statement in statements.iter().filter(|statement| statement.resources.iter().any(|on| on.ends_with('*'))) {
            let tagged = statement
                .only_where
                .iter()
                .any(|told| told.contains("aws:ResourceTag") && !told.contains("where there is one"));
            let traces = |action: &String| action.starts_with("xray:");
            for action in statement.actions.iter().filter(|action| !tagged && !reads(action) && !traces(action)) {
                assert!(section.contains(&format!("`{action}`")), "{role}: {action}");
                found.insert(action.clone());
            }
        }
    }
    assert!(found.contains("codedeploy:StopDeployment") && found.contains("ecs:StopTask"), "{found:?}");
}
