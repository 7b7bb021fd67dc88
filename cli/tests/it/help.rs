//! What somebody reads who asks for help, and what a shell and `man` are given.

use std::collections::BTreeSet;
use std::process::{Command as Process, Stdio};

use clap::{Command, CommandFactory};
use expect_test::expect_file;
use tidegate::commands::Cli;
use tidegate::man::pages;

use super::{refused, text, tidegate as run};

/// Every command that can be called, by its words.
fn commands() -> Vec<(String, Command)> {
    fn below(command: &Command, path: &str, all: &mut Vec<(String, Command)>) {
        for own in command.get_subcommands().filter(|own| own.get_name() != "help") {
            let path = format!("{path} {}", own.get_name());
            all.push((path.clone(), own.clone()));
            below(own, &path, all);
        }
    }
    let mut all = Vec::new();
    let mut whole = Cli::command();
    whole.build();
    below(&whole, "tidegate", &mut all);
    all
}

#[test]
fn the_first_page_reads_so() {
    let output = run(&["--help"], "");
    expect_file!["../golden/help.txt"].assert_eq(text(&output.stdout));
}

#[test]
fn every_command_says_its_purpose_with_examples_and_exit_codes() {
    let commands = commands();
    assert!(commands.len() >= 15, "{commands:?}");
    for (path, mut command) in commands {
        let purpose = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!purpose.is_empty(), "{path} says no purpose");
        let help = command.render_long_help().to_string();
        for part in ["Exit code: ", "Examples:\n  "] {
            assert!(help.contains(part), "{path} --help has no {part:?}:\n{help}");
        }
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{path} {} has no help", argument.get_id());
        }
    }
}

#[test]
fn every_command_that_prints_for_people_prints_for_programs() {
    // These print JSON alone, or what a shell and `man` read, or they only hold other commands.
    let others = ["recommend", "completions", "man", "policy", "policy schema"];
    for (path, command) in commands() {
        let has = command.get_arguments().any(|argument| argument.get_id() == "json");
        let is_other = others.iter().any(|other| path == format!("tidegate {other}"));
        assert_ne!(has, is_other, "{path}");
    }
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let pages = pages();
    let names: BTreeSet<String> = pages.iter().map(|(name, _)| name.trim_end_matches(".1").to_owned()).collect();
    let expected: BTreeSet<String> = commands().into_iter().map(|(path, _)| path.replace(' ', "-")).collect();
    assert_eq!(names, expected.into_iter().chain(["tidegate".to_owned()]).collect());
    for (name, page) in &pages {
        let page = text(page);
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}:\n{page}");
        assert!(page.contains("Examples:"), "{name} has no examples");
    }
}

#[test]
fn the_pages_are_written_into_a_folder() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("man1");
    let output = run(&["man", "--dir", folder.to_str().expect("UTF-8")], "");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    for (name, page) in pages() {
        assert_eq!(std::fs::read(folder.join(&name)).ok(), Some(page), "{name}");
    }
    let file = folder.join("tidegate.1");
    let said = refused(&["man", "--dir", file.to_str().expect("UTF-8")], "");
    assert!(said.contains("can't be made"), "{said}");
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell], "");
        let script = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        for command in Cli::command().get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell} does not know {}", command.get_name());
        }
        assert!(script.contains("before-delete"), "{shell}");
    }
    assert!(refused(&["completions", "cmd"], "").contains("possible values"));
}

#[test]
fn what_bash_is_given_is_a_script() {
    let output = run(&["completions", "bash"], "");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tidegate.bash");
    std::fs::write(&file, &output.stdout).expect("a file");
    // Where there is no bash, nothing is to be said of it.
    let Ok(checked) = Process::new("bash").arg("-n").arg(&file).stderr(Stdio::piped()).output() else { return };
    assert!(checked.status.success(), "{}", text(&checked.stderr));
}

#[test]
fn a_slip_of_the_pen_is_named_with_what_was_meant() {
    let said = refused(&["doctr"], "");
    assert!(said.contains("doctor"), "{said}");
}
