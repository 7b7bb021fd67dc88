//! A template of `CloudFormation`, as far as the examples use its functions.

use std::collections::BTreeMap;

use saphyr::Yaml;
use serde_json::{Map, Value, json};

use super::{Deployed, Example, given};
use crate::template::{parsed, text};

/// The values of parameters, by their names.
type Parameters = BTreeMap<String, Value>;

fn parameters(template: &Yaml<'static>, hooks: bool) -> Parameters {
    let mut given = given();
    given.insert("Hooks", json!(if hooks { "on" } else { "off" }));
    let declared = template["Parameters"].as_mapping().expect("a mapping").iter();
    let value = |(name, parameter): (&Yaml<'static>, &Yaml<'static>)| {
        let name = text(name);
        let default = parameter.as_mapping_get("Default").map(|default| json!(text(default)));
        let value = given.get(name.as_str()).cloned().or(default);
        (name.clone(), value.unwrap_or_else(|| panic!("nobody gives {name}")))
    };
    declared.map(value).collect()
}

fn word(parameters: &Parameters, name: &str) -> Value {
    match name {
        "AWS::Region" => json!("eu-west-1"),
        "AWS::Partition" => json!("aws"),
        "AWS::AccountId" => json!("123456789012"),
        // A resource of the template: whatever it is called.
        _ => parameters.get(name).cloned().unwrap_or_else(|| json!(name)),
    }
}

/// What a value comes to.
fn resolved(value: &Yaml<'static>, parameters: &Parameters) -> Value {
    if let Some(list) = value.as_sequence() {
        return list.iter().map(|one| resolved(one, parameters)).filter(|one| !one.is_null()).collect();
    }
    if let Some(fields) = value.as_mapping() {
        if let Some(import) = value.as_mapping_get("Fn::ImportValue") {
            let name = resolved(import, parameters);
            return json!(name.as_str().and_then(|name| name.strip_prefix("tidegate-")).expect("an export"));
        }
        let field = |(name, value)| (text(name), resolved(value, parameters));
        return Value::Object(fields.iter().map(field).collect::<Map<_, _>>());
    }
    let Yaml::Tagged(tag, inner) = value else {
        return value.as_bool().map_or_else(|| json!(text(value)), |truth| json!(truth));
    };
    match tag.suffix.as_str() {
        "Ref" if text(inner) == "AWS::NoValue" => Value::Null,
        "Ref" => word(parameters, &text(inner)),
        "GetAtt" => json!(text(inner)),
        "Sub" => json!(substituted(&text(inner), parameters)),
        "If" => {
            assert_eq!(text(&inner[0]), "HasHooks");
            resolved(&inner[if parameters["Hooks"] == "on" { 1 } else { 2 }], parameters)
        }
        other => panic!("!{other} is a form that nobody here knows"),
    }
}

fn substituted(text: &str, parameters: &Parameters) -> String {
    let mut rest = text;
    let mut told = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').expect("a brace");
        told += before;
        told += word(parameters, name).as_str().expect("a text");
        rest = behind;
    }
    told + rest
}

/// `ContainerDefinitions` as ECS writes it.
fn as_registered(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                let value = match name.as_str() {
                    "ContainerPort" => json!(value.as_str().and_then(|port| port.parse::<u16>().ok())),
                    _ => as_registered(value),
                };
                (first.into_iter().chain(letters).collect::<String>(), value)
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        Value::Array(list) => list.into_iter().map(as_registered).collect(),
        other => other,
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn letters(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

pub(super) fn deployed(example: &Example, hooks: bool) -> Deployed {
    let template = parsed(example.cloudformation);
    let parameters = parameters(&template, hooks);
    let resources = template["Resources"].as_mapping().expect("a mapping").iter();
    let resources: Vec<(String, Value)> = resources
        .map(|(_, resource)| (text(&resource["Type"]), resolved(&resource["Properties"], &parameters)))
        .collect();
    let of_kind =
        |kind: &str| -> Vec<&Value> { resources.iter().filter(|(of, _)| of == kind).map(|(_, found)| found).collect() };
    let one = |kind: &str| -> Value {
        let [one] = of_kind(kind)[..] else { panic!("{} has one {kind}", example.name) };
        one.clone()
    };
    let service = one("AWS::ECS::Service");
    assert!(service.get("DesiredCount").is_none(), "an update of the stack would take the scaler's count back");
    let tags = list(&service["Tags"]).into_iter().map(|tag| (letters(&tag["Key"]), letters(&tag["Value"]))).collect();
    let hook = |hook: Value| {
        let stages = list(&hook["LifecycleStages"]).iter().map(letters).collect();
        (letters(&hook["HookTargetArn"]), letters(&hook["RoleArn"]), stages)
    };
    let hooks = list(&service["DeploymentConfiguration"]["LifecycleHooks"]).into_iter().map(hook).collect();
    let told = of_kind("AWS::CloudWatch::Alarm").into_iter().flat_map(|alarm| list(&alarm["AlarmActions"]));
    let told = told.map(|action| letters(&action)).collect();
    Deployed { tags, definition: as_registered(one("AWS::ECS::TaskDefinition")), hooks, told }
}
