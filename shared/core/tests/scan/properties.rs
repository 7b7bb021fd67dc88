//! What holds for every image and every policy.

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_core::scan::condense::condense;
use tidegate_core::scan::facts::{Coverage, Kind, Part, Platform, Scan, ScanStatus, Storage, Unreadable};
use tidegate_core::scan::finding::{Finding, Fix, Severity, Status};
use tidegate_core::scan::pattern::Pattern;
use tidegate_core::scan::policy::{Epss, Escalate, Exception, InDoubt, Suppressed, Thresholds};
use tidegate_core::scan::{Facts, Policy, Reason, judge};
use tidegate_core::verdict::Verdict;

use crate::image::{digest, finding, now, shop};

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

prop_compose! {
    fn one()(
        id in 0..6_u32,
        severity in severity(),
        fix in prop::sample::select(vec![Fix::Yes, Fix::Partial, Fix::No, Fix::Unknown]),
        status in prop::sample::select(vec![Status::Active, Status::Active, Status::Suppressed, Status::Closed]),
        published in prop::option::of(0_i64..60),
        exploit_available in prop::option::of(any::<bool>()),
        known_exploited in prop::option::of(any::<bool>()),
        epss in prop::option::of(0.0..1.0_f64),
    ) -> Finding {
        let published_at = published.map(|days| now() - SignedDuration::from_hours(24 * days));
        let finding = finding(&format!("CVE-{id}"), severity, fix);
        Finding { status, published_at, exploit_available, known_exploited, epss, ..finding }
    }
}

fn status() -> impl Strategy<Value = ScanStatus> {
    use ScanStatus as S;
    prop::sample::select(vec![
        S::Active,
        S::Complete,
        S::Active,
        S::Complete,
        S::InProgress,
        S::Failed,
        S::UnsupportedImage,
        S::Pending,
        S::ScanEligibilityExpired,
        S::FindingsUnavailable,
        S::LimitExceeded,
        S::ImageArchived,
        S::NotFound,
        S::Unreadable,
        S::Other("NEW".to_owned()),
    ])
}

prop_compose! {
    fn scan()(
        status in status(),
        findings in prop::collection::vec(one(), 0..6),
        counted in any::<bool>(),
        completed in prop::option::of(0_i64..80_000),
        coverage in prop::option::of(prop::sample::select(vec!["SUCCESSFUL", "PENDING_INITIAL_SCAN", "UNSUPPORTED_OS"])),
        more in prop::bool::weighted(0.1),
    ) -> Scan {
        let completed_at = completed.map(|minutes| now() - SignedDuration::from_mins(minutes));
        let coverage = coverage.map(|reason| Coverage { reason: reason.to_owned(), scanned_at: None });
        Scan { findings, counted, completed_at, coverage, more, kind: Some(Kind::Enhanced), ..Scan::of(status) }
    }
}

prop_compose! {
    fn facts()(
        scans in prop::collection::vec(scan(), 0..3),
        pushed in prop::option::of(0_i64..100_000),
        storage in prop::sample::select(vec![Storage::Active, Storage::Active, Storage::Active, Storage::Archived]),
        registry in prop::option::of(prop::sample::select(vec![Kind::Basic, Kind::Enhanced])),
        unreadable in prop::option::weighted(0.1, prop::sample::select(vec![Part::Image, Part::Risk, Part::Coverage])),
    ) -> Facts {
        let mut facts = shop();
        facts.pushed_at = pushed.map(|minutes| now() - SignedDuration::from_mins(minutes));
        facts.storage = storage;
        facts.registry_scans = registry;
        let platform = |(scan, of): (Scan, char)| {
            Platform { digest: digest(of), name: Some(format!("linux/{of}")), scan }
        };
        facts.platforms = scans.into_iter().zip('b'..).map(platform).collect();
        facts.unreadable = unreadable.into_iter().map(|what| Unreadable { what, why: "denied".to_owned() }).collect();
        facts
    }
}

fn in_doubt() -> impl Strategy<Value = InDoubt> {
    prop::sample::select(vec![InDoubt::Block, InDoubt::Warn])
}

prop_compose! {
    fn exception()(id in 0..6_u32, days in -10_i64..10, only_while_unfixed in any::<bool>(), here in any::<bool>()) -> Exception {
        Exception {
            id: format!("CVE-{id}"),
            repositories: vec![Pattern::new(if here { "team-a/*" } else { "team-b/*" })],
            packages: Vec::new(),
            until: now() + SignedDuration::from_hours(24 * days),
            only_while_unfixed,
            reason: "a reason".to_owned(),
        }
    }
}

prop_compose! {
    fn policy()(
        fixable in prop::option::of(severity()),
        unfixable in prop::option::of(severity()),
        unrated in prop::sample::select(vec![Severity::Low, Severity::High]),
        known_exploited in any::<bool>(),
        exploit_available in prop::option::of(severity()),
        epss in prop::option::of((0.0..1.0_f64, severity())),
        grace in prop::collection::btree_map(severity(), 0_u32..40, 0..3),
        exceptions in prop::collection::vec(exception(), 0..4),
        (unknown, stale, unscannable) in (in_doubt(), in_doubt(), in_doubt()),
        suppressed in prop::sample::select(vec![Suppressed::Accept, Suppressed::Count]),
    ) -> Policy {
        let epss = epss.map(|(at_least, min_severity)| Epss { at_least, min_severity });
        Policy {
            thresholds: Thresholds { fixable, unfixable },
            unrated,
            escalate: Escalate { known_exploited, exploit_available, epss },
            grace_days: grace,
            exceptions,
            unknown,
            stale,
            unscannable,
            suppressed,
            ..Policy::default()
        }
    }
}

fn stricter(threshold: Option<Severity>, by: Option<Severity>) -> Option<Severity> {
    match (threshold, by) {
        (Some(threshold), Some(by)) => Some(threshold.min(by)),
        (threshold, by) => threshold.or(by),
    }
}

proptest! {
    #[test]
    fn a_stricter_policy_never_passes_more(facts in facts(), policy in policy(), by in policy()) {
        let mut strict = policy.clone();
        strict.thresholds.fixable = stricter(policy.thresholds.fixable, by.thresholds.fixable);
        strict.thresholds.unfixable = stricter(policy.thresholds.unfixable, by.thresholds.unfixable);
        strict.escalate.known_exploited |= by.escalate.known_exploited;
        strict.escalate.exploit_available = stricter(policy.escalate.exploit_available, by.escalate.exploit_available);
        strict.unrated = strict.unrated.max(by.unrated);
        strict.grace_days.clear();
        for (doubt, by) in [
            (&mut strict.unknown, by.unknown), (&mut strict.stale, by.stale), (&mut strict.unscannable, by.unscannable),
        ] {
            if by == InDoubt::Block {
                *doubt = InDoubt::Block;
            }
        }
        strict.exceptions.truncate(1);
        let (lax, strict) = (judge(&facts, &policy, now()), judge(&facts, &strict, now()));
        prop_assert!(
            strict.verdict != Verdict::Pass || lax.verdict == Verdict::Pass, "{:?} but {:?}", lax, strict
        );
        let blocks = |id: &str| strict.blocking.iter().any(|blocking| blocking.id == id);
        prop_assert!(lax.blocking.iter().all(|blocking| blocks(&blocking.id)));
    }

    #[test]
    fn an_exception_that_ended_never_counts(facts in facts(), policy in policy()) {
        let mut without = policy.clone();
        without.exceptions.retain(|exception| exception.until > now());
        let (with, without) = (judge(&facts, &policy, now()), judge(&facts, &without, now()));
        prop_assert_eq!((with.verdict, with.reason, with.blocking), (without.verdict, without.reason, without.blocking));
    }

    #[test]
    fn what_blocks_never_passes_and_what_fails_says_why(facts in facts(), policy in policy()) {
        let judgement = judge(&facts, &policy, now());
        prop_assert!(judgement.blocking.is_empty() || judgement.verdict != Verdict::Pass);
        prop_assert!(!judgement.why.is_empty());
        prop_assert_eq!(judgement.verdict == Verdict::Inconclusive, judgement.reason.code().contains("waiting")
            || judgement.reason.code() == "settling" || judgement.reason.code() == "activating");
        prop_assert!(judgement.verdict != Verdict::Inconclusive || judgement.look_again_s.is_some());
    }

    #[test]
    fn only_a_scan_that_tells_lets_an_image_pass_where_unknown_blocks(facts in facts(), policy in policy()) {
        let policy = Policy { unknown: InDoubt::Block, stale: InDoubt::Block, unscannable: InDoubt::Block, ..policy };
        let judgement = judge(&facts, &policy, now());
        if judgement.verdict == Verdict::Pass {
            prop_assert!(!facts.platforms.is_empty());
            for platform in &facts.platforms {
                prop_assert!(matches!(platform.scan.status, ScanStatus::Active | ScanStatus::Complete));
                prop_assert!(!platform.scan.more);
            }
        }
    }

    #[test]
    fn condensed_facts_judge_the_same(facts in facts(), policy in policy()) {
        let (mut less, mut judgement) = (facts.clone(), judge(&facts, &policy, now()));
        let before = (judgement.verdict, judgement.reason);
        condense(&mut less, &mut judgement, &policy, now());
        let again = judge(&less, &policy, now());
        prop_assert_eq!((again.verdict, again.reason), before);
    }

    #[test]
    fn more_findings_never_make_a_vulnerable_image_pass(facts in facts(), policy in policy(), more in one()) {
        let before = judge(&facts, &policy, now());
        let mut worse = facts;
        for platform in &mut worse.platforms {
            platform.scan.findings.push(more.clone());
        }
        let after = judge(&worse, &policy, now());
        prop_assert!(before.blocking.is_empty() || after.blocking.len() >= before.blocking.len());
        prop_assert!(before.reason != Reason::Vulnerable || after.reason == Reason::Vulnerable);
    }
}
