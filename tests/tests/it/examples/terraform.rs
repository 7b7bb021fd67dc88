//! Files of Terraform, as far as the examples use its functions.

use std::collections::BTreeMap;

use hcl::eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType};
use serde_json::{Map, Value, json};

use super::{Deployed, Example, given, snake};
use crate::template::{template, text};

fn blocks<'a>(body: &'a hcl::Body, kind: &str, label: &str) -> Vec<&'a hcl::Block> {
    let of_kind = body.blocks().filter(|block| block.identifier() == kind);
    of_kind.filter(|block| label.is_empty() || block.labels()[0].as_str() == label).collect()
}

fn attribute(body: &hcl::Body, name: &str, context: &Context<'_>) -> Option<Value> {
    let attribute = body.attributes().find(|attribute| attribute.key() == name)?;
    let value = attribute.expr().evaluate(context).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(serde_json::to_value(value).expect("a value"))
}

#[expect(clippy::needless_pass_by_value, reason = "Terraform's functions are called so")]
fn jsonencode(arguments: FuncArgs) -> Result<hcl::Value, String> {
    serde_json::to_string(&arguments[0]).map(hcl::Value::from).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "Terraform's functions are called so")]
fn tostring(arguments: FuncArgs) -> Result<hcl::Value, String> {
    Ok(hcl::Value::from(arguments[0].to_string()))
}

/// The outputs of Tidegate's stack, each with its own name for its value.
fn outputs() -> Value {
    let template = template();
    let names = template["Outputs"].as_mapping().expect("a mapping").keys().map(text);
    Value::Object(names.map(|name| (name.clone(), json!(name))).collect())
}

fn context(variables: &hcl::Body, hooks: bool) -> Context<'static> {
    let mut context = Context::new();
    let any = |function| FuncDef::builder().param(ParamType::Any).build(function);
    context.declare_func("jsonencode", any(jsonencode));
    context.declare_func("tostring", any(tostring));
    let given: BTreeMap<String, Value> = given()
        .into_iter()
        .map(|(name, value)| (snake(name), value))
        .chain([("hooks".to_owned(), json!(hooks))])
        .collect();
    let variable = |block: &hcl::Block| {
        let name = block.labels()[0].as_str().to_owned();
        let default = attribute(block.body(), "default", &Context::new());
        let value = given.get(&name).cloned().or(default);
        (name.clone(), value.unwrap_or_else(|| panic!("nobody gives {name}")))
    };
    let values: Map<_, _> = blocks(variables, "variable", "").into_iter().map(variable).collect();
    let declared = [
        ("var", Value::Object(values)),
        ("local", json!({"tidegate": outputs()})),
        ("data", json!({"aws_region": {"current": {"region": "eu-west-1"}}})),
        ("aws_iam_role", json!({"execution": {"arn": "ExecutionRole.Arn"}})),
        ("aws_cloudwatch_log_group", json!({"tasks": {"name": "LogGroup"}})),
        ("aws_cloudwatch_metric_alarm", json!({"errors": {"alarm_name": "ErrorsAlarm"}})),
    ];
    for (name, value) in declared {
        context.declare_var(name, hcl::to_value(value).expect("a value"));
    }
    context
}

fn letters(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_else(|| panic!("{value:?} is no text")).to_owned()
}

pub(super) fn deployed(example: &Example, hooks: bool) -> Deployed {
    let [variables, main] = example.terraform.map(|file| hcl::parse(file).unwrap_or_else(|error| panic!("{error}")));
    let context = context(&variables, hooks);
    let service = blocks(&main, "resource", "aws_ecs_service")[0].body();
    let ignored =
        blocks(service, "lifecycle", "")[0].body().attributes().next().expect("an attribute").expr().to_string();
    assert!(ignored.contains("desired_count"), "an apply would take the scaler's count back: {ignored}");
    let tags: BTreeMap<String, String> =
        serde_json::from_value(attribute(service, "tags", &context).expect("tags")).expect("texts");
    let configuration = blocks(service, "deployment_configuration", "");
    let dynamic = configuration.iter().flat_map(|block| blocks(block.body(), "dynamic", "lifecycle_hook"));
    let hook = |block: &hcl::Block| {
        let each = attribute(block.body(), "for_each", &context);
        let filled = blocks(block.body(), "content", "")[0].body();
        each.as_ref().and_then(Value::as_array).filter(|each| !each.is_empty()).map(|_| {
            let text = |name: &str| letters(attribute(filled, name, &context).as_ref());
            let stages = attribute(filled, "lifecycle_stages", &context).expect("stages");
            (text("hook_target_arn"), text("role_arn"), serde_json::from_value(stages).expect("texts"))
        })
    };
    let hooks = dynamic.filter_map(hook).collect();
    let alarms = blocks(&main, "resource", "aws_cloudwatch_metric_alarm");
    let told = alarms.iter().flat_map(|alarm| {
        let actions = attribute(alarm.body(), "alarm_actions", &context);
        actions.as_ref().and_then(Value::as_array).cloned().unwrap_or_default()
    });
    let told = told.map(|action| letters(Some(&action))).collect();
    Deployed { tags, definition: definition(&main, &context), hooks, told }
}

fn definition(main: &hcl::Body, context: &Context<'_>) -> Value {
    let body = blocks(main, "resource", "aws_ecs_task_definition")[0].body();
    let value = |name: &str| attribute(body, name, context).unwrap_or_default();
    let platform = blocks(body, "runtime_platform", "")[0].body();
    let platform = |name: &str| attribute(platform, name, context);
    let containers: Value = serde_json::from_str(&letters(Some(&value("container_definitions")))).expect("JSON");
    json!({
        "family": value("family"),
        "requiresCompatibilities": value("requires_compatibilities"),
        "networkMode": value("network_mode"),
        "cpu": value("cpu").to_string(),
        "memory": value("memory").to_string(),
        "executionRoleArn": value("execution_role_arn"),
        "runtimePlatform": {
            "operatingSystemFamily": platform("operating_system_family"),
            "cpuArchitecture": platform("cpu_architecture"),
        },
        "containerDefinitions": containers,
    })
}
