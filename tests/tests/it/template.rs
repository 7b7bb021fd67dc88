//! The template beside the code that it deploys: what one says, the other has to mean.

use std::collections::{BTreeMap, BTreeSet};

use cost_scaler::settings::Settings;
use regex_lite::Regex;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::json;
use tidegate_tests::scene::{Scene, TEN, alarms};
use tidegate_tests::world::service::Service;

use super::variables;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The function's environment, as the template writes it: the variable and the parameter that it takes its value from.
fn environment(template: &Yaml<'_>) -> BTreeMap<String, Option<String>> {
    let globals = &template["Globals"]["Function"]["Environment"]["Variables"];
    let own = &template["Resources"]["CostScaler"]["Properties"]["Environment"]["Variables"];
    let all = [globals, own].into_iter().flat_map(|variables| variables.as_mapping().expect("a mapping"));
    all.map(|(name, value)| (text(name), reference(value))).collect()
}

/// What a `!Ref` names.
fn reference(value: &Yaml<'_>) -> Option<String> {
    match value {
        Yaml::Tagged(tag, inner) if tag.suffix == "Ref" => Some(text(inner)),
        _ => None,
    }
}

fn text(value: &Yaml<'_>) -> String {
    match value {
        Yaml::Value(scalar) if scalar.is_string() => value.as_str().unwrap_or_default().to_owned(),
        _ => value
            .as_integer()
            .map(|number| number.to_string())
            .or_else(|| value.as_floating_point().map(|number| number.to_string()))
            .unwrap_or_else(|| panic!("{value:?} is no text and no number")),
    }
}

fn template() -> Vec<Yaml<'static>> {
    Yaml::load_from_str(TEMPLATE).expect("the template is YAML")
}

#[test]
fn the_template_sets_every_variable_that_the_function_reads_and_no_other() {
    let set: BTreeSet<String> = environment(&template()[0]).into_keys().collect();
    assert_eq!(set, variables());
}

#[test]
fn the_defaults_of_the_template_are_those_of_the_function() {
    let template = &template()[0];
    let environment = environment(template);
    let of_the_template = Settings::read(|name| {
        let parameter = environment.get(name)?.as_ref()?;
        (parameter != "NotificationTopic").then(|| text(&template["Parameters"][parameter.as_str()]["Default"]))
    });
    assert_eq!(of_the_template, Settings::read(|_| None));
}

#[test]
fn a_parameter_accepts_what_the_function_accepts_and_refuses_what_it_refuses() {
    let template = &template()[0];
    let environment = environment(template);
    let numbers = (&["0.5", "70", "99.9", "1000"][..], &["0", "-1", "1001", "70%", "0.0", "many", "1e3"][..]);
    let cases = [
        (
            "TIDEGATE_CLUSTERS",
            &["all", "prod", "prod,test", "prod test", "a_b-1, c"][..],
            &["prod;test", "prod/web"][..],
        ),
        ("TIDEGATE_CPU", numbers.0, numbers.1),
        ("TIDEGATE_CPU", &["off"], &["guard", "OFF"]),
        ("TIDEGATE_MEMORY", numbers.0, numbers.1),
        ("TIDEGATE_MEMORY", &["off", "guard"], &["on"]),
        ("TIDEGATE_REQUESTS", &["off", "1", "1200.5", "0.1"], &["0", "-5", "guard"]),
        ("TIDEGATE_SETTLE", &["60s", "90s", "2m", "10m", "600s"], &["59s", "601s", "11m", "2", "2h", "1.5m"]),
        (
            "TIDEGATE_PRICES",
            &["eu-west-3/arm64/on_demand=0.0389/0.00424", "a-b-1/x86_64/spot=1/2, a-b-1/x86_64/on_demand=3/4"],
            &[
                "eu-west-3=1/2",
                "eu-west-3/arm64/spot=cheap/2",
                "eu-west-3/arm64/spot=1.2.3/2",
                "eu-west-3/arm64/spot=./2",
                "eu-west-3/arm64/spot=0/2",
                "eu-west-3/mips/spot=1/2",
            ],
        ),
    ];
    for (variable, good, bad) in cases {
        let parameter = environment[variable].as_deref().expect("it is a reference");
        let pattern = text(&template["Parameters"][parameter]["AllowedPattern"]);
        let pattern = Regex::new(&pattern).expect("a pattern");
        for (value, allowed) in good.iter().map(|value| (*value, true)).chain(bad.iter().map(|value| (*value, false))) {
            let read = Settings::read(|name| (name == variable).then(|| value.to_owned()));
            assert_eq!(read.is_ok(), allowed, "the function, {variable} = {value:?}");
            assert_eq!(pattern.is_match(value), allowed, "the template, {parameter} = {value:?}");
        }
    }
}

/// The statements of the function's role: the calls that it may make.
fn allowed(template: &Yaml<'_>) -> BTreeSet<String> {
    let policies = &template["Resources"]["CostScalerRole"]["Properties"]["Policies"];
    let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().expect("a list");
    let actions = statements.iter().flat_map(|statement| match statement["Action"].as_sequence() {
        Some(actions) => actions.iter().map(text).collect(),
        None => vec![text(&statement["Action"])],
    });
    actions.collect()
}

#[tokio::test(start_paused = true)]
async fn the_role_allows_the_calls_that_are_made_and_no_other() {
    let scene = Scene::of([
        Service::new("prod/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0).behind_load_balancer(),
        Service::new("prod/cart", 10, TEN).enrolled("shadow", 2, 40).load(|_| 2.0),
    ]);
    scene.run().await;
    scene.invoke(json!({"run": "digest"})).await.expect("a digest");
    scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.expect("an alarm's run");
    let api = |operation: &str| match operation {
        "GetResources" => "tag:GetResources",
        "DescribeServices" => "ecs:DescribeServices",
        "DescribeTaskDefinition" => "ecs:DescribeTaskDefinition",
        "UpdateService" => "ecs:UpdateService",
        "GetMetricData" => "cloudwatch:GetMetricData",
        "DescribeAlarms" => "cloudwatch:DescribeAlarms",
        "DescribeScalableTargets" => "application-autoscaling:DescribeScalableTargets",
        "Publish" => "sns:Publish",
        other => panic!("{other} is a call that nobody here knows"),
    };
    let called: BTreeSet<String> = scene.world.lock().calls.keys().map(|operation| api(operation).to_owned()).collect();
    // What Lambda itself does in the function's name, and what encryption and tracing need.
    let around = ["kms:", "logs:", "sqs:", "xray:"];
    let mut allowed = allowed(&template()[0]);
    allowed.retain(|action| !around.iter().any(|prefix| action.starts_with(prefix)));
    assert_eq!(allowed, called);
}

#[test]
fn only_a_service_that_is_switched_on_may_be_changed() {
    let template = &template()[0];
    let policies = &template["Resources"]["CostScalerRole"]["Properties"]["Policies"];
    let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().expect("a list");
    let update = statements.iter().find(|statement| statement["Action"].as_str() == Some("ecs:UpdateService"));
    let condition = &update.expect("there is one")["Condition"]["StringEquals"]["aws:ResourceTag/tidegate:scale"];
    assert_eq!(condition.as_str(), Some("on"));
}

#[tokio::test(start_paused = true)]
async fn alarms_and_dashboard_look_at_metrics_that_are_published() {
    let template = &template()[0];
    let scene = Scene::of([Service::new("prod/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0)]);
    scene.run().await;
    let published: BTreeSet<String> = scene
        .world
        .lock()
        .printed
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .flat_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().cloned().unwrap_or_default())
        .flat_map(|set| set["Metrics"].as_array().cloned().unwrap_or_default())
        .filter_map(|metric| metric["Name"].as_str().map(str::to_owned))
        .collect();
    let resources = template["Resources"].as_mapping().expect("a mapping");
    let alarms = resources.values().filter(|resource| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm"));
    let ours = alarms.filter(|alarm| alarm["Properties"]["Namespace"].as_str() == Some("Tidegate"));
    let mut looked_at: BTreeSet<String> = ours.map(|alarm| text(&alarm["Properties"]["MetricName"])).collect();
    assert!(looked_at.len() >= 2, "{looked_at:?}");

    let Yaml::Tagged(_, body) = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"] else {
        panic!("the dashboard is a !Sub")
    };
    let body: serde_json::Value = serde_json::from_str(&text(body)).expect("the dashboard is JSON");
    let shown = body["widgets"].as_array().into_iter().flatten();
    for metric in shown.flat_map(|widget| widget["properties"]["metrics"].as_array().cloned().unwrap_or_default()) {
        let searched = metric[0]["expression"].as_str().and_then(|search| search.split('"').nth(1));
        let named = (metric[0] == "Tidegate").then(|| metric[1].as_str()).flatten();
        looked_at.extend(searched.or(named).map(str::to_owned));
    }
    assert!(looked_at.is_subset(&published), "{looked_at:?} of {published:?}");
}
