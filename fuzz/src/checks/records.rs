//! Questions to the decisions, and the records that answer them.

use std::process::ExitCode;

use serde_json::Value;
use tidegate::{explain, filter, judge, recommend};

/// A text of questions, a line each, put to the scaler and to the canary gate: each answer explains itself.
///
/// # Panics
/// Where something does not hold.
pub fn questions(text: &str) {
    let mut answers = Vec::new();
    let told = "nothing breaks off, and nothing refuses to be written to";
    filter::run(text.as_bytes(), &mut answers, recommend::answer).expect(told);
    filter::run(text.as_bytes(), &mut answers, judge::filter::answer).expect(told);
    for answer in String::from_utf8(answers).expect("answers are text").lines() {
        let read: Value = serde_json::from_str(answer).expect("an answer is JSON");
        if read.get("error").is_some() {
            continue;
        }
        let mut told = Vec::new();
        let explained = explain::run(answer, &mut told).unwrap_or_else(|error| panic!("{error:#} in {answer}"));
        assert_eq!(explained, ExitCode::SUCCESS, "{}", String::from_utf8_lossy(&told));
    }
}

/// A text read as the record of any function.
///
/// # Panics
/// Where something does not hold.
pub fn record(text: &str) {
    if let Err(error) = explain::run(text, &mut std::io::sink()) {
        assert!(!error.to_string().is_empty());
    }
}
