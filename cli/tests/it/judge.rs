//! Releases, judged minute by minute, and the judge as a filter.

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use serde_json::{Value, json};

use super::{refused, text, tidegate};

/// A canary with a tenth of the traffic for twelve minutes, half for ten, then all, which is as good as the old version.
const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/good_release.csv");

/// A canary with a tenth of the traffic, of which from 10:06 on six in a thousand fail, and one of the old version's.
const BAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bad_release.csv");

const HEADER: &str = "time,canary_requests,canary_errors,baseline_requests,baseline_errors";

fn written(name: &str, content: &str) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).expect("the scratch folder can be written");
    file.display().to_string()
}

/// What is printed, and the exit code.
fn judge(arguments: &[&str]) -> (String, Option<i32>) {
    let output = tidegate(&[&["judge"], arguments].concat(), "");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (text(&output.stdout).to_owned(), output.status.code())
}

fn lines(printed: &str) -> Vec<Value> {
    printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The question of `--example`.
fn example() -> Value {
    serde_json::from_str(&judge(&["--example"]).0).expect("one line of JSON")
}

#[test]
fn a_bad_release_is_stopped_at_a_moment_that_is_told() {
    let (printed, code) = judge(&["--trace", BAD]);
    expect_file!["../golden/judge_bad.txt"].assert_eq(&printed);
    assert_eq!(code, Some(1));
}

#[test]
fn a_good_release_passes_with_its_bake() {
    let (printed, code) = judge(&["--trace", GOOD]);
    expect_file!["../golden/judge_good.txt"].assert_eq(&printed);
    assert_eq!(code, Some(0));
}

#[test]
fn every_judgement_is_a_line_for_programs() {
    let (printed, code) = judge(&["--trace", BAD, "--json"]);
    let judgements = lines(&printed);
    assert_eq!((judgements.len(), code), (42, Some(1)));
    let first = judgements.iter().position(|judgement| judgement["verdict"] == "fail").expect("it fails");
    expect_file!["../golden/judge_bad.json"].assert_eq(&format!("{:#}\n", judgements[first]));
    // What is known later changes nothing of it.
    let until_then: String = fs::read_to_string(BAD)
        .expect("the trace")
        .lines()
        .take(91 + first - 1)
        .fold(String::new(), |all, line| all + line + "\n");
    let cut = lines(&judge(&["--trace", &written("cut.csv", &until_then), "--json"]).0);
    assert_eq!(cut, judgements[..cut.len()]);
    assert!(cut.len() > first, "{}", cut.len());
}

#[test]
fn minutes_that_say_the_same_are_folded_only_where_the_table_is_long() {
    let rows = |arguments: &[&str]| judge(arguments).0.lines().filter(|line| line.starts_with("10:")).count();
    assert_eq!((rows(&["--trace", BAD]), rows(&["--trace", BAD, "--all"])), (10, 42));
    let short: Vec<String> =
        fs::read_to_string(BAD).expect("the trace").lines().take(91 + 20).map(str::to_owned).collect();
    assert_eq!(rows(&["--trace", &written("short.csv", &short.join("\n"))]), 22);
}

#[test]
fn settings_and_the_door_change_the_verdict() {
    let verdict = |arguments: &[&str]| judge(&[&["--trace", BAD], arguments].concat());
    let (tolerant, code) = verdict(&["--set", "max-ratio=20", "--set", "tidegate:patience=5m"]);
    assert!(tolerant.contains("more than 20 times the baseline's rate") && !tolerant.contains("fail"), "{tolerant}");
    assert_eq!(code, Some(0));
    let (impatient, _) = verdict(&["--door", "step", "--set", "patience=5m", "--set", "on-inconclusive=fail"]);
    assert!(impatient.contains("no_proof_in_time"), "{impatient}");
    let (broken, code) = verdict(&["--set", "break-glass=2026-11-21T12:00:00Z the till is down"]);
    assert!(broken.contains("break_glass"), "{broken}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_setting_that_can_not_be_read_is_named_with_its_value_and_the_rule() {
    for (setting, said) in [
        ("max-ratio=0.5", r#"--set can't be used: tidegate:max-ratio is "0.5": must be a number from 1 to 100"#),
        ("max-ration=2", "did you mean tidegate:max-ratio?"),
        ("patience", "must be NAME=VALUE"),
    ] {
        let message = refused(&["judge", "--trace", BAD, "--set", setting], "");
        assert!(message.contains(said), "{message}");
    }
    let both = refused(&["judge", "--trace", BAD, "--set", "alpha=2", "--set", "bake=2h"], "");
    assert!(both.contains("tidegate:alpha") && both.contains("tidegate:bake"), "{both}");
}

#[test]
fn json_in_any_form_is_judged_as_csv_is() {
    let rows: Vec<Value> = fs::read_to_string(BAD)
        .expect("the trace")
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |index: usize| cells[index].parse::<u64>().unwrap_or(0);
            let arm = |requests: usize, errors, unanswered| {
                (!cells[requests].is_empty()).then(|| json!({"requests": number(requests), "errors": number(errors), "unanswered": number(unanswered)}))
            };
            let mut row = json!({"at": cells[0], "canary": arm(1, 2, 5), "baseline": arm(3, 4, 6)});
            if !cells[7].is_empty() {
                row["weight"] = json!(number(7));
            }
            row
        })
        .collect();
    let by_line: Vec<String> = rows.iter().map(Value::to_string).collect();
    let csv = judge(&["--trace", BAD, "--json"]);
    assert_eq!(judge(&["--trace", &written("lines.json", &by_line.join("\n")), "--json"]), csv);
    assert_eq!(judge(&["--trace", &written("array.json", &Value::from(rows).to_string()), "--json"]), csv);
}

#[test]
fn facts_a_record_and_a_question_are_replayed() {
    let question = example();
    let record = text(&tidegate(&["judge"], &question.to_string()).stdout).to_owned();
    let from = |name: &str, content: &str| lines(&judge(&["--trace", &written(name, content), "--json"]).0);
    let judgements = from("question.json", &question.to_string());
    assert_eq!(judgements, from("record.json", &record));
    assert_eq!(judgements, from("facts.json", &question["facts"].to_string()));
    // Three minutes are settled at 10:07, as the question's own moment has it.
    let last = judgements.last().expect("a judgement");
    assert_eq!((&last["at"], &last["verdict"]), (&json!("2026-11-21T10:07:00Z"), &json!("fail")));
    assert_eq!(&last["evidence"], &serde_json::from_str::<Value>(&record).expect("JSON")["evidence"]);
}

#[test]
fn a_trace_may_come_from_standard_input_and_begin_when_it_is_told() {
    let minutes = |range: std::ops::Range<u32>| range.map(|minute| format!("2026-11-21 10:{minute:02}:00,300,1,,\n"));
    let trace = format!("{HEADER}\n{}", minutes(0..30).collect::<String>());
    let output = tidegate(&["judge", "--trace", "-", "--started", "2026-11-21T10:10:00Z", "--all"], &trace);
    let printed = text(&output.stdout);
    assert!(printed.starts_with("standard input: 22 minutes from 2026-11-21 10:10 UTC"), "{printed}");
    assert!(printed.contains("no_baseline"), "nothing to compare with: {printed}");
}

#[test]
fn a_trace_that_can_not_be_read_is_named_with_line_text_and_rule() {
    let row = "2026-11-21T10:00:00Z,100,1,900,2\n";
    let with = |rest: &str| format!("{HEADER}\n{row}{rest}");
    for (name, content, said) in [
        ("empty.csv", String::new(), "empty.csv: the trace is empty: must begin with a header"),
        ("none.csv", format!("{HEADER}\n"), "has a header and no rows"),
        ("headless.csv", row.to_owned(), "must be a header that names the columns"),
        (
            "slip.csv",
            HEADER.replace("canary_errors", "canary_erors"),
            r#"names "canary_erors", and there is no such column; did you mean canary_errors?"#,
        ),
        (
            "strange.csv",
            format!("{HEADER},banana"),
            r#"names "banana", and there is no such column; must be one of time, "#,
        ),
        ("twice.csv", format!("{HEADER},time"), r#"names "time" twice"#),
        (
            "half.csv",
            "time,canary_requests,canary_errors,baseline_errors\n".to_owned(),
            r#"must also name "baseline_requests""#,
        ),
        ("semicolons.csv", HEADER.replace(',', ";"), "must be separated by commas"),
        (
            "time.csv",
            with("yesterday,1,0,9,0"),
            r#"line 3 is "yesterday,1,0,9,0": time is "yesterday": must be a time"#,
        ),
        ("ms.csv", with("1795255260000,1,0,9,0"), "the time looks like milliseconds"),
        ("word.csv", with("2026-11-21T10:01:00Z,100,few,900,2"), r#"canary_errors is "few": must be a whole number"#),
        ("half_an_error.csv", with("2026-11-21T10:01:00Z,100,0.5,900,2"), r#"canary_errors is "0.5""#),
        (
            "more.csv",
            with("2026-11-21T10:01:00Z,100,101,900,2"),
            "canary errors is 101: must be at most the requests, which are 100",
        ),
        ("cells.csv", with("2026-11-21T10:01:00Z,100"), "has 2 cells: must have the 5 of the header"),
        ("no_requests.csv", with("2026-11-21T10:01:00Z,,3,900,2"), "canary_requests is empty"),
        ("again.csv", with(row), "line 3 is of 2026-11-21T10:00:00Z, 0 s after line 2: must be one row a minute"),
        (
            "five.csv",
            with("2026-11-21T10:05:00Z,100,1,900,2"),
            "the rows are at least 300 s apart: must be one row a minute",
        ),
        ("idle.csv", format!("{HEADER}\n2026-11-21T10:00:00Z,,,900,2"), "no row has canary requests"),
        ("broken.json", "{\"at\": ".to_owned(), "the trace is not JSON: EOF"),
        ("slip.json", r#"{"at": "2026-11-21T10:00:00Z", "canry": {}}"#.to_owned(), "minute 1 is {"),
        (
            "count.json",
            r#"[{"at": 1795255200, "canary": {"requests": 1, "erors": 1}}]"#.to_owned(),
            "did you mean errors?",
        ),
        ("weight.json", r#"[{"at": 1795255200, "weight": 101}]"#.to_owned(), "weight is 101: must be from 0 to 100"),
        ("facts.json", r#"{"deployment": {"id": "d-1"}}"#.to_owned(), "these facts can't be read: missing field"),
        (
            "scaler.json",
            r#"{"function": "cost-scaler", "facts": {}}"#.to_owned(),
            r#"a record of "cost-scaler": must be one of "canary-gate""#,
        ),
        ("several.json", "{\"facts\": {}}\n{\"facts\": {}}".to_owned(), "there are 2 records: must be one"),
    ] {
        let message = refused(&["judge", "--trace", &written(name, &content)], "");
        assert!(message.contains(said) && message.contains(name), "{message}");
    }
    for (arguments, said) in [
        (vec!["--trace", "no/such.csv"], "no/such.csv can't be opened"),
        (vec!["--trace", BAD, "--started", "later"], "must be a time (ISO or seconds since 1970)"),
        (vec!["--trace", BAD, "--started", "2026-11-22T00:00:00Z"], "no row is after the start, 2026-11-22T00:00:00Z"),
        (vec!["--trace", BAD, "--door", "cat"], "must be schedule, step or bake"),
        (vec!["--trace", BAD, "--deployment", "d-1"], "cannot be used with"),
        (vec!["--report", "page.html"], "--trace"),
        (vec!["--deployment", "shop"], "must be d-... or the ARN of a service deployment"),
        (vec!["--deployment", "d-1"], "no region is named: set AWS_REGION"),
    ] {
        let message = refused(&[&["judge"], arguments.as_slice()].concat(), "");
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn what_can_not_be_judged_has_its_own_exit_code() {
    let mut facts = example()["facts"].clone();
    facts["unreadable"] = json!([{"what": "requests", "why": "AccessDenied"}]);
    facts["minutes"] = json!([{"at": "2026-11-21T10:00:00Z"}]);
    let (printed, code) = judge(&["--trace", &written("unreadable.json", &facts.to_string())]);
    assert!(printed.contains("Could not be judged at 10:03 (metrics_unreadable): AccessDenied."), "{printed}");
    assert_eq!(code, Some(2));
}

#[test]
fn a_report_is_one_page_with_the_verdict_in_it() {
    let page = written("release.html", "");
    judge(&["--trace", BAD, "--report", &page]);
    let page = fs::read_to_string(page).expect("the report was written");
    let (_, data) = page.split_once(r#"id="report">"#).expect("the data");
    let (data, _) = data.split_once("</script>").expect("its end");
    let data: Value = serde_json::from_str(data).expect("JSON");
    let charts = data["sections"][0]["charts"].as_array().expect("charts");
    let named = |chart: &Value| {
        chart["series"].as_array().expect("lines").iter().map(|line| line["label"].clone()).collect::<Vec<_>>()
    };
    let labels: Vec<Vec<Value>> = charts.iter().map(named).collect();
    assert_eq!(
        json!(labels),
        json!([["canary", "baseline"], ["evidence", "threshold"], ["evidence", "threshold"], ["canary", "asked for"]])
    );
    // The moment of the verdict is marked in all of them, and its row stands out.
    for chart in charts {
        let verdict: Vec<&Value> =
            chart["marks"].as_array().expect("marks").iter().filter(|mark| mark["name"] == "fail").collect();
        assert_eq!(verdict.len(), 1, "{chart}");
        assert_eq!(chart["x"].as_array().map(Vec::len), charts[0]["x"].as_array().map(Vec::len));
    }
    let table = &data["sections"][1]["table"];
    let row = &table["rows"][usize::try_from(table["highlight"].as_u64().expect("a row")).expect("small")];
    assert_eq!((&row[1], &row[2]), (&json!("fail"), &json!("worse_than_baseline")));
    for loading in ["src=", "href=\"http", "url(", "@import", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn the_filter_answers_each_line_with_a_record() {
    let good = example().to_string();
    let output = tidegate(&["judge"], &format!("{good}\n\nnonsense\n{{\"fcts\": 1}}\n{good}\n"));
    assert_eq!(output.status.code(), Some(2));
    let answers = lines(text(&output.stdout));
    let [first, nonsense, slip, last] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((&first["verdict"], &first["service"]), (&json!("fail"), &json!("prod/shop")));
    assert_eq!(
        (&first["mode"], &first["action"], &first["acted"]),
        (&json!("shadow"), &json!("stop_deployment"), &json!(false))
    );
    assert_eq!((&nonsense["line"], &slip["line"]), (&json!(3), &json!(4)));
    assert!(slip["error"].as_str().is_some_and(|error| error.contains("unknown field `fcts`")), "{slip}");
    assert_eq!(first, last);
}

#[test]
fn the_filter_asks_for_what_the_door_can_do() {
    let mut question = example();
    let mut asked = |door: &str, now: &str| {
        question["facts"]["door"] = json!(door);
        question["now"] = json!(now);
        let output = tidegate(&["judge"], &question.to_string());
        lines(text(&output.stdout)).remove(0)["action"].clone()
    };
    assert_eq!(asked("schedule", "2026-11-21T10:07:00Z"), json!("stop_deployment"));
    assert_eq!(asked("schedule", "2026-11-21T10:04:00Z"), Value::Null);
    assert_eq!(asked("step", "2026-11-21T10:04:00Z"), json!("wait"));
    assert_eq!(asked("step", "2026-11-21T10:07:00Z"), json!("stop_deployment"));
}
