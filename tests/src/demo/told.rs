//! The messages that people got, as they read them.

use std::io::{self, Write};

use super::show::wrapped;
use crate::world::Published;

/// All of them, each below its subject; None where there are none.
#[must_use]
pub fn text(told: &[Published]) -> Option<String> {
    let messages = told.iter().map(|message| format!("{}\n\n{}", message.subject, message.body));
    (!told.is_empty()).then(|| messages.collect::<Vec<_>>().join("\n\n"))
}

/// Prints them, if there are any.
///
/// # Errors
/// Where they can't be written.
pub fn print(out: &mut impl Write, told: &[Published]) -> io::Result<()> {
    let Some(text) = text(told) else { return Ok(()) };
    writeln!(out, "\n  {}\n", if told.len() == 1 { "The message:" } else { "The messages:" })?;
    for line in text.lines() {
        // What a line belongs to is told by where it begins.
        let words = line.trim_start();
        let begin = 4 + line.len() - words.len();
        wrapped(out, words, begin, begin + 4)?;
    }
    Ok(())
}
