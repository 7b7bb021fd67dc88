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
    all.map(|(name, value)| (text(name), source(value))).collect()
}

/// The parameter or resource that a value is of. One that there need not be leaves its variable empty.
fn source(value: &Yaml<'_>) -> String {
    match value {
        Yaml::Tagged(tag, choice) if tag.suffix == "If" => {
            assert_eq!(choice[2].as_str(), Some(""));
            named(&choice[1], "Ref")
        }
        plain => named(plain, "Ref"),
    }
}

/// Whether a variable's value is of a parameter, and not of a resource of the stack.
pub(crate) fn is_parameter(template: &Yaml<'static>, source: &str) -> bool {
    template["Parameters"].as_mapping_get(source).is_some()
}

/// What a short form such as `!Ref` is about.
fn named(value: &Yaml<'_>, form: &str) -> String {
    text(untagged(value, form))
}

/// What a short form has, where that is more than a name.
fn untagged<'a, 'y>(value: &'a Yaml<'y>, form: &str) -> &'a Yaml<'y> {
    match value {
        Yaml::Tagged(tag, inner) if tag.suffix == form => inner,
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
