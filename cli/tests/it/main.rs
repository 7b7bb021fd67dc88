//! The command line as somebody uses it: the real program, its output, its messages and its exit codes.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod backtest;
mod diagnose;
mod explain;
mod help;
mod judge;
mod policy;
mod preflight;
mod recommend;
mod scan;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the program with an empty environment, in a terminal of a hundred columns.
fn tidegate(arguments: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(arguments)
        .env_clear()
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = process.stdin.take().expect("standard input is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = process.wait_with_output().expect("the program ends");
    writer.join().expect("the input is written");
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What was said to a user who made a mistake.
fn refused(arguments: &[&str], input: &str) -> String {
    let output = tidegate(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    text(&output.stderr).to_owned()
}
