//! Tables that are made from the code and from the template. Each stands between two comments, and is written anew with
//! `UPDATE_EXPECT=1`.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use saphyr::Yaml;
use tidegate_core::prices::AS_OF;
use tidegate_core::tags::{PREFIX, TABLE};

use super::{cells, document};
use crate::functions::Function;
use crate::template::{environment, is_parameter, template, text, texts};

/// Parameters of all functions are told under this name.
const EVERY: &str = "every function";

const END: &str = "<!-- end -->";

/// What a table that is made begins with.
fn begin(name: &str) -> String {
    format!("<!-- made by a test: {name} -->\n")
}

/// What stands where a table should, and the document around it.
fn around<'a>(document: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let begin = begin(name);
    let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("nothing is marked as {begin}"));
    let (within, after) = rest.split_once(END).unwrap_or_else(|| panic!("{begin} has no end"));
    (before, within, after)
}

/// The document with this table in its place.
fn with(document: &str, name: &str, table: &str) -> String {
    let (before, _, after) = around(document, name);
    format!("{before}{}{table}{END}{after}", begin(name))
}

/// A table of Markdown. What stands in a cell may have no line between its columns.
fn markdown<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |")
    };
    let head = [line(&head.map(str::to_owned)), format!("|{}\n", "---|".repeat(N))];
    head.into_iter().chain(rows.into_iter().map(|row| line(&row))).collect()
}

fn word(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { format!("`{text}`") }
}

#[test]
fn the_readme_lists_every_tag_and_every_setting() {
    let mut readme = document("README.md");
    for function in Function::ALL {
        readme = with(&readme, &format!("tags of {}", function.name()), &tags(function));
    }
    let template = template();
    for (of, parameters) in grouped(&template) {
        readme = with(&readme, &format!("settings of {of}"), &settings(&template, &of, &parameters));
    }
    expect_file!["../../../../README.md"].assert_eq(&readme);
}

fn tags(function: Function) -> String {
    let rows = TABLE.iter().filter(|tag| tag.function == function.name()).map(|tag| {
        let default = tag.default.map_or("none".to_owned(), word);
        [format!("`{PREFIX}{}`", tag.name), default, tag.meaning.to_owned()]
    });
    let table = markdown(["tag", "default", "meaning"], rows);
    assert!(table.lines().count() > 3, "{function:?} reads tags");
    table
}

/// The parameters of every function, and those of each, in the order of the console.
fn grouped(template: &Yaml<'static>) -> Vec<(String, Vec<String>)> {
    let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    for group in groups.as_sequence().expect("a list") {
        let label = text(&group["Label"]["default"]);
        let function = Function::ALL.into_iter().find(|function| label.starts_with(&format!("{} - ", function.name())));
        let of = function.map_or(EVERY, Function::name);
        let parameters = texts(&group["Parameters"]);
        match grouped.iter_mut().find(|(name, _)| name == of) {
            Some((_, before)) => before.extend(parameters),
            None => grouped.push((of.to_owned(), parameters)),
        }
    }
    let all = template["Parameters"].as_mapping().expect("a mapping").keys().map(text).collect();
    let in_groups: BTreeSet<String> = grouped.iter().flat_map(|(_, parameters)| parameters.clone()).collect();
    assert_eq!(in_groups, all, "each parameter is in a group");
    grouped
}

fn settings(template: &Yaml<'static>, of: &str, parameters: &[String]) -> String {
    let environments = Function::ALL.map(|function| (function.name(), environment(template, function)));
    // By the parameter or the resource that they are set from.
    let mut variables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (variable, source) in environments.iter().flat_map(|(_, environment)| environment) {
        variables.entry(source).or_default().insert(variable);
    }
    let set = |source: &str| {
        let variables = variables.get(source).into_iter().flatten().map(|variable| word(variable));
        variables.collect::<Vec<_>>().join(", ")
    };
    let mut rows: Vec<[String; 4]> = Vec::new();
    for name in parameters {
        let parameter = &template["Parameters"][name.as_str()];
        let default = word(&text(&parameter["Default"]));
        rows.push([word(name), set(name), default, text(&parameter["Description"]).trim().to_owned()]);
    }
    // What is of the stack itself belongs to the function that is told it, or to all of them.
    let told = |source: &str| environments.iter().filter(|(_, all)| all.values().any(|other| other == source)).count();
    for source in variables.keys().filter(|source| !is_parameter(template, source)) {
        let mine = environments.iter().any(|(name, all)| *name == of && all.values().any(|other| other == source));
        let everybody = told(source) == Function::ALL.len();
        if (everybody && of == EVERY) || (!everybody && mine) {
            rows.push([String::new(), set(source), String::new(), format!("The stack's own: `{source}`.")]);
        }
    }
    markdown(["parameter", "variable", "default", "meaning"], rows)
}

/// What each code means is said in the code, what to do about it on the page: that column stays as it is.
#[test]
fn every_reason_is_listed_with_its_meaning_and_what_to_do() {
    let mut page = document("docs/reasons.md");
    let mut silent = Vec::new();
    for (part, reasons) in Function::ALL.into_iter().flat_map(Function::reasons) {
        let part = format!("reasons of {part}");
        let (_, listed, _) = around(&page, &part);
        let advice: BTreeMap<String, String> = listed
            .lines()
            .map(cells)
            .filter(|row| row.len() == 3)
            .map(|row| (row[0].to_owned(), row[2].to_owned()))
            .collect();
        let mut rows = Vec::new();
        for (code, meaning) in reasons {
            let code = word(code);
            let advice = advice.get(&code).cloned().unwrap_or_default();
            if advice.is_empty() {
                silent.push(format!("{part}: {code}"));
            }
            rows.push([code, meaning.to_owned(), advice]);
        }
        page = with(&page, &part, &markdown(["reason", "what it means", "what to do"], rows));
    }
    expect_file!["../../../../docs/reasons.md"].assert_eq(&page);
    assert!(silent.is_empty(), "the page does not say what to do: {silent:?}");
}

/// Those that every stack has: the copy in a VPC has some of its own.
#[test]
fn the_readme_counts_the_alarms_as_they_cost() {
    let template = template();
    let resources = template["Resources"].as_mapping().expect("a mapping");
    let alarms = resources.values().filter(|resource| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm"));
    let of_every_stack = alarms.filter(|alarm| {
        let condition = alarm.as_mapping_get("Condition").and_then(|condition| condition.as_str());
        condition != Some("DeployHookHasProber")
    });
    let counted = format!(" {} alarms,", of_every_stack.count());
    assert!(document("README.md").contains(&counted), "the README has not{counted}");
}

#[test]
fn the_readme_knows_the_day_of_the_prices_and_no_reason_that_there_is_not() {
    let readme = document("README.md");
    assert!(readme.contains(AS_OF));
    let listed = super::table(&readme, "| reason | of | what to do |");
    assert!(listed.len() >= 8, "{listed:?}");
    for row in listed {
        for of in row[1].split(", ") {
            let function = Function::ALL.into_iter().find(|function| function.name() == of);
            let function = function.unwrap_or_else(|| panic!("{of} is no function"));
            let known =
                function.reasons().iter().flat_map(|(_, reasons)| reasons).any(|(code, _)| word(code) == row[0]);
            assert!(known, "{of} has no reason {}", row[0]);
        }
    }
}
