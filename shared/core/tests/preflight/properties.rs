//! What holds for every task definition.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use tidegate_core::hook::policy::{Level, Named, Preflight};
use tidegate_core::hook::{Check, Facts, Judgement, Policy, Rule, judge};
use tidegate_core::task_definition::{HostPath, MountPoint, Variable, Volume};
use tidegate_core::verdict::Verdict;

use crate::definitions::{clean, definition};

/// One change to a container, or to the whole.
type Change = (usize, usize);

/// Breaks a rule, or two.
fn apply(facts: &mut Facts, (what, whose): Change) {
    let whole = definition(facts);
    match what {
        0 => whole.network_mode = "host".to_owned(),
        1 => whole.requires_compatibilities = vec!["EC2".to_owned()],
        2 => whole.execution_role_arn = None,
        3 => whole.cpu = Some("300".to_owned()),
        4 => whole.memory = None,
        5 => whole.runtime_platform.operating_system_family = "WINDOWS_SERVER_2022_CORE".to_owned(),
        6 => whole.volumes.push(Volume {
            name: "given".to_owned(),
            host: Some(HostPath { source_path: Some("/run".to_owned()) }),
            ..Volume::default()
        }),
        _ => {
            let own = &mut whole.container_definitions[whose % 2];
            match what {
                7 => own.privileged = Some(true),
                8 => own.user = None,
                9 => own.readonly_root_filesystem = None,
                10 => own.log_configuration = None,
                11 => own.environment.push(Variable { name: "TOKEN".to_owned(), value: "hunter2".to_owned() }),
                12 => own.linux_parameters.capabilities.add = vec!["ALL".to_owned()],
                13 => own.mount_points.push(MountPoint { source_volume: "given".to_owned(), ..MountPoint::default() }),
                _ => facts.surroundings.log_groups = vec![("/ecs/shop".to_owned(), false)],
            }
        }
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    prop::collection::vec((0_usize..15, 0_usize..2), 0..8).prop_map(|changes| {
        let mut facts = clean();
        for change in changes {
            apply(&mut facts, change);
        }
        facts
    })
}

fn named() -> impl Strategy<Value = Vec<Named>> {
    let rules: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| rule.check() == Check::TaskDefinition).collect();
    let levels = prop::sample::select(vec![Level::Off, Level::Warn, Level::Block]);
    let containers = prop::option::of(prop::sample::select(vec!["web", "metrics", "other"]));
    let one = (prop::sample::select(rules), containers, levels).prop_map(|(rule, container, level)| Named {
        rule,
        container: container.map(str::to_owned),
        level,
    });
    prop::collection::vec(one, 0..4)
}

fn judged(facts: &Facts, preflight: Preflight) -> Judgement {
    judge(facts, &Policy { preflight, ..Policy::default() }, Timestamp::UNIX_EPOCH)
}

/// Rules with what they are about; those that belong to something else are left out.
fn told(judgement: &Judgement) -> BTreeSet<(Rule, Option<String>, Level)> {
    let own = judgement.findings.iter().filter(|finding| finding.rule.check() == Check::TaskDefinition);
    own.map(|finding| (finding.rule, finding.subject.clone(), finding.level)).collect()
}

proptest! {
    #[test]
    fn a_stricter_policy_never_finds_less(facts in facts(), rules in named()) {
        let levels = [Level::Off, Level::Warn, Level::Block];
        let judged = levels.map(|level| judged(&facts, Preflight { level, rules: rules.clone() }));
        for pair in judged.windows(2) {
            let [laxer, stricter] = [told(&pair[0]), told(&pair[1])];
            for (rule, subject, level) in &laxer {
                let same = stricter.iter().find(|(own, about, _)| own == rule && about == subject);
                prop_assert!(same.is_some_and(|(_, _, own)| own >= level), "{:?} {:?}", rule, subject);
            }
            prop_assert!(!(pair[0].verdict == Verdict::Fail && pair[1].verdict == Verdict::Pass));
        }
    }

    #[test]
    fn an_exemption_for_a_container_touches_that_container_only(facts in facts(), rules in named(), level in prop::sample::select(vec![Level::Warn, Level::Block])) {
        let before = told(&judged(&facts, Preflight { level, rules: rules.clone() }));
        for rule in Rule::ALL.iter().copied().filter(|rule| rule.check() == Check::TaskDefinition) {
            let exempt = Named { rule, container: Some("web".to_owned()), level: Level::Off };
            let rules = rules.iter().cloned().chain([exempt]).collect();
            let after = told(&judged(&facts, Preflight { level, rules }));
            let is_exempt = |(own, about, _): &&(Rule, Option<String>, Level)| *own == rule && about.as_deref() == Some("web");
            prop_assert_eq!(after, before.iter().filter(|own| !is_exempt(own)).cloned().collect());
        }
    }

    #[test]
    fn a_rule_is_told_once_of_a_container(facts in facts()) {
        let judgement = judged(&facts, Preflight { level: Level::Block, rules: Vec::new() });
        let own = judgement.findings.iter().filter(|finding| finding.rule.check() == Check::TaskDefinition);
        prop_assert_eq!(own.count(), told(&judgement).len());
    }

    #[test]
    fn the_same_facts_give_the_same_findings_after_the_record(facts in facts()) {
        let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("JSON")).expect("facts");
        prop_assert_eq!(crate::definitions::found(&again), crate::definitions::found(&facts));
    }
}
