//! What tags and hook details ask for.

use tidegate_core::canary::policy::{Ceilings, OnInconclusive, OwnMetric, Slow};
use tidegate_core::canary::{Policy, enrolment};
use tidegate_core::mode::Mode;
use tidegate_core::tags::Tags;

use crate::release::TEN;

fn tags(tags: &[(&str, &str)]) -> Tags {
    Tags::new(tags.iter().map(|(tag, value)| (format!("tidegate:{tag}"), *value)))
}

fn read(own: &[(&str, &str)], details: &[(&str, &str)]) -> Result<Policy, Vec<String>> {
    let policy = enrolment::read(&tags(own), &tags(details), &Policy::default(), TEN);
    policy.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn without_tags_the_installation_s_defaults_hold_and_the_gate_is_off() {
    assert_eq!(read(&[], &[]), Ok(Policy { mode: Mode::Off, ..Policy::default() }));
}

#[test]
fn every_tag_is_read() {
    let policy = read(
        &[
            ("gate", "on"),
            ("max-ratio", "2"),
            ("min-excess", "0"),
            ("max-error-rate", "2.5"),
            ("max-response-ms", "800"),
            ("slow-ms", "500"),
            ("slow-ratio", "3"),
            ("warm-up", "90s"),
            ("alpha", "0.001"),
            ("beta", "0.1"),
            ("ok-rate", "0.05"),
            ("patience", "30m"),
            ("on-inconclusive", "hold"),
            ("bake", "20m"),
            ("alarms", "shop-5xx  shop-slow"),
            ("gate-metric", "Shop/Failures/Sum/Service=shop 50 + Shop/Lag/Maximum 0"),
            ("break-glass", "2026-11-21T12:00:00Z rolling forward is the fix"),
        ],
        &[],
    )
    .expect("every tag is good");
    let metric = |name: &str, above| OwnMetric { name: name.to_owned(), above };
    let glass = policy.break_glass.clone().expect("it is broken");
    assert_eq!(
        (glass.until.to_string().as_str(), glass.reason.as_str()),
        ("2026-11-21T12:00:00Z", "rolling forward is the fix")
    );
    let expected = Policy {
        mode: Mode::On,
        max_ratio: 2.0,
        min_excess_percent: 0.0,
        ceilings: Ceilings { error_percent: 2.5, response_ms: Some(800.0), ..Ceilings::default() },
        slow: Some(Slow { ms: 500.0, max_ratio: 3.0 }),
        warm_up_s: 90,
        alpha: 0.001,
        beta: 0.1,
        ok_rate_percent: 0.05,
        patience_s: 1800,
        on_inconclusive: OnInconclusive::Hold,
        bake_s: 1200,
        alarms: vec!["shop-5xx".to_owned(), "shop-slow".to_owned()],
        metrics: vec![metric("Shop/Failures/Sum/Service=shop", 50.0), metric("Shop/Lag/Maximum", 0.0)],
        settle_s: 120,
        break_glass: Some(glass),
    };
    assert_eq!(policy, expected);
}

#[test]
fn details_of_a_hook_win_but_for_the_mode_of_which_the_least_counts() {
    let policy = read(&[("gate", "on"), ("patience", "10m")], &[("gate", "shadow"), ("patience", "5m")]).expect("good");
    assert_eq!((policy.mode, policy.patience_s), (Mode::Shadow, 300));
    let policy = read(&[("gate", "shadow")], &[("gate", "on")]).expect("good");
    assert_eq!(policy.mode, Mode::Shadow);
}

#[test]
fn every_fault_is_told_with_its_tag_value_and_rule() {
    let faults = read(
        &[
            ("gate", "yes"),
            ("alpha", "1"),
            ("bake", "60m"),
            ("slow-ms", "fast"),
            ("on-inconclusive", "wait"),
            ("gate-metric", "Shop/Failures 50"),
            ("max-rato", "2"),
        ],
        &[("patience", "forever")],
    )
    .expect_err("all are wrong");
    let expected = [
        r#"tidegate:max-rato is "2": there is no such tag; did you mean tidegate:max-ratio?"#,
        r#"tidegate:gate is "yes": must be off, shadow or on"#,
        r#"tidegate:alpha is "1": must be a number from 0.000001 to 0.5"#,
        r#"tidegate:slow-ms is "fast": must be milliseconds above 0 and at most 4000000, or off"#,
        r#"tidegate:bake is "60m": must be seconds or minutes such as 90s or 2m, at most 3000 s"#,
        r#"tidegate:on-inconclusive is "wait": must be pass, fail or hold"#,
        r#"tidegate:gate-metric is "Shop/Failures 50": must be Namespace/Name/Statistic/Dimension=value and the value that is too much: App/Failures/Sum/Service=shop 50; several with ` + ` between them"#,
        r#"tidegate:patience is "forever": must be seconds or minutes such as 90s or 2m, at most 86400 s"#,
    ];
    assert_eq!(faults, expected);
}

#[test]
fn the_glass_is_broken_for_four_hours_at_most_and_with_a_reason() {
    for (value, said) in [
        ("2026-11-21T14:00:01Z too long", "must be at most 4 hours ahead"),
        ("2026-11-21T12:00:00Z", "and the reason"),
        ("tomorrow because", "must be a time such as"),
    ] {
        let faults = read(&[("gate", "on"), ("break-glass", value)], &[]).expect_err(value);
        assert!(faults[0].contains(said), "{faults:?}");
    }
    let over = read(&[("gate", "on"), ("break-glass", "2026-11-20T12:00:00Z it was yesterday")], &[]);
    assert!(over.is_ok(), "one that is over is no fault: it opens nothing");
}
