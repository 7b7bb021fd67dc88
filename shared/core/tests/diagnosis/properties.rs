//! What holds for every service and every batch.

use proptest::prelude::*;
use tidegate_core::diagnosis::incident::{Facts, Level, Policy, judge};
use tidegate_core::diagnosis::{Class, Task, grouped, of_event, of_target, of_task};

use crate::world::{crashed, minute, running, scaled_in, stopped};

fn task(nth: usize) -> impl Strategy<Value = Task> {
    let id = format!("t{nth}");
    (0..5_u8, 0..20_i64, 0..15_i64).prop_map(move |(kind, since, more)| match kind {
        0 | 1 => running(&id, since),
        2 => crashed(&id, since, since + more),
        3 => scaled_in(&id, since + more),
        _ => stopped(running(&id, since), since + more, "ServiceSchedulerInitiated", "Task failed ELB health checks"),
    })
}

prop_compose! {
    fn service()(
        tasks in (0..8_usize).prop_flat_map(|count| (0..count).map(task).collect::<Vec<_>>()),
        told in prop::collection::vec(any::<bool>(), 8),
        desired in 0..8_u32,
        deploying in any::<bool>(),
    ) -> Facts {
        let count = tasks.iter().filter(|task| task.last_status == "RUNNING").count();
        let stops = tasks.iter().zip(&told).filter(|(task, told)| task.has_stopped() && **told);
        let stops = stops.map(|(task, _)| task.clone()).collect();
        let running = u32::try_from(count).unwrap_or(0);
        Facts { desired, running, deploying, tasks, stops, ..Facts::default() }
    }
}

fn level(facts: &Facts) -> Level {
    judge(facts, &Policy::default(), minute(35)).level
}

proptest! {
    #[test]
    fn the_order_of_events_does_not_matter(facts in service(), turn in 0..8_usize) {
        let mut other = facts.clone();
        other.stops.reverse();
        let turn = turn % other.tasks.len().max(1);
        other.tasks.rotate_left(turn);
        prop_assert_eq!(judge(&facts, &Policy::default(), minute(35)), judge(&other, &Policy::default(), minute(35)));
    }

    #[test]
    fn what_is_told_twice_changes_nothing(facts in service()) {
        let mut other = facts.clone();
        other.stops.extend(facts.stops.clone());
        other.tasks.extend(facts.stops.clone());
        prop_assert_eq!(judge(&facts, &Policy::default(), minute(35)), judge(&other, &Policy::default(), minute(35)));
    }

    #[test]
    fn one_more_healthy_task_never_makes_it_worse(facts in service(), since in 0..36_i64) {
        let mut better = facts.clone();
        better.tasks.push(running("one-more", since));
        better.running += 1;
        prop_assert!(level(&better) <= level(&facts));
    }

    #[test]
    fn a_batch_of_stops_that_were_meant_is_never_an_incident(mut facts in service()) {
        facts.stops.retain(|task| of_task(task).class.is_expected());
        prop_assert_eq!(level(&facts), Level::None);
    }

    #[test]
    fn what_was_told_is_not_told_again_for_the_same(facts in service()) {
        // The same batch, had a task failed for the same shortly before, when none ran.
        let mut after = facts.clone();
        let first = facts.stops.iter().filter(|task| !of_task(task).class.is_expected()).filter_map(Task::ended_at).min();
        prop_assume!(first.is_some());
        let before = facts.stops.iter().filter(|task| !of_task(task).class.is_expected()).cloned().map(|task| {
            let at = first.map(|at| at - jiff::SignedDuration::from_mins(1));
            Task { task_arn: format!("{}-before", task.task_arn), started_at: None, stopping_at: at, stopped_at: at, ..task }
        });
        after.tasks.extend(before);
        after.tasks.retain(Task::has_stopped);
        for task in after.tasks.iter_mut().chain(&mut after.stops) {
            task.started_at = None;
        }
        after.running = 0;
        prop_assert!(!judge(&after, &Policy::default(), minute(35)).is_news);
    }

    #[test]
    fn whatever_aws_says_is_shown_or_understood(said in "\\PC{0,80}", code in prop::option::of("[A-Za-z]{0,12}")) {
        let task = Task { stop_code: code, stopped_reason: Some(said.clone()), ..Task::default() };
        let diagnosis = of_task(&task);
        prop_assert!(!diagnosis.cause.is_empty() && !diagnosis.fix.is_empty());
        prop_assert!(said.is_empty() || diagnosis.said == said);
        if diagnosis.class == Class::Unknown && !said.is_empty() {
            prop_assert!(diagnosis.cause.ends_with(&said));
        }
        let _ = (of_event(&said), of_target("unhealthy", &said));
    }

    #[test]
    fn groups_count_every_task_once(facts in service()) {
        let count: u32 = grouped(&facts.tasks).iter().map(|group| group.count).sum();
        prop_assert_eq!(usize::try_from(count).ok(), Some(facts.tasks.len()));
    }
}
