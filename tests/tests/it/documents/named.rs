//! What the documents name exists.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use regex_lite::Regex;
use tidegate::commands::Cli;
use tidegate_core::tags::KNOWN;

use super::{ROOT, document, documents};
use crate::functions::Function;
use crate::template::template;

/// Everything that a pattern finds in a text: its first group.
fn found<'a>(pattern: &str, text: &'a str) -> Vec<&'a str> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).filter_map(|found| found.get(1)).map(|group| group.as_str()).collect()
}

/// A document without what stands between fences, and that.
fn split(text: &str) -> (String, String) {
    let mut fenced = false;
    let (mut prose, mut code) = (String::new(), String::new());
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let part = if fenced || fence { &mut code } else { &mut prose };
        part.push_str(line);
        part.push('\n');
    }
    assert!(!fenced, "a fence has no end");
    (prose, code)
}

/// What a heading is called in links, as GitHub has it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || "-_ ".contains(*letter));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let (mut links, mut astray) = (0, Vec::new());
    for path in documents() {
        let (prose, _) = split(&document(&path));
        for link in found(r"\]\(([^)\s]+)\)", &prose) {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(ROOT).join(&path).parent().expect("a folder").to_owned();
            let target = if file.is_empty() { Path::new(ROOT).join(&path) } else { folder.join(file) };
            let leads = match std::fs::read_to_string(&target) {
                Ok(text) if !part.is_empty() => {
                    found(r"(?m)^#+ (.+)$", &text).iter().any(|heading| anchor(heading) == part)
                }
                // Pictures are no text, and folders neither.
                _ => target.exists(),
            };
            if !leads {
                astray.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(links > 20 && astray.is_empty(), "of {links} links these lead nowhere: {astray:#?}");
}

#[test]
fn every_file_that_is_named_by_its_path_is_there() {
    let (mut named, mut missing) = (0, Vec::new());
    for path in documents() {
        let (prose, _) = split(&document(&path));
        let roots = r"`((?:shared|functions|cli|tests|tools|docs|fuzz|examples)/[A-Za-z0-9_./-]*)`";
        for file in found(roots, &prose) {
            named += 1;
            if !Path::new(ROOT).join(file).exists() {
                missing.push(format!("{path}: {file}"));
            }
        }
    }
    assert!(named > 20 && missing.is_empty(), "of {named} files these are not there: {missing:#?}");
}

#[test]
fn every_parameter_output_and_resource_that_is_named_is_in_the_template() {
    let template = template();
    let sections = ["Parameters", "Conditions", "Resources", "Outputs"].map(|section| template[section].as_mapping());
    let known: BTreeSet<&str> =
        sections.into_iter().flatten().flat_map(|section| section.keys()).filter_map(|name| name.as_str()).collect();
    let (mut named, mut unknown) = (0, BTreeSet::new());
    for path in documents() {
        let text = document(&path);
        for name in found(r"\b((?:Scaler|CostScaler|CanaryGate|ScanGate|DeployHook)[A-Z][A-Za-z0-9]+)\b", &text) {
            named += 1;
            if !known.contains(name) {
                unknown.insert(format!("{path}: {name}"));
            }
        }
    }
    assert!(named > 50 && unknown.is_empty(), "of {named} names the template does not know: {unknown:#?}");
}

#[test]
fn every_variable_and_every_tag_that_is_named_is_read() {
    // These two are for tests and for the copy in the VPC.
    let mut variables: BTreeSet<String> = ["TIDEGATE_CLOCK", "TIDEGATE_PROBES_ONLY"].map(str::to_owned).into();
    variables.extend(Function::ALL.into_iter().flat_map(Function::variables));
    let (mut named, mut unread) = (0, BTreeSet::new());
    for path in documents() {
        let text = document(&path);
        for variable in found(r"\b(TIDEGATE_[A-Z_]*[A-Z])\b", &text) {
            named += 1;
            if !variables.contains(variable) {
                unread.insert(format!("{path}: {variable}"));
            }
        }
        for tag in found(r"\btidegate:([a-z][a-z-]*[a-z])\b", &text) {
            named += 1;
            if !KNOWN.contains(&tag) {
                unread.insert(format!("{path}: tidegate:{tag}"));
            }
        }
    }
    assert!(named > 100 && unread.is_empty(), "of {named} names no function reads: {unread:#?}");
}

/// The commands of a document: what stands in fences of `sh`, and in backticks, word by word.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(|block| {
        let block = block.replace("\\\n", " ");
        block.lines().map(|line| line.split(" #").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    let (prose, _) = split(text);
    let inline = found(r"`((?:make|tidegate) [^`]+)`", &prose).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let quoted = Regex::new(r#""[^"]*"|'[^']*'"#).expect("a pattern");
    let whole = lines.chain(inline).map(|line| quoted.replace_all(&line, "").into_owned());
    let parts = whole.flat_map(|line| line.split(['|', ';', '&']).map(str::to_owned).collect::<Vec<_>>());
    parts.map(|part| part.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn every_word_of_the_makefile_that_is_named_is_there() {
    let makefile = document("Makefile");
    let targets = found(r"(?m)^([a-z][a-z-]*):", &makefile);
    let (mut named, mut unknown) = (0, BTreeSet::new());
    for path in documents() {
        for command in commands(&document(&path)) {
            let Some(("make", words)) = command.split_first().map(|(first, words)| (first.as_str(), words)) else {
                continue;
            };
            for word in words.iter().filter(|word| !word.contains('=') && !word.starts_with('-')) {
                named += 1;
                if !targets.contains(&word.as_str()) {
                    unknown.insert(format!("{path}: make {word}"));
                }
            }
        }
    }
    assert!(named > 5 && unknown.is_empty(), "of {named} words the Makefile does not know: {unknown:#?}");
}

#[test]
fn every_command_and_every_flag_that_is_named_is_there() {
    let cli = Cli::command();
    let (mut named, mut unknown) = (0, BTreeSet::new());
    for path in documents() {
        for command in commands(&document(&path)) {
            let Some(("tidegate", words)) = command.split_first().map(|(first, words)| (first.as_str(), words)) else {
                continue;
            };
            named += 1;
            let mut at = &cli;
            let mut words = words.iter().peekable();
            while let Some(deeper) = words.peek().and_then(|word| at.find_subcommand(word)) {
                (at, _) = (deeper, words.next());
            }
            let is_there = |word: &str| {
                let flag = word.split(['=', '[']).next().unwrap_or_default();
                ["help", "version"].contains(&flag)
                    || at.get_arguments().any(|argument| argument.get_long() == Some(flag))
            };
            let says_what = at.get_name() != cli.get_name();
            if !says_what || !words.all(|word| word.strip_prefix("--").is_none_or(is_there)) {
                unknown.insert(format!("{path}: {}", command.join(" ")));
            }
        }
    }
    assert!(named > 20 && unknown.is_empty(), "of {named} commands tidegate does not know: {unknown:#?}");
}
