//! The template beside the code that it deploys: what one says, the other has to mean.

mod alarms;
mod doors;
mod events;
mod hooks;
mod metrics;
mod parts;
mod rights;
mod roles;
mod settings;

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Yaml};

use crate::functions::Function;

pub(crate) use hooks::stages;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// The stack's name where nobody gives another.
const STACK: &str = "tidegate";

pub(crate) fn template() -> Yaml<'static> {
    parsed(TEMPLATE)
}

/// A document of YAML, with the short forms of its functions as tags.
pub(crate) fn parsed(document: &'static str) -> Yaml<'static> {
    Yaml::load_from_str(document).expect("it is YAML").swap_remove(0)
}

fn resource<'a>(template: &'a Yaml<'static>, name: &str) -> &'a Yaml<'static> {
    &template["Resources"][name]["Properties"]
}

/// The resources of one type, by their names.
fn of_kind<'a>(template: &'a Yaml<'static>, kind: &str) -> Vec<(String, &'a Yaml<'static>)> {
    let resources = template["Resources"].as_mapping().expect("a mapping").iter();
    let of_kind = resources.filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    of_kind.map(|(name, resource)| (text(name), resource)).collect()
}

/// The condition that a resource is there under, if it is not always.
fn condition(template: &Yaml<'static>, name: &str) -> Option<String> {
    template["Resources"][name].as_mapping_get("Condition").map(text)
}

/// A plain whole number, of seconds or of anything else.
fn seconds(value: &Yaml<'_>) -> i64 {
    value.as_integer().unwrap_or_else(|| panic!("{value:?} is no whole number"))
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
pub(crate) fn named(value: &Yaml<'_>, form: &str) -> String {
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
pub(crate) fn texts(value: &Yaml<'_>) -> Vec<String> {
    value.as_sequence().map_or_else(|| vec![text(value)], |list| list.iter().map(text).collect())
}
