//! A decision as a filter: one JSON object per line in, one decision record per line out.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tidegate_core::mode::Mode;
use tidegate_core::record::{Level, Record};

/// The exit code where any line could not be read.
const REFUSED: u8 = 2;

/// One question: the facts and the policy of a function, and the moment of the decision.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "F: Deserialize<'de>, P: Deserialize<'de> + Default"))]
pub struct Question<F, P> {
    /// What was looked at.
    pub facts: F,
    /// What it is judged by.
    #[serde(default)]
    pub policy: P,
    /// The moment of the decision.
    pub now: Timestamp,
    /// Given back as it is, to tell questions apart.
    #[serde(default)]
    pub service: Option<String>,
}

/// What a line is answered with that is no question.
#[derive(Clone, Debug, Serialize)]
struct Refusal {
    error: String,
    line: usize,
}

/// Answers every line. The exit code is 2 where any could not be read.
///
/// # Errors
/// Where the questions break off, or nothing can be written any more.
pub fn run<F, P, A>(
    questions: impl BufRead,
    out: &mut impl Write,
    answer: impl Fn(Question<F, P>) -> A,
) -> Result<ExitCode>
where
    F: DeserializeOwned,
    P: DeserializeOwned + Default,
    A: Serialize,
{
    let mut refused = false;
    for (index, line) in questions.split(b'\n').enumerate() {
        let line = line.context("standard input breaks off")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match serde_json::from_slice(&line) {
            Ok(question) => serde_json::to_string(&answer(question))?,
            Err(error) => {
                refused = true;
                serde_json::to_string(&Refusal { error: error.to_string(), line: index + 1 })?
            }
        };
        writeln!(out, "{answer}")?;
    }
    Ok(if refused { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

impl<F, P> Question<F, P> {
    /// The record of a decision on this question; nothing is acted on, so the mode is at most `mode` and shadow.
    pub fn record<D, A>(
        self,
        function: &str,
        mode: Mode,
        level: Level,
        decision: D,
        action: Option<A>,
    ) -> Record<F, P, D, A> {
        Record {
            level,
            timestamp: self.now,
            function: function.to_owned(),
            service: self.service,
            mode: Mode::Shadow.min(mode),
            decision,
            facts: Some(self.facts),
            policy: Some(self.policy),
            action,
            acted: false,
            not_acted: None,
            at: self.now,
            request_id: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
