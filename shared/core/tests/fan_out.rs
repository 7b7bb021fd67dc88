//! What holds for every plan of parts, whatever the services.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidegate_core::scaling::fan_out::{Clusters, Limits, Message, Plan, WORKERS, plan};

const BEGIN: Timestamp = Timestamp::constant(1_795_255_200, 0);

/// Half of the bucket that ECS gives to reads of services.
const LIMITS: Limits = Limits { reach: 1500, per_call: 10, per_second: 10 };

/// So many services in each of so many clusters.
fn clusters(many: usize, services: usize) -> Clusters {
    let names = || (0..services).map(|service| format!("service-{service:04}")).collect();
    (0..many).map(|cluster| (format!("cluster-{cluster:02}"), names())).collect()
}

/// Clusters of every size, from one service to more than a part holds.
fn any_clusters() -> impl Strategy<Value = Clusters> {
    let size = prop_oneof![6 => 1_usize..40, 3 => 40_usize..400, 1 => 400_usize..1600];
    prop::collection::vec(size, 1..60).prop_map(|sizes| {
        let names = |size: usize| (0..size).map(|service| format!("service-{service:04}")).collect();
        sizes.into_iter().enumerate().map(|(cluster, size)| (format!("cluster-{cluster:02}"), names(size))).collect()
    })
}

fn at(minute: u32) -> Timestamp {
    BEGIN + SignedDuration::from_mins(minute.into())
}

/// Every service of a plan, as often as it is in it.
fn services(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    let clusters = plan.parts.iter().flat_map(|part| &part.clusters);
    clusters.flat_map(|(cluster, names)| names.iter().map(move |name| (cluster.as_str(), name.as_str())))
}

/// The minutes, from the first one, in which each service has its turn.
fn turns(of: &Clusters, minutes: std::ops::Range<u32>) -> BTreeMap<(String, String), Vec<u32>> {
    let mut turns: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for minute in minutes {
        for (cluster, name) in services(&plan(of, at(minute), LIMITS).expect("too many for one run")) {
            turns.entry((cluster.to_owned(), name.to_owned())).or_default().push(minute);
        }
    }
    turns
}

fn calls(names: &BTreeSet<String>) -> usize {
    names.len().div_ceil(LIMITS.per_call)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_service_is_in_just_one_part_of_an_interval(clusters in any_clusters(), minute in 0_u32..10_000) {
        if let Some(first) = plan(&clusters, at(minute), LIMITS) {
            let every = first.turn.every_minutes;
            let turns = turns(&clusters, minute..minute + every);
            let all: usize = clusters.values().map(BTreeSet::len).sum();
            prop_assert_eq!(turns.len(), all);
            prop_assert!(turns.values().all(|turns| turns.len() == 1));
        }
    }

    #[test]
    fn the_parts_of_a_minute_together_keep_within_the_calls_of_a_minute(clusters in any_clusters(), minute in 0_u32..100) {
        if let Some(plan) = plan(&clusters, at(minute), LIMITS) {
            let calls: usize = plan.parts.iter().map(|part| part.calls).sum();
            prop_assert!(calls <= 60 * LIMITS.per_second, "{} calls", calls);
            for part in &plan.parts {
                let own: usize = part.clusters.values().map(|names| names.len().div_ceil(LIMITS.per_call)).sum();
                prop_assert!(own <= part.calls && part.calls <= 50, "{} of {}", own, part.calls);
                prop_assert!(part.services() > 0);
            }
            // Each has its share, so that as many as may run at once have all of them.
            prop_assert!(plan.messages().all(|message| message.workers == WORKERS));
        }
    }

    #[test]
    fn parts_begin_in_their_order_and_no_sooner_than_those_before_can_be_through(clusters in any_clusters()) {
        if let Some(plan) = plan(&clusters, BEGIN, LIMITS) {
            let mut before = 0;
            for part in &plan.parts {
                prop_assert_eq!(part.delay_s as usize, before / LIMITS.per_second);
                before += part.calls;
            }
            prop_assert!(plan.parts.iter().all(|part| part.delay_s < 60));
        }
    }

    #[test]
    fn what_fits_one_run_is_not_divided(clusters in any_clusters(), minute in 0_u32..100) {
        let calls: usize = clusters.values().map(calls).sum();
        prop_assert_eq!(plan(&clusters, at(minute), LIMITS).is_none(), calls <= 150);
    }

    #[test]
    fn a_service_that_comes_moves_nobody_by_more_than_a_minute_and_nobody_waits_for_two_rounds(
        clusters in any_clusters(),
        cluster in 0_usize..60,
    ) {
        let mut more = clusters.clone();
        let key = format!("cluster-{:02}", cluster % clusters.len());
        more.get_mut(&key).expect("a cluster").insert("service-0000-new".to_owned());
        let (before, after) = (plan(&clusters, BEGIN, LIMITS), plan(&more, BEGIN, LIMITS));
        if let (Some(before), Some(after)) = (before, after)
            && before.turn.every_minutes == after.turn.every_minutes
        {
            let every = before.turn.every_minutes;
            // The service comes when half of the second round is over.
            let comes = every + every / 2;
            let (first, then) = (turns(&clusters, 0..comes), turns(&more, comes..4 * every));
            for (service, seen) in &first {
                let last = seen.last().expect("a turn");
                let next = then[service].first().expect("a turn");
                prop_assert!(next - last < 2 * every, "{service:?} waits from {last} to {next}");
            }
            let of_a_round = |clusters: &Clusters| turns(clusters, 0..every);
            let (then, now) = (of_a_round(&clusters), of_a_round(&more));
            for (service, then) in then {
                prop_assert!(now[&service][0].abs_diff(then[0]) <= 1, "{service:?}");
            }
        }
    }
}

#[test]
fn five_thousand_services_have_their_turn_each_minute_and_ten_thousand_every_second() {
    let interval = |many| plan(&clusters(many, 200), BEGIN, LIMITS).map(|plan| plan.turn.every_minutes);
    assert_eq!([5, 7, 8, 25, 26, 50, 100].map(interval), [None, None, Some(1), Some(1), Some(2), Some(2), Some(4)]);
    let plan = plan(&clusters(50, 200), BEGIN, LIMITS).expect("too many for one run");
    // Two clusters to a part: forty calls, which two workers make in eight seconds.
    let shape = |part: &tidegate_core::scaling::fan_out::Part| (part.clusters.len(), part.calls, part.delay_s);
    assert_eq!(plan.parts.len(), 13);
    assert_eq!(plan.parts.iter().take(3).map(shape).collect::<Vec<_>>(), [(2, 40, 0), (2, 40, 4), (2, 40, 8)]);
    assert_eq!(plan.services(), 5000);
}

#[test]
fn clusters_of_three_services_take_a_call_each_and_share_their_parts() {
    assert_eq!(plan(&clusters(150, 3), BEGIN, LIMITS), None);
    let plan = plan(&clusters(600, 3), BEGIN, LIMITS).expect("600 calls");
    assert_eq!(plan.turn.every_minutes, 2);
    assert!(plan.parts.iter().all(|part| part.clusters.len() == 50));
}

#[test]
fn what_comes_last_in_one_round_comes_first_in_the_next() {
    let clusters = clusters(25, 200);
    let ends = |minute| {
        let parts = plan(&clusters, at(minute), LIMITS).expect("too many for one run").parts;
        let has = |part: usize, cluster: &str| parts[part].clusters.contains_key(cluster);
        [
            has(0, "cluster-00"),
            has(parts.len() - 1, "cluster-24"),
            has(0, "cluster-24"),
            has(parts.len() - 1, "cluster-00"),
        ]
    };
    assert_eq!([ends(0), ends(1)], [[true, true, false, false], [false, false, true, true]]);
}

#[test]
fn a_message_is_as_large_as_sqs_takes_it_with_the_longest_names_too() {
    let longest = |number: usize| format!("{number:0255}");
    let clusters = Clusters::from([("c".repeat(255), (0..2000).map(longest).collect())]);
    let plan = plan(&clusters, BEGIN, LIMITS).expect("too many for one run");
    for message in plan.messages() {
        let text = serde_json::to_string(&message).expect("JSON");
        assert!(text.len() < 256 * 1024, "{}", text.len());
        assert_eq!(serde_json::from_str::<Message>(&text).expect("a message"), message);
    }
}
