//! The template beside the code that it deploys: what one says, the other has to mean.

mod events;
mod hooks;
mod metrics;
mod rights;
mod settings;

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Yaml};

use crate::functions::Function;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// The stack's name where nobody gives another.
const STACK: &str = "tidegate";

pub(crate) fn template() -> Yaml<'static> {
    Yaml::load_from_str(TEMPLATE).expect("the template is YAML").swap_remove(0)
}

fn resource<'a>(template: &'a Yaml<'static>, name: &str) -> &'a Yaml<'static> {
    &template["Resources"][name]["Properties"]
}

/// A function's environment: the variable, and the parameter or resource that it takes its value from.
pub(crate) fn environment(template: &Yaml<'static>, function: Function) -> BTreeMap<String, String> {
    let globals = &template["Globals"]["Function"]["Environment"]["Variables"];
    let own = &resource(template, function.resource())["Environment"]["Variables"];
    let all = [globals, own].into_iter().flat_map(|variables| variables.as_mapping().expect("a mapping"));
    all.map(|(name, value)| (text(name), named(value, "Ref"))).collect()
}

/// What a short form such as `!Ref` is about.
fn named(value: &Yaml<'_>, form: &str) -> String {
    match value {
        Yaml::Tagged(tag, inner) if tag.suffix == form => text(inner),
        other => panic!("{other:?} is no !{form}"),
    }
}

pub(crate) fn text(value: &Yaml<'_>) -> String {
    match value {
        Yaml::Value(scalar) if scalar.is_string() => value.as_str().unwrap_or_default().to_owned(),
        _ => value
            .as_integer()
            .map(|number| number.to_string())
            .or_else(|| value.as_floating_point().map(|number| number.to_string()))
            .unwrap_or_else(|| panic!("{value:?} is no text and no number")),
    }
}

/// One text, or a list of them.
fn texts(value: &Yaml<'_>) -> Vec<String> {
    value.as_sequence().map_or_else(|| vec![text(value)], |list| list.iter().map(text).collect())
}
