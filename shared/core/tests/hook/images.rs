//! The scan verdict in the rules of a deployment, and what people read of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_core::canary::facts::Platform as Deployer;
use tidegate_core::hook::facts::{Deployment, Facts, Image};
use tidegate_core::hook::policy::{Level, Preflight};
use tidegate_core::hook::{Judgement, Policy, Stage, judge, tell};
use tidegate_core::mode::Mode;
use tidegate_core::scan::facts::{self as scan, Kind, Platform, Scan, ScanStatus, Storage};

fn now() -> Timestamp {
    Timestamp::constant(1_795_780_800, 0)
}

fn scanned(status: ScanStatus) -> scan::Facts {
    let digest = format!("sha256:{}", "a".repeat(64));
    let image = scan::Image {
        registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com".to_owned(),
        repository: "shop".to_owned(),
        digest: Some(digest.clone()),
        tags: vec!["v2".to_owned()],
    };
    let completed_at = Some(now() - SignedDuration::from_mins(55));
    let scan = Scan { kind: Some(Kind::Enhanced), completed_at, counted: true, ..Scan::of(status) };
    scan::Facts {
        pushed_at: Some(now() - SignedDuration::from_mins(60)),
        platforms: vec![Platform { digest, name: None, scan }],
        ..scan::Facts::of(image)
    }
}

fn vulnerable() -> scan::Facts {
    let mut facts = scanned(ScanStatus::Active);
    let openssl = json!({"name": "openssl", "installed": "3.0.1", "fixed": "3.0.2"});
    let finding = json!({"id": "CVE-2026-1111", "severity": "CRITICAL", "fix": "yes", "packages": [openssl]});
    facts.platforms[0].scan.findings = vec![serde_json::from_value(finding).expect("a finding")];
    facts
}

fn release(images: Vec<Image>) -> Facts {
    let deployment = Deployment {
        id: "d-1".to_owned(),
        platform: Deployer::CodeDeploy,
        event: "BeforeInstall".to_owned(),
        strategy: tidegate_core::canary::facts::Strategy::BlueGreen,
        started_at: now(),
        roll_back: false,
        first: false,
        waiting_since: Some(now()),
        hook_ends_at: None,
    };
    Facts { images, ..Facts::of(Stage::BeforeInstall, deployment) }
}

fn image(facts: scan::Facts) -> Image {
    Image {
        name: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:v2".to_owned(),
        containers: vec!["app".to_owned()],
        facts: Some(facts),
        policy: tidegate_core::scan::Policy::default(),
        user: None,
    }
}

fn judged(image: Image, policy: &Policy) -> Judgement {
    judge(&release(vec![image]), policy, now())
}

/// Verdict and reason, and each finding as `rule level`.
fn said(judgement: &Judgement) -> (String, Vec<String>) {
    let level = |level: Level| format!("{level:?}").to_lowercase();
    let findings = judgement.findings.iter().map(|own| format!("{} {}", own.rule.code(), level(own.level)));
    (format!("{} {}", judgement.verdict.as_str(), judgement.reason.code()), findings.collect())
}

fn words<const N: usize>(verdict: &str, findings: [&str; N]) -> (String, Vec<String>) {
    (verdict.to_owned(), findings.map(str::to_owned).into())
}

#[test]
fn a_clean_image_has_no_finding_and_one_that_blocks_fails_the_deployment_whatever_preflight_says() {
    let off = Policy { preflight: Preflight { level: Level::Off, rules: Vec::new() }, ..Policy::default() };
    for policy in [Policy::default(), off] {
        let clean = judged(image(scanned(ScanStatus::Active)), &policy);
        assert!(clean.findings.iter().all(|finding| finding.rule.check() != tidegate_core::hook::Check::Images));
        let (verdict, findings) = said(&judged(image(vulnerable()), &policy));
        assert_eq!((verdict.as_str(), findings[0].as_str()), ("fail image_blocked", "image_blocked block"));
    }
}

#[test]
fn in_shadow_a_scan_verdict_is_a_warning_and_nothing_is_waited_for() {
    let shadow = Policy { images: Mode::Shadow, ..Policy::default() };
    let told = judged(image(vulnerable()), &shadow);
    assert_eq!(said(&told).1[0], "image_blocked warn");
    assert_eq!(told.verdict.as_str(), "pass");
    let waiting = judged(image(scanned(ScanStatus::Pending)), &shadow);
    assert_eq!(waiting.verdict.as_str(), "pass", "{}", waiting.why);
}

#[test]
fn a_scan_that_is_not_over_is_waited_for_past_the_patience_of_a_stage() {
    let mut young = scanned(ScanStatus::Pending);
    young.pushed_at = Some(now() - SignedDuration::from_mins(12));
    let mut release = release(vec![image(young)]);
    release.deployment.waiting_since = Some(now() - SignedDuration::from_mins(11));
    let waits = judge(&release, &Policy::default(), now());
    assert_eq!(said(&waits).0, "inconclusive waiting", "{}", waits.why);
    assert!(waits.look_again_s.is_some());
    release.deployment.hook_ends_at = Some(now());
    assert_eq!(said(&judge(&release, &Policy::default(), now())).0, "fail image_blocked", "no answer would be later");
}

#[test]
fn what_can_not_be_pulled_or_does_not_fit_blocks_with_a_rule_of_its_own() {
    let stored = |storage| scan::Facts { storage, ..scanned(ScanStatus::Active) };
    let mut elsewhere = scanned(ScanStatus::Active);
    elsewhere.platforms.clear();
    for (facts, rule) in [
        (stored(Storage::Missing), "image_missing"),
        (stored(Storage::Archived), "image_archived"),
        (elsewhere, "wrong_architecture"),
    ] {
        let judgement = judged(image(facts), &Policy::default());
        assert_eq!(said(&judgement), words(&format!("fail {rule}"), [&*format!("{rule} block")]));
        assert!(judgement.findings[0].fix.is_some(), "{rule}");
    }
    let signature = Image { facts: None, ..image(scanned(ScanStatus::Active)) };
    assert_eq!(said(&judged(signature, &Policy::default())).0, "fail image_missing");
}

#[test]
fn an_image_that_could_not_be_read_is_tried_again_and_then_does_not_pass() {
    let mut unread = scanned(ScanStatus::Unreadable);
    unread.unreadable.push(scan::Unreadable {
        what: scan::Part::Scan,
        why: "DescribeImageScanFindings is not allowed: ecr:DescribeImageScanFindings".to_owned(),
    });
    let mut release = release(vec![image(unread)]);
    let waits = judge(&release, &Policy::default(), now());
    assert_eq!(said(&waits).0, "inconclusive waiting");
    assert!(waits.why.contains("ecr:DescribeImageScanFindings"), "{}", waits.why);
    release.deployment.waiting_since = Some(now() - SignedDuration::from_mins(10));
    assert_eq!(said(&judge(&release, &Policy::default(), now())).0, "fail image_blocked");
}

#[test]
fn a_message_names_what_blocks_and_the_exception_to_paste() {
    let release = release(vec![image(vulnerable())]);
    let judgement = judge(&release, &Policy::default(), now());
    let message = tell::message(Some(&release), &judgement, None, now());
    for part in
        ["deployment d-1, at BeforeInstall", "CVE-2026-1111", "openssl 3.0.1, fixed in 3.0.2", "- id: CVE-2026-1111"]
    {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
    let created = Facts { deployment: Deployment { first: true, ..release.deployment.clone() }, ..release };
    let message = tell::message(Some(&created), &judgement, None, now());
    assert!(message.contains("its creation fails"), "{message}");
}
