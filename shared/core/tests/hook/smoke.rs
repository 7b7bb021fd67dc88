//! Whether an answer is the one that is expected, and when a request is sent again.

use proptest::prelude::*;
use tidegate_core::hook::checks::check;
use tidegate_core::hook::facts::{Facts, Unreadable};
use tidegate_core::hook::{Check, Policy, Stage};
use tidegate_core::smoke::{ATTEMPTS, Answer, Expected, Request, Tried, fits};

use super::NOW;
use super::case::{answered, facts, policy, request, tried};

fn expecting(expected: Expected) -> Request {
    Request { expected, ..request() }
}

fn json(pairs: &[(&str, &str)]) -> Request {
    let json = pairs.iter().map(|(pointer, value)| ((*pointer).to_owned(), (*value).to_owned())).collect();
    expecting(Expected { json, ..Expected::default() })
}

#[test]
fn an_answer_that_is_as_expected_fits() {
    let text = expecting(Expected { text: Some("ready".to_owned()), ..Expected::default() });
    let values = json(&[("/status", "ok"), ("/checks/0/up", "true"), ("/n", "3"), ("/a~1b", "null")]);
    for (request, answer) in [
        (request(), answered(200, 500, "")),
        (expecting(Expected { status: 302, ..Expected::default() }), answered(302, 1, "")),
        (text, answered(200, 1, "it is ready")),
        (values, answered(200, 1, r#"{"status": "ok", "checks": [{"up": true}], "n": 3, "a/b": null}"#)),
    ] {
        assert_eq!(fits(&request, &answer), Ok(()), "{request:?}");
    }
}

#[test]
fn what_does_not_fit_is_told_with_what_was_expected_and_what_came() {
    let ready = || expecting(Expected { text: Some("ready".to_owned()), ..Expected::default() });
    let cut = |body: &str| match answered(200, 1, body) {
        Answer::Answered { status, took_ms, body, location, .. } => {
            Answer::Answered { status, took_ms, body, cut: true, location }
        }
        failed @ Answer::Failed { .. } => failed,
    };
    let redirect = Answer::Answered {
        status: 301,
        took_ms: 3,
        body: "<html>".to_owned(),
        cut: false,
        location: Some("https://login.example.com/".to_owned()),
    };
    let refused = Answer::Failed { why: "nothing listens at port 8443".to_owned() };
    for (request, answer, why) in [
        (request(), refused, "nothing listens at port 8443"),
        (request(), answered(503, 1, ""), "expected status 200, and 503 came: no body came with it"),
        (
            request(),
            answered(500, 1, "no database\n"),
            r#"expected status 200, and 500 came: its body begins with "no database""#,
        ),
        (
            request(),
            redirect,
            "expected status 200, and 301 came: a redirect to https://login.example.com/ came, which is not followed",
        ),
        (request(), answered(200, 501, ""), "expected an answer within 500 ms, and it took 501 ms"),
        (ready(), answered(200, 1, "starting"), r#"expected "ready" in the body, which begins with "starting""#),
        (
            ready(),
            cut("starting"),
            r#"expected "ready" in the body, which is too long to be read to its end, and begins with "starting""#,
        ),
        (json(&[("/status", "ok")]), answered(200, 1, "ok"), r#"expected a body of JSON, and it begins with "ok""#),
        (
            json(&[("/status", "ok")]),
            cut(r#"{"status": "ok""#),
            "expected values in a body of JSON, which is too long to be read",
        ),
        (
            json(&[("/status", "ok")]),
            answered(200, 1, r#"{"status": "degraded"}"#),
            r#"expected "ok" at /status, and it is "degraded""#,
        ),
        (json(&[("/status", "ok")]), answered(200, 1, "{}"), r#"expected "ok" at /status, and it is not there"#),
        (json(&[("/up", "true")]), answered(200, 1, r#"{"up": [1]}"#), r#"expected "true" at /up, and it is "[1]""#),
    ] {
        assert_eq!(fits(&request, &answer), Err(why.to_owned()));
    }
}

#[test]
fn the_last_attempt_has_the_say_and_the_number_of_attempts_is_told() {
    let with = |attempts: &[Answer]| Facts { smoke: vec![tried(attempts)], ..facts(Stage::TestTraffic) };
    let policy = Policy { smoke: vec![request()], ..policy() };
    let told = |facts: &Facts| {
        let findings = check(Check::Smoke, facts, &policy, NOW);
        findings.into_iter().map(|finding| (finding.subject.unwrap_or_default(), finding.why)).collect::<Vec<_>>()
    };
    assert_eq!(told(&with(&[answered(503, 1, ""), answered(200, 1, "")])), []);
    let subject = || "GET shop.example.com/health".to_owned();
    let why = "expected status 200, and 503 came: no body came with it, in the last of 2 attempts";
    assert_eq!(told(&with(&[answered(200, 1, ""), answered(503, 1, "")])), [(subject(), why.to_owned())]);
    assert_eq!(told(&with(&[])), [(subject(), "it could not be sent".to_owned())]);
    assert_eq!(told(&facts(Stage::TestTraffic)), [(subject(), "it was not sent".to_owned())]);
}

#[test]
fn requests_that_were_never_read_do_not_pass() {
    let policy = Policy { smoke_parameter: Some("/shop/smoke".to_owned()), ..policy() };
    let mut facts = facts(Stage::TestTraffic);
    let why: Vec<String> = check(Check::Smoke, &facts, &policy, NOW).into_iter().map(|finding| finding.why).collect();
    assert_eq!(why, ["the requests in the parameter /shop/smoke were not read"]);
    // The cause is told in its place, and keeps the stage from passing.
    facts.unreadable = vec![Unreadable { what: Check::Smoke, why: "ssm:GetParameter is not allowed".to_owned() }];
    assert_eq!(check(Check::Smoke, &facts, &policy, NOW), []);
    let judged = tidegate_core::hook::judge(&facts, &policy, NOW);
    assert_eq!(
        (judged.verdict, judged.why.as_str()),
        (tidegate_core::verdict::Verdict::Error, "ssm:GetParameter is not allowed")
    );
}

#[test]
fn a_request_is_sent_again_until_an_answer_fits_or_the_attempts_are_over() {
    let bad = answered(503, 1, "");
    assert!(tried(&[]).is_sent_again());
    assert!(!tried(&[answered(200, 1, "")]).is_sent_again());
    for count in 1..=ATTEMPTS {
        assert_eq!(tried(&vec![bad.clone(); count]).is_sent_again(), count < ATTEMPTS);
    }
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let body = prop_oneof!["[ -~\n]{0,700}", Just("{\"status\": \"ok\"}".to_owned()), "ready[é ]{0,400}"];
    let status = prop_oneof![Just(200_u16), 200..600_u16];
    let answered = (status, 0..1000_u32, body, any::<bool>())
        .prop_map(|(status, took_ms, body, cut)| Answer::Answered { status, took_ms, body, cut, location: None });
    prop_oneof![8 => answered, 1 => "[a-z ]{1,20}".prop_map(|why| Answer::Failed { why })]
}

proptest! {
    #[test]
    fn a_shortened_body_is_judged_as_the_whole_one(
        attempts in prop::collection::vec(any_answer(), 0..5),
        text in prop::option::of(Just("ready".to_owned())),
        value in prop::option::of(Just("ok".to_owned())),
    ) {
        let json = value.into_iter().map(|value| ("/status".to_owned(), value)).collect();
        let request = expecting(Expected { text, json, ..Expected::default() });
        let tried = Tried { request: request.clone(), attempts };
        let kept = tried.clone().kept();
        let judge = |tried: &Tried| tried.attempts.last().map(|last| fits(&request, last).is_ok());
        prop_assert_eq!(judge(&tried), judge(&kept));
        prop_assert_eq!(kept.clone().kept(), kept, "what is kept stays as it is");
    }
}
