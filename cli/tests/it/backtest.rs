//! Back-tests: what is printed, what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value;

use super::{refused, text, tidegate};

/// Two days of a shop, in points of five minutes: an hour is missing, and a sale triples the load for half an hour.
const TWO_DAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/two_days.csv");

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn written(name: &str, content: &str) -> String {
    let file = scratch(name);
    fs::write(&file, content).expect("the scratch folder can be written");
    file.display().to_string()
}

#[test]
fn the_overview_is_as_it_was() {
    let output = tidegate(&["backtest", "--trace", TWO_DAYS], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    expect_file!["../golden/backtest.txt"].assert_eq(text(&output.stdout));
}

#[test]
fn the_sweep_is_as_it_was() {
    let output = tidegate(&["backtest", "--trace", TWO_DAYS, "--sweep"], "");
    expect_file!["../golden/backtest_sweep.txt"].assert_eq(text(&output.stdout));
}

#[test]
fn figures_for_programs_are_those_for_people() {
    let output = tidegate(&["backtest", "--trace", TWO_DAYS, "--json"], "");
    let figures: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    expect_file!["../golden/backtest.json"].assert_eq(text(&output.stdout));
    let scalers: Vec<&str> =
        figures["scalers"].as_array().into_iter().flatten().filter_map(|scaler| scaler["scaler"].as_str()).collect();
    assert_eq!(scalers, ["Tidegate", "target tracking", "HPA", "fixed at peak"]);
}

#[test]
fn a_report_is_one_page_with_the_load_in_it() {
    let report = scratch("report.html");
    let output = tidegate(&["backtest", "--trace", TWO_DAYS, "--report", &report.display().to_string()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = fs::read_to_string(report).expect("the report was written");
    assert!(page.contains("two_days.csv") && page.contains("target tracking"));
}

#[test]
fn a_trace_may_have_no_header_epoch_seconds_and_any_order() {
    let by_epoch = |rows: &[(i64, f64)]| -> String {
        let lines: Vec<String> = rows.iter().map(|(at, value)| format!("{at},{value}")).collect();
        lines.join("\n")
    };
    let mut rows: Vec<(i64, f64)> = (0..300).map(|minute| (1_795_219_200 + minute * 60, 100.0)).collect();
    let sorted = written("sorted.csv", &by_epoch(&rows));
    rows.reverse();
    let reversed = written("reversed.csv", &by_epoch(&rows));
    let print = |file: &str| text(&tidegate(&["backtest", "--trace", file], "").stdout).replace(file, "");
    assert_eq!(print(&sorted).replace("sorted", ""), print(&reversed).replace("reversed", ""));
}

#[test]
fn what_can_not_be_simulated_is_refused_by_name() {
    let broken = written("broken.csv", "at,value\n2026-11-21T10:00:00Z,1\nyesterday,2\n");
    let empty = written("empty.csv", "at,value\n");
    let zero = written("zero.csv", "2026-11-21T10:00:00Z,0\n2026-11-21T10:01:00Z,0\n2026-11-21T10:02:00Z,0\n");
    let negative = written("negative.csv", "2026-11-21T10:00:00Z,1\n2026-11-21T10:01:00Z,-5\n");
    for (arguments, said) in [
        (vec!["--trace", "no/such.csv"], "no/such.csv can't be opened"),
        (vec!["--trace", &broken], r#"line 3 is "yesterday,2": must be a time"#),
        (vec!["--trace", &empty], "empty.csv: "),
        (vec!["--trace", &zero], "the load is nothing but zero"),
        (vec!["--trace", &negative], "-5"),
        (vec!["--trace", TWO_DAYS, "--target", "170"], "must be above 0 and at most 100"),
        (vec!["--trace", TWO_DAYS, "--min", "9", "--max", "3"], "--min is 9, which is above --max 3"),
        (vec!["--trace", TWO_DAYS, "--region", "mars-north-1"], r#"Fargate in "mars-north-1" is not known"#),
        (vec!["--trace", TWO_DAYS, "--report", "/no/such/folder/page.html"], "the report can't be written"),
        (vec!["--service", "prod/shop"], "no region is named: set AWS_REGION"),
        (vec![], "give --trace FILE or --service CLUSTER/SERVICE"),
        (vec!["--service", "shop"], "invalid value 'shop' for '--service <CLUSTER/SERVICE>': must be CLUSTER/SERVICE"),
    ] {
        let message = refused(&[&["backtest"], arguments.as_slice()].concat(), "");
        assert!(message.contains(said), "{message}");
    }
}

/// Real load, where it is at hand: every trace is simulated to its end, and every scaler pays at least the oracle's bill.
#[test]
fn every_real_trace_is_simulated_to_its_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let traces = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for trace in traces.filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let output = tidegate(&["backtest", "--json", "--trace", &trace.display().to_string()], "");
        assert!(output.status.success(), "{}: {}", trace.display(), text(&output.stderr));
        let figures: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for scaler in figures["scalers"].as_array().into_iter().flatten() {
            let unmet = scaler["unmet_share"].as_f64().expect("a share");
            assert!((0.0..1.0).contains(&unmet), "{scaler}");
            // Only who leaves nothing unmet has to pay what the oracle pays.
            assert!(unmet > 0.0 || scaler["over_oracle"].as_f64() >= Some(1.0), "{scaler}");
        }
    }
}
