//! What the deployment hook reads of others: smoke requests, `AppSpec`s, task definitions, and tasks that stopped.

use std::io::sink;
use std::path::Path;

use serde_json::json;
use tidegate::{diagnose, preflight};
use tidegate_core::app_spec;
use tidegate_core::hook::facts::Surroundings;
use tidegate_core::hook::policy::{Level, Preflight};
use tidegate_core::hook::{Policy, Rule};
use tidegate_core::smoke::{Request, SmokeTag, read_document, read_tag};
use tidegate_core::task_definition::TaskDefinition;
use tidegate_core::verdict::Verdict;

use super::{NOW, is_sentence};

/// The file that names everything that stands in standard input.
const STANDARD_INPUT: &str = "-";

/// A text read as smoke requests, in the short form of a tag and in the long form of a document.
///
/// # Panics
/// Where something does not hold.
pub fn smoke(text: &str) {
    match read_tag(text) {
        Ok(SmokeTag::Requests(requests)) => sent(&requests),
        Ok(SmokeTag::Parameter(name)) => assert!(!name.is_empty() && !name.contains(char::is_whitespace), "{name:?}"),
        Err(rule) => assert!(!rule.is_empty()),
    }
    match read_document(text) {
        Ok(requests) => sent(&requests),
        Err(faults) => {
            let lines = text.split('\n').count();
            assert!(!faults.is_empty(), "no requests, and nothing wrong with them");
            for fault in faults {
                assert!((1..=lines).contains(&fault.line), "{fault} of {lines}");
            }
        }
    }
}

/// Requests that may be sent: each is one request, to a path of the host that is asked anyway.
fn sent(requests: &[Request]) {
    assert!((1..=10).contains(&requests.len()), "{}", requests.len());
    for request in requests {
        let control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
        assert!(request.path.starts_with('/') && !request.path.contains(' ') && !control(&request.path), "{request:?}");
        let host = request.host.as_deref().unwrap_or("shop.example.com");
        assert!(!host.contains(['/', ':', '@', ' ']) && !control(host), "{request:?}");
        for (name, value) in &request.headers {
            assert!(!name.is_empty() && !name.contains([':', ' ']) && name != "host", "{request:?}");
            assert!(!control(name) && !control(value), "{request:?}");
        }
        assert!((100..=599).contains(&request.expected.status) && request.expected.within_ms > 0, "{request:?}");
    }
    let again = serde_json::from_value::<Vec<Request>>(json!(requests)).ok();
    assert_eq!(again.as_deref(), Some(requests), "a record has them whole");
}

/// A text read as an AppSpec.
///
/// # Panics
/// Where something does not hold.
pub fn app_spec(text: &str) {
    let read = app_spec::task_definition(text);
    assert_eq!(read, app_spec::task_definition(text));
    match read {
        Ok(name) => assert!(!name.is_empty() && name == name.trim() && !name.contains(['<', '$']), "{name:?}"),
        Err(why) => assert!(!why.is_empty()),
    }
}

/// A text read as a task definition, and judged by every rule.
///
/// # Panics
/// Where something does not hold.
pub fn definition(text: &str) {
    let Ok(definition) = preflight::file::definition(text) else { return };
    let strict = Preflight { level: Level::Block, ..Preflight::default() };
    for preflight in [Preflight::default(), strict] {
        let policy = Policy { preflight, ..Policy::default() };
        let found = judged(definition.clone(), &policy);
        assert_eq!(found, judged(definition.clone().redacted(), &policy), "what may be told is found the same in");
    }
}

/// The verdict, and each finding by its rule and what it is about.
fn judged(definition: TaskDefinition, policy: &Policy) -> (Verdict, Vec<(Rule, Option<String>)>) {
    let known = preflight::checked::Known {
        definition,
        surroundings: Surroundings { region: "eu-west-1".to_owned(), ..Surroundings::default() },
        ..preflight::checked::Known::default()
    };
    let checked = preflight::checked::Checked::of(known, policy, Vec::new(), NOW);
    preflight::show::print(&mut sink(), &checked).expect("nothing refuses to be written to");
    preflight::show::print_json(&mut sink(), &checked).expect("nothing refuses to be written to");
    assert!(!checked.judgement.why.is_empty(), "{:?}", checked.judgement);
    let findings = checked.judgement.findings.iter();
    (checked.judgement.verdict, findings.map(|finding| (finding.rule, finding.subject.clone())).collect())
}

/// A text read as tasks that stopped, and explained.
///
/// # Panics
/// Where something does not hold.
pub fn stopped(text: &str) {
    let Ok(looked) = diagnose::file::looked(Path::new(STANDARD_INPUT), text.as_bytes()) else { return };
    for diagnosis in looked.diagnoses() {
        is_sentence(&diagnosis.cause);
        is_sentence(&diagnosis.fix);
    }
    diagnose::show::print(&mut sink(), &looked).expect("nothing refuses to be written to");
    diagnose::show::print_json(&mut sink(), &looked).expect("nothing refuses to be written to");
}
