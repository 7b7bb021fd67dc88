//! The examples, in both their forms, as the functions and the hook would read what they deploy.

mod cloudformation;
mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
use tidegate::preflight::{self, Args};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;
use tidegate_core::{app_spec, canary, hook, scaling, scan};
use tidegate_tests::scene::TEN;

use crate::template::{named, parsed, stages, template, text};

/// An example: its folder, and its files.
struct Example {
    name: &'static str,
    cloudformation: &'static str,
    terraform: [&'static str; 2],
}

macro_rules! example {
    ($name:literal) => {
        Example {
            name: $name,
            cloudformation: include_str!(concat!("../../../../examples/", $name, "/template.yaml")),
            terraform: [
                include_str!(concat!("../../../../examples/", $name, "/variables.tf")),
                include_str!(concat!("../../../../examples/", $name, "/main.tf")),
            ],
        }
    };
}

const EXAMPLES: [Example; 3] = [example!("rolling"), example!("ecs-native-canary"), example!("codedeploy-blue-green")];

const APP_SPEC: &str = include_str!("../../../../examples/codedeploy-blue-green/appspec.yaml");

/// What of an example Tidegate sees, whichever form it was deployed from.
#[derive(Debug, PartialEq)]
struct Deployed {
    /// The service's tags.
    tags: BTreeMap<String, String>,
    /// The task definition, as it is registered.
    definition: Value,
    /// The output that each lifecycle hook's function and role are, and its stages.
    hooks: Vec<(String, String, Vec<String>)>,
    /// The outputs that its alarms tell.
    told: BTreeSet<String>,
}

/// What has no default.
fn given() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("Image", json!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.4.2")),
        ("HostName", json!("shop.example.com")),
        ("CertificateArn", json!("arn:aws:acm:eu-west-1:123456789012:certificate/1")),
        ("VpcId", json!("vpc-1")),
        ("LoadBalancerSubnets", json!(["subnet-1", "subnet-2"])),
        ("TaskSubnets", json!(["subnet-3", "subnet-4"])),
    ])
}

/// `LoadBalancerSubnets` as Terraform's `load_balancer_subnets`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Every example in each of its forms.
fn all() -> Vec<(String, Deployed)> {
    let both = |example: &Example| {
        [
            (format!("{} in CloudFormation", example.name), cloudformation::deployed(example, true)),
            (format!("{} in Terraform", example.name), terraform::deployed(example, true)),
        ]
    };
    EXAMPLES.iter().flat_map(both).collect()
}

#[test]
fn both_forms_of_an_example_are_the_same_to_tidegate() {
    for example in &EXAMPLES {
        for hooks in [true, false] {
            let of_cloudformation = cloudformation::deployed(example, hooks);
            assert_eq!(terraform::deployed(example, hooks), of_cloudformation, "{}", example.name);
            assert!(hooks || of_cloudformation.hooks.is_empty(), "{} keeps its hooks", example.name);
        }
    }
}

#[test]
fn the_tags_are_read_without_fault_by_every_function_in_shadow_and_switched_on() {
    for (name, deployed) in all() {
        for (word, mode) in [("shadow", Mode::Shadow), ("on", Mode::On)] {
            let of_mode = |value: &String| if value == "shadow" { word.to_owned() } else { value.clone() };
            let tags = Tags::new(deployed.tags.iter().map(|(tag, value)| (tag, of_mode(value))));
            let none = Tags::default();
            let scale = scaling::enrolment::read(&tags, &scaling::Policy::default());
            let scale = scale.unwrap_or_else(|faults| panic!("{name}: {faults:?}")).policy;
            assert_eq!((scale.mode, scale.min, scale.max, scale.fault()), (mode, Some(2), Some(10), None), "{name}");
            let gate = canary::enrolment::read(&tags, &none, &canary::Policy::default(), TEN);
            let gate = gate.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            assert_eq!((gate.mode, gate.alarms.as_slice()), (mode, &["ErrorsAlarm".to_owned()][..]), "{name}");
            let images = scan::enrolment::read(&tags, TEN).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            assert_eq!(images.mode, mode, "{name}");
            let hook = hook::enrolment::read(&tags, &none, &hook::Policy::default(), TEN);
            let hook = hook.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            // Where there is no test listener nothing could be asked.
            assert_eq!((hook.mode, !hook.smoke.is_empty()), (mode, !name.starts_with("rolling")), "{name}");
        }
    }
}

#[test]
fn whatever_the_examples_take_from_the_stack_it_gives_to_other_stacks() {
    let template = template();
    let exported = |output: &str| template["Outputs"][output].as_mapping_get("Export").is_some();
    for (name, deployed) in all() {
        assert_eq!(deployed.told, BTreeSet::from(["AlarmTopicArn".to_owned()]), "{name}");
        for (function, role, _) in &deployed.hooks {
            assert!(exported(function) && exported(role), "{name}: {function}, {role}");
            assert_eq!(role, "EcsHookRoleArn");
        }
        assert!(exported("AlarmTopicArn"));
    }
}

#[test]
fn hooks_are_at_the_stages_that_the_stack_says() {
    let at = |output: &str| -> Vec<String> { stages(output).into_iter().map(|(stage, _)| stage).collect() };
    let hook = at("DeployHookLifecycleHooks");
    let expected = |name: &str| match name {
        "rolling" => vec![("DeployHookArn", vec![hook[0].clone()])],
        "ecs-native-canary" => {
            vec![("DeployHookArn", hook.clone()), ("CanaryGateArn", at("CanaryGateLifecycleHooks"))]
        }
        _ => Vec::new(),
    };
    for example in &EXAMPLES {
        let hooks = cloudformation::deployed(example, true).hooks;
        let hooks: Vec<(&str, Vec<String>)> =
            hooks.iter().map(|(function, _, stages)| (function.as_str(), stages.clone())).collect();
        assert_eq!(hooks, expected(example.name), "{}", example.name);
    }
}

#[test]
fn the_app_spec_has_the_hooks_that_the_stack_says_and_the_task_definition_s_container() {
    let document = parsed(APP_SPEC);
    let hooks = document["Hooks"]
        .as_sequence()
        .expect("a list")
        .iter()
        .flat_map(|hook| hook.as_mapping().into_iter().flatten());
    let hooks: Vec<(String, String)> = hooks.map(|(event, function)| (text(event), text(function))).collect();
    assert_eq!(hooks, stages("DeployHookAppSpecHooks"));
    let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:43";
    assert_eq!(app_spec::task_definition(&APP_SPEC.replace("<TASK_DEFINITION>", arn)), Ok(arn.to_owned()));
    assert!(app_spec::task_definition(APP_SPEC).is_err(), "nobody deploys it as it is");
    let balancer = &document["Resources"][0]["TargetService"]["Properties"]["LoadBalancerInfo"];
    let deployed = cloudformation::deployed(&EXAMPLES[2], true);
    let container = &deployed.definition["containerDefinitions"][0];
    assert_eq!(container["name"].as_str(), balancer["ContainerName"].as_str());
    assert_eq!(container["portMappings"][0]["containerPort"].as_i64(), balancer["ContainerPort"].as_integer());
}

#[tokio::test]
async fn preflight_finds_nothing_in_their_task_definitions() {
    for (name, deployed) in all() {
        let args = Args::try_parse_from(["preflight", "-", "--json", "--region", "eu-west-1"]).expect("arguments");
        let mut out = Vec::new();
        let code = preflight::main(&args, deployed.definition.to_string().as_bytes(), &mut out).await;
        let told: Value = serde_json::from_slice(&out).expect("a line of JSON");
        assert_eq!(code.expect("a verdict"), ExitCode::SUCCESS, "{name}: {told}");
        assert_eq!(told["findings"], json!([]), "{name}");
    }
}

#[test]
fn an_image_without_a_tag_of_its_own_is_refused() {
    for example in &EXAMPLES {
        let template = parsed(example.cloudformation);
        let pattern = text(&template["Parameters"]["Image"]["AllowedPattern"]);
        let pattern = regex_lite::Regex::new(&pattern).expect("a pattern");
        let image = given()["Image"].as_str().expect("a text").to_owned();
        assert!(pattern.is_match(&image), "{}", example.name);
        let (without, _) = image.rsplit_once(':').expect("a tag");
        assert!(!pattern.is_match(without) && !pattern.is_match("nginx:1.27"), "{}", example.name);
        assert_eq!(named(&template["Outputs"]["ServiceArn"]["Value"], "Ref"), "Service");
    }
}
