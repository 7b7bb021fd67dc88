//! What tags and details ask for: what is read, and every way in which it is not.

use tidegate_core::hook::enrolment::read;
use tidegate_core::hook::policy::{Level, Named, Preflight};
use tidegate_core::hook::{Policy, Rule};
use tidegate_core::mode::Mode;
use tidegate_core::smoke::{Expected, Request};
use tidegate_core::tags::Tags;

use super::NOW;

fn tags(tags: &[(&str, &str)]) -> Tags {
    Tags::new(tags.iter().map(|(key, value)| (format!("tidegate:{key}"), *value)))
}

fn policy(own: &[(&str, &str)], details: &[(&str, &str)]) -> Policy {
    read(&tags(own), &tags(details), &Policy::default(), NOW).expect("tags that can be read")
}

fn faults(own: &[(&str, &str)]) -> Vec<String> {
    let faults = read(&tags(own), &Tags::default(), &Policy::default(), NOW).expect_err("faults");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_service_without_tags_is_not_enrolled_and_keeps_the_defaults() {
    assert_eq!(policy(&[], &[]), Policy::default());
    assert_eq!(Policy::default().mode, Mode::Off);
}

#[test]
fn of_the_tag_and_the_details_the_least_mode_counts() {
    for (tag, details, mode) in [
        ("on", None, Mode::On),
        ("shadow", None, Mode::Shadow),
        ("on", Some("shadow"), Mode::Shadow),
        ("shadow", Some("on"), Mode::Shadow),
        ("off", Some("on"), Mode::Off),
        ("on", Some("off"), Mode::Off),
    ] {
        let details: Vec<(&str, &str)> = details.map(|word| ("hook", word)).into_iter().collect();
        assert_eq!(policy(&[("hook", tag)], &details).mode, mode, "{tag} {details:?}");
    }
}

#[test]
fn only_the_shadow_of_the_scan_gate_makes_a_scan_verdict_a_warning() {
    for (scan, images) in [("off", Mode::On), ("shadow", Mode::Shadow), ("on", Mode::On)] {
        assert_eq!(policy(&[("hook", "on"), ("scan", scan)], &[]).images, images, "{scan}");
        assert_eq!(policy(&[("hook", "on")], &[("scan", scan)]).images, images, "{scan}");
    }
}

#[test]
fn every_tag_is_read_and_the_details_win() {
    let own = [
        ("hook", "on"),
        ("preflight", "block root_user=off:xray-daemon mutable_tag=warn"),
        ("patience", "5m"),
        ("alarms", "shop-errors  shop-latency"),
        ("smoke", "GET /health 204 500ms host=Shop.example.com + HEAD /"),
        ("break-glass", "2026-11-27T15:00:00Z the provider is down"),
    ];
    let read = policy(&own, &[("patience", "90s"), ("preflight", "off")]);
    assert_eq!((read.patience_s, &read.preflight), (90, &Preflight { level: Level::Off, rules: Vec::new() }));
    let read = policy(&own, &[]);
    let named = |rule, container: Option<&str>, level| Named { rule, container: container.map(str::to_owned), level };
    assert_eq!(read.preflight.level, Level::Block);
    assert_eq!(
        read.preflight.rules,
        [named(Rule::RootUser, Some("xray-daemon"), Level::Off), named(Rule::MutableTag, None, Level::Warn)]
    );
    assert_eq!(
        (read.patience_s, read.alarms.as_slice()),
        (300, ["shop-errors", "shop-latency"].map(str::to_owned).as_slice())
    );
    assert!(read.opened(NOW).is_some());
    let request = |method: &str, path: &str, host: Option<&str>, expected| Request {
        method: method.to_owned(),
        path: path.to_owned(),
        host: host.map(str::to_owned),
        headers: [].into(),
        body: None,
        expected,
    };
    let first = Expected { status: 204, within_ms: 500, ..Expected::default() };
    assert_eq!(
        read.smoke,
        [request("GET", "/health", Some("shop.example.com"), first), request("HEAD", "/", None, Expected::default())]
    );
}

#[test]
fn smoke_requests_are_in_the_tag_or_in_the_parameter_that_it_names() {
    for name in ["/shop/smoke", "shop.smoke-requests", "smoke"] {
        let read = policy(&[("smoke", name)], &[]);
        assert_eq!((read.smoke_parameter.as_deref(), read.smoke.len()), (Some(name), 0));
    }
    let read = policy(&[("smoke", "/shop/smoke")], &[("smoke", "GET /")]);
    assert_eq!((read.smoke_parameter, read.smoke.len()), (None, 1), "the details say the requests themselves");
    let read = policy(&[("smoke", "/shop/smoke")], &[("smoke", "off")]);
    assert_eq!((read.smoke_parameter, read.smoke.len()), (None, 0));
}

#[test]
fn every_tag_that_can_not_be_read_is_named_with_its_value_and_the_rule() {
    let smoke = "must be a method and a path, and perhaps a status, a time and a host, such as GET /health 200 500ms \
                 host=shop.example.com; several with ` + ` between them; or the name of an SSM parameter";
    let preflight = "must begin with warn, block or off; levels of single rules follow, such as mutable_tag=block or \
                     root_user=off:xray-daemon";
    for (tag, value, rule) in [
        ("hook", "enforce", "must be off, shadow or on"),
        ("scan", "maybe", "must be off, shadow or on"),
        ("hok", "on", "there is no such tag; did you mean tidegate:hook?"),
        ("patience", "10", "must be seconds or minutes such as 90s or 2m, at most 86400 s"),
        ("patience", "25h", "must be seconds or minutes such as 90s or 2m, at most 86400 s"),
        ("preflight", "", preflight),
        ("preflight", "root_user=off", preflight),
        ("preflight", "block root_usr=off", r#"there is no rule "root_usr"; did you mean root_user?"#),
        ("preflight", "block banana=off", r#"there is no rule "banana""#),
        ("preflight", "block root_user=no", r#""root_user=no" must have the level warn, block or off"#),
        (
            "preflight",
            "block root_user=off:",
            r#""root_user=off:" must name a container behind its colon, or have no colon"#,
        ),
        (
            "preflight",
            "block root_user",
            r#""root_user" must be a rule with its level, such as mutable_tag=block or root_user=off:xray-daemon"#,
        ),
        ("smoke", "", smoke),
        ("smoke", "GET", smoke),
        ("smoke", "shop@smoke", smoke),
        (
            "smoke",
            "get /",
            r#""get" must be a method: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; did you mean GET?"#,
        ),
        ("smoke", "GET health", r#""health" must be a path, which begins with /"#),
        ("smoke", "GET / 20", r#""20" must be a status from 200 to 599"#),
        ("smoke", "GET / 600", r#""600" must be a status from 200 to 599"#),
        ("smoke", "GET / 0ms", r#""0ms" must be a time such as 500ms or 2s, at most 30 s"#),
        ("smoke", "GET / 31s", r#""31s" must be a time such as 500ms or 2s, at most 30 s"#),
        ("smoke", "GET / 200 201", r#""201" must be said once"#),
        ("smoke", "GET / fast", r#""fast" must be a status such as 200, a time such as 500ms, or host="#),
        (
            "smoke",
            "GET / host=10.0.0.1",
            r#""10.0.0.1" must be a host name such as shop.example.com, without scheme, port and path"#,
        ),
        ("break-glass", "soon", "must be a time such as 2026-11-21T12:00:00Z, a space, and the reason"),
    ] {
        assert_eq!(faults(&[(tag, value)]), [format!("tidegate:{tag} is {value:?}: {rule}")]);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let own = tags(&[("hook", "yes"), ("patience", "long"), ("smoke", "GET")]);
    let faults = read(&own, &tags(&[("preflight", "hard"), ("min", "1"), ("mx", "2")]), &Policy::default(), NOW);
    let faults: Vec<String> = faults.expect_err("faults").into_iter().map(|fault| fault.tag).collect();
    assert_eq!(faults, ["mx", "hook", "patience", "smoke", "preflight"]);
}
