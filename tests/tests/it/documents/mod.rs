//! The documents beside the code: what they list is what there is.
//!
//! - `generated`: tables that are made from the code, and written anew with `UPDATE_EXPECT=1`
//! - `named`: links lead somewhere, and what is named exists: files, commands, parameters, outputs, variables, tags
//! - `fields`, `hook`: the pages of the filters and of the deployment hook

mod fields;
mod generated;
mod hook;
mod named;

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the project.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A document, by its path from the root. It is read when it is asked for: a word that changes builds nothing anew.
fn document(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of all documents from the root.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    below(Path::new(ROOT), false, &mut found);
    for folder in ["docs", "examples"] {
        below(&Path::new(ROOT).join(folder), true, &mut found);
    }
    found.sort();
    found
}

fn below(folder: &Path, deep: bool, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    for path in paths {
        if path.is_dir() && deep {
            below(&path, deep, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let path = path.strip_prefix(ROOT).expect("it is below the root");
            found.push(path.to_str().expect("a name in UTF-8").to_owned());
        }
    }
}

/// The rows of the first table that has such a head, each with its cells.
fn table<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let below = text.split(&format!("\n{head}\n")).nth(1).unwrap_or_else(|| panic!("no table has the head {head}"));
    let rows = below.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(cells).collect()
}

/// The cells of a row.
fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}
