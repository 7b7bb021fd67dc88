//! Parameters and variables.

use std::collections::BTreeSet;

use deploy_hook::settings::PROBES_ONLY;
use regex_lite::Regex;
use saphyr::Yaml;

use super::{environment, is_parameter, resource, template, text, texts, untagged};
use crate::functions::Function;

/// The parameter behind each variable of a function. Some have a resource of the stack instead.
fn parameters(template: &Yaml<'static>, function: Function) -> Vec<(String, String)> {
    let environment = environment(template, function);
    environment.into_iter().filter(|(_, source)| is_parameter(template, source)).collect()
}

#[test]
fn the_template_sets_every_variable_that_a_function_reads_and_no_other() {
    for function in Function::ALL {
        let set: BTreeSet<String> = environment(&template(), function).into_keys().collect();
        assert_eq!(set, function.variables(), "{function:?}");
    }
}

#[test]
fn the_copy_in_the_vpc_is_told_that_it_is_one_and_what_it_is_called() {
    let template = template();
    let (hook, prober) = (resource(&template, "DeployHook"), resource(&template, "DeployHookProber"));
    assert_eq!(prober["CodeUri"].as_str(), hook["CodeUri"].as_str());
    assert_eq!(prober["Environment"]["Variables"][PROBES_ONLY].as_str(), Some("true"));
    assert!(!hook["Environment"]["Variables"].contains_mapping_key(PROBES_ONLY));
    let environment = environment(&template, Function::DeployHook);
    assert_eq!(environment["TIDEGATE_PROBER"], "DeployHookProber");
    // Without subnets it is not there, and its name is not told.
    for what in [&template["Resources"]["DeployHookProber"]["Condition"], &hook_s_prober(hook)[0]] {
        assert_eq!(what.as_str(), Some("DeployHookHasProber"));
    }
}

fn hook_s_prober<'a>(hook: &'a Yaml<'static>) -> &'a Yaml<'static> {
    untagged(&hook["Environment"]["Variables"]["TIDEGATE_PROBER"], "If")
}

#[test]
fn the_defaults_of_the_template_are_those_of_the_functions() {
    let template = template();
    for function in Function::ALL {
        let parameters = parameters(&template, function);
        let of_the_template = function.read(|name| {
            let (_, parameter) = parameters.iter().find(|(variable, _)| variable == name)?;
            Some(text(&template["Parameters"][parameter.as_str()]["Default"]))
        });
        assert_eq!(of_the_template, function.read(|_| None));
    }
}

/// Whether `CloudFormation` takes a value for a parameter.
fn accepts(parameter: &Yaml<'_>, value: &str) -> bool {
    let rule = |name: &str| parameter.as_mapping_get(name);
    let limit = |name: &str| rule(name).and_then(|limit| limit.as_floating_point().or(limit.as_integer().map(to_f64)));
    if let Some(values) = rule("AllowedValues") {
        return texts(values).iter().any(|allowed| allowed == value);
    }
    if let Some(pattern) = rule("AllowedPattern") {
        return Regex::new(&text(pattern)).expect("a pattern").is_match(value);
    }
    assert_eq!(text(&parameter["Type"]), "Number", "the only type that needs no rule");
    value.parse().is_ok_and(|number: f64| {
        limit("MinValue").is_none_or(|least| number >= least) && limit("MaxValue").is_none_or(|most| number <= most)
    })
}

#[expect(clippy::cast_precision_loss, reason = "limits of parameters are small")]
fn to_f64(number: i64) -> f64 {
    number as f64
}

/// Values of every kind that a variable may have, at the edges of what is allowed somewhere, and slips of the pen.
/// Spellings that nobody would think of, such as 007, are not among them: there the template is the stricter one.
fn values() -> Vec<String> {
    let numbers = "0.0000009 0.000001 0.0009 0.001 0.01 0.1 0.5 0.50 0.500001 0.51 0.99 1.5 99.9 100.1 999.5 1000.5 \
                   3999999.5 4000000 4000000.5 4000001 0.0 . -1 1e3 70% 1.2.3 1,5";
    let counts = [
        0, 1, 4, 5, 9, 10, 11, 23, 24, 25, 49, 50, 51, 59, 60, 61, 99, 100, 101, 599, 600, 601, 999, 1000, 1001, 1439,
        1440, 1441, 2999, 3000, 3001, 3599, 3600, 3601, 9999, 10000, 79999, 80000, 86399, 86400, 86401,
    ];
    let words = "on off shadow dry OFF guard pass fail hold warn block changes all text chatbot many prod prod,test \
                 a_b-1,c prod;test prod/web 1.5m -2m";
    let names = ["/tidegate/policy", "tidegate.scan_policy", "tidegate*"];
    let preflights = [
        "block mutable_tag=warn",
        "off root_user=block:xray-daemon no_logging=warn:app",
        "mutable_tag=warn",
        "warn mutable_tag=on",
        "warn mutable_tag=off:",
    ];
    let prices = [
        "eu-west-3/arm64/on_demand=0.0389/0.00424",
        "a-b-1/x86_64/spot=1/2, a-b-1/x86_64/on_demand=3/4",
        "eu-west-3=1/2",
        "eu-west-3/arm64/spot=cheap/2",
        "eu-west-3/arm64/spot=1.2.3/2",
        "eu-west-3/arm64/spot=./2",
        "eu-west-3/arm64/spot=0/2",
        "eu-west-3/mips/spot=1/2",
    ];
    let lengths = ["", "s", "m", "h", "d"].map(|unit| counts.map(|count| format!("{count}{unit}")));
    let others =
        numbers.split(' ').chain(words.split(' ')).chain(names).chain(preflights).chain(prices).map(str::to_owned);
    lengths.into_iter().flatten().chain(others).collect()
}

#[test]
fn a_parameter_accepts_what_the_function_accepts_and_refuses_what_it_refuses() {
    let template = template();
    let values = values();
    for function in Function::ALL {
        for (variable, parameter) in parameters(&template, function) {
            let mut accepted = 0;
            for value in &values {
                let read = function.read(|name| (name == variable).then(|| value.clone())).is_ok();
                let allowed = accepts(&template["Parameters"][parameter.as_str()], value);
                assert_eq!(allowed, read, "{parameter} = {value:?}: the template first, then the function");
                accepted += usize::from(read);
            }
            assert!((1..values.len()).contains(&accepted), "{parameter}: {accepted} values are accepted");
        }
    }
}

#[test]
fn names_of_clusters_may_have_spaces_between_them_but_not_where_iam_is_told_them() {
    let template = template();
    let spaced = ["prod test", "a_b-1, c"];
    let accept = |parameter: &str| spaced.map(|names| accepts(&template["Parameters"][parameter], names));
    assert_eq!([accept("ScalerClusters"), accept("DeployHookClusters")], [[true; 2]; 2]);
    assert_eq!([accept("CanaryGateClusters"), accept("ScanGateClusters")], [[false; 2]; 2]);
}
