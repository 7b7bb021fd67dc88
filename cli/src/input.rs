//! Reading a file, or standard input in its place.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

/// A text, and what messages call the place that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file as it was named, or `standard input`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Reads a file; `-` is standard input.
///
/// # Errors
/// Where it is not there, or is no text.
pub fn read(file: &Path, mut input: impl Read) -> Result<Input> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        input.read_to_string(&mut text).context("standard input can't be read as text")?;
        return Ok(Input { name: "standard input".to_owned(), text });
    }
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("{name} can't be read as text"))?;
    Ok(Input { name, text })
}
