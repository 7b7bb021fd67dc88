//! What is fuzzed: the fixtures with which the fuzzer begins keep to its checks, and the checks to the code.

use std::fs;
use std::path::{Path, PathBuf};

#[expect(unreachable_pub, reason = "it is a module of the fuzz targets, too")]
#[path = "../../../fuzz/src/checks.rs"]
mod checks;

/// Files of ours with an extension.
fn fixtures(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let entries = folders.iter().filter_map(|folder| fs::read_dir(root.join(folder)).ok()).flatten();
    let files = entries.map(|entry| entry.expect("an entry").path());
    files.filter(|file| file.extension().is_some_and(|it| it == extension)).collect()
}

/// A text, and what is left of it where it ends early.
fn cut(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a fixture is text");
    let ends = text.match_indices('\n').map(|(end, _)| text[..end].to_owned());
    ends.chain([text.clone()]).collect()
}

#[test]
fn policies_keep_to_what_is_fuzzed() {
    let files = fixtures(&["cli/tests/fixtures/scan"], "yaml");
    assert!(!files.is_empty());
    files.iter().flat_map(|file| cut(file)).for_each(|text| checks::policy(&text));
}

#[test]
fn findings_keep_to_what_is_fuzzed() {
    let files = fixtures(&["cli/tests/fixtures/scan"], "json");
    assert!(!files.is_empty());
    files.iter().flat_map(|file| cut(file)).for_each(|text| checks::findings(&text));
}

#[test]
fn events_keep_to_what_is_fuzzed() {
    let functions = ["canary-gate", "cost-scaler", "scan-gate"].map(|name| format!("functions/{name}/tests/fixtures"));
    let files = fixtures(&functions.each_ref().map(String::as_str), "json");
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(file).expect("a fixture is text");
        checks::events(&serde_json::from_str(&text).expect("a fixture is JSON"));
    }
}
