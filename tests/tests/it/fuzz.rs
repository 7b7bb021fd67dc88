//! What is fuzzed: the fixtures with which the fuzzer begins keep to its checks, and the checks to the code.

use std::fs;
use std::path::{Path, PathBuf};

#[expect(unreachable_pub, reason = "it is a module of the fuzz targets, too")]
#[path = "../../../fuzz/src/checks/mod.rs"]
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

/// Holds every fixture in the folders to a check, whole and wherever it may end early.
fn held(folders: &[&str], extension: &str, check: fn(&str)) {
    let files = fixtures(folders, extension);
    assert!(!files.is_empty(), "{folders:?} have no .{extension}");
    files.iter().flat_map(|file| cut(file)).for_each(|text| check(&text));
}

#[test]
fn policies_keep_to_what_is_fuzzed() {
    held(&["cli/tests/fixtures/scan"], "yaml", checks::images::policy);
}

#[test]
fn findings_keep_to_what_is_fuzzed() {
    held(&["cli/tests/fixtures/scan"], "json", checks::images::findings);
}

#[test]
fn events_keep_to_what_is_fuzzed() {
    let functions = FUNCTIONS.map(|name| format!("functions/{name}/tests/fixtures"));
    let files = fixtures(&functions.each_ref().map(String::as_str), "json");
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(file).expect("a fixture is text");
        checks::events::events(&serde_json::from_str(&text).expect("a fixture is JSON"));
    }
}

const FUNCTIONS: [&str; 4] = ["canary-gate", "cost-scaler", "deploy-hook", "scan-gate"];

#[test]
fn tags_and_settings_keep_to_what_is_fuzzed() {
    held(&["fuzz/seeds/tags"], "txt", checks::enrolment::tags);
    held(&["fuzz/seeds/settings"], "txt", checks::enrolment::settings);
}

#[test]
fn what_a_deployment_brings_keeps_to_what_is_fuzzed() {
    held(&["fuzz/seeds/smoke"], "txt", checks::deployments::smoke);
    held(&["fuzz/seeds/smoke"], "yaml", checks::deployments::smoke);
    held(&["fuzz/seeds/app_spec"], "yaml", checks::deployments::app_spec);
    held(&["cli/tests/fixtures/preflight"], "json", checks::deployments::definition);
    held(&["cli/tests/fixtures/diagnose"], "json", checks::deployments::stopped);
}

#[test]
fn traces_keep_to_what_is_fuzzed() {
    let cut_short = |check: fn(&str), name: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/fixtures").join(name);
        // Of a long trace, the ends of its first lines stand for all.
        cut(&file).iter().take(100).for_each(|text| check(text));
        check(&fs::read_to_string(file).expect("a fixture is text"));
    };
    cut_short(checks::figures::load, "two_days.csv");
    cut_short(checks::figures::release, "bad_release.csv");
    cut_short(checks::figures::release, "good_release.csv");
    held(&["fuzz/seeds/release"], "json", checks::figures::release);
}

#[test]
fn questions_and_records_keep_to_what_is_fuzzed() {
    held(&["fuzz/seeds/questions"], "json", checks::records::questions);
    held(&["fuzz/seeds/record"], "json", checks::records::record);
}
