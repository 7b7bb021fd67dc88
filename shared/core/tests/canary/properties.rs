//! What holds for every deployment.

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_core::canary::facts::{Counts, Door, Facts, Minute, State};
use tidegate_core::canary::{Judgement, Policy, judge};
use tidegate_core::verdict::Verdict;

use crate::release::{canary, minute};

fn counts() -> impl Strategy<Value = Option<Counts>> {
    let some =
        (1_u64..100_000, 0.0..1.0_f64, 0.0..0.2_f64, 0.0..0.2_f64).prop_map(|(requests, scale, errors, unanswered)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "small"
            )]
            let part = |share: f64| (requests as f64 * share * scale * scale) as u64;
            Counts {
                requests,
                errors: part(errors),
                unanswered: part(unanswered),
                connection_errors: part(unanswered),
                ..Counts::default()
            }
        });
    prop_oneof![1 => Just(None), 9 => some.prop_map(Some)]
}

prop_compose! {
    fn facts()(
        minutes in prop::collection::vec((counts(), counts()), 0..40),
        weight in prop_oneof![Just(None), (0.1..100.0_f64).prop_map(Some)],
        door in prop_oneof![Just(Door::Schedule), Just(Door::Step), Just(Door::Bake)],
        full in prop::option::of(0_i64..40),
        waiting in prop::option::of(0_i64..40),
    ) -> Facts {
        let mut facts = canary();
        let minutes = minutes.into_iter().zip(0..).map(|((canary, baseline), at)| Minute { at: minute(at), canary, baseline });
        facts.minutes = minutes.collect();
        facts.door = door;
        facts.deployment.weight_percent = weight;
        facts.deployment.full_since = full.map(minute);
        facts.deployment.waiting_since = waiting.map(minute);
        facts
    }
}

fn by_default(facts: &Facts, now: i64) -> Judgement {
    judge(facts, &Policy::default(), minute(now))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_same_facts_give_the_same_judgement(facts in facts(), now in 0_i64..60) {
        let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("JSON")).expect("facts");
        prop_assert_eq!(by_default(&facts, now), by_default(&again, now));
    }

    #[test]
    fn a_judgement_survives_the_record(facts in facts(), now in 0_i64..60) {
        let judgement = by_default(&facts, now);
        let again: Judgement = serde_json::from_str(&serde_json::to_string(&judgement).expect("JSON")).expect("a judgement");
        prop_assert_eq!(judgement, again);
    }

    #[test]
    fn the_order_of_the_minutes_does_not_matter(facts in facts(), now in 0_i64..60) {
        let mut turned = facts.clone();
        turned.minutes.reverse();
        prop_assert_eq!(by_default(&facts, now), by_default(&turned, now));
    }

    #[test]
    fn what_is_not_settled_does_not_matter(facts in facts(), now in 0_i64..60) {
        let mut settled = facts.clone();
        settled.minutes.retain(|told| told.at + SignedDuration::from_mins(3) <= minute(now));
        prop_assert_eq!(by_default(&facts, now), by_default(&settled, now));
    }

    #[test]
    fn a_roll_back_is_never_failed(mut facts in facts(), now in 0_i64..60) {
        facts.deployment.roll_back = true;
        prop_assert_eq!(by_default(&facts, now).verdict, Verdict::Pass);
    }

    #[test]
    fn a_deployment_that_is_over_is_never_failed(mut facts in facts(), now in 0_i64..60) {
        facts.deployment.state = State::Over;
        prop_assert_eq!(by_default(&facts, now).verdict, Verdict::Pass);
    }

    #[test]
    fn a_canary_without_bad_events_is_never_failed(mut facts in facts(), now in 0_i64..60) {
        for minute in &mut facts.minutes {
            minute.canary = minute.canary.map(|counts| Counts { requests: counts.requests, ..Counts::default() });
        }
        let judgement = by_default(&facts, now);
        prop_assert_ne!(judgement.verdict, Verdict::Fail, "{}", judgement.why);
    }

    #[test]
    fn a_canary_that_never_fails_more_than_the_baseline_is_not_called_worse(facts in facts(), now in 0_i64..60) {
        let mut good = facts;
        for told in &mut good.minutes {
            // At most the baseline's rate, in every minute and class.
            if let (Some(canary), Some(baseline)) = (&mut told.canary, &told.baseline) {
                let most = |bad: u64| bad * canary.requests / baseline.requests;
                let (errors, unanswered) = (canary.errors.min(most(baseline.errors)), canary.unanswered.min(most(baseline.unanswered)));
                let connection_errors = canary.connection_errors.min(most(baseline.connection_errors));
                *canary = Counts { errors, unanswered, connection_errors, ..*canary };
            }
        }
        prop_assert_ne!(by_default(&good, now).reason.code(), "worse_than_baseline");
    }

    #[test]
    fn more_errors_of_the_canary_are_never_less_evidence(facts in facts(), now in 0_i64..60, which in 0_usize..40) {
        let mut worse = facts.clone();
        if let Some(counts) = worse.minutes.get_mut(which).and_then(|minute| minute.canary.as_mut()) {
            counts.errors = (counts.errors + 1).min(counts.requests - counts.unanswered.min(counts.requests));
        }
        let grown = worse.minutes.get(which).zip(facts.minutes.get(which)).is_some_and(|(a, b)| {
            a.canary.map(|counts| counts.errors) >= b.canary.map(|counts| counts.errors)
        });
        let (before, after) = (by_default(&facts, now), by_default(&worse, now));
        if grown && let (Some(before), Some(after)) = (before.evidence, after.evidence) {
            prop_assert!(after >= before * (1.0 - 1e-9), "{before} {after}");
        }
    }

    #[test]
    fn a_hook_is_answered_at_the_end_of_its_patience(mut facts in facts(), late in 0_i64..100) {
        facts.door = Door::Step;
        facts.deployment.waiting_since = Some(minute(0));
        facts.deployment.full_since = None;
        let judgement = by_default(&facts, 10 + late);
        prop_assert!(matches!(judgement.verdict, Verdict::Pass | Verdict::Fail), "{:?}", judgement.verdict);
    }

    #[test]
    fn numbers_told_are_finite(facts in facts(), now in 0_i64..60) {
        let judgement = by_default(&facts, now);
        let told = judgement.classes.iter().flat_map(|class| [class.worse, class.not_twice, class.low, class.dispersion]);
        prop_assert!(told.chain(judgement.evidence).all(f64::is_finite));
        prop_assert!(!judgement.why.is_empty() && !judgement.why.contains("NaN"), "{}", judgement.why);
    }
}
