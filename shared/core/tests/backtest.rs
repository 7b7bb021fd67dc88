//! The simulated service keeps its books: work is conserved, bills are true, and nobody beats the oracle.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidegate_core::backtest::demand::{Demand, TraceError};
use tidegate_core::backtest::oracle::least_billed_s;
use tidegate_core::backtest::replay::{replay, shape};
use tidegate_core::backtest::run::{Figures, Frame, run};
use tidegate_core::backtest::scaler::{Fixed, Hpa, Scaler, TargetTracking, Tidegate, View};
use tidegate_core::backtest::service::{LEAST_BILLED_S, Service, Shape};
use tidegate_core::backtest::sweep::{Beaten, Outcome, compare};
use tidegate_core::scaling::facts::Point;
use tidegate_core::scaling::{Policy, policy::Target};

const START: Timestamp = Timestamp::constant(1_795_219_200, 0);
const SHAPE: Shape = Shape { capacity: 10.0, start_s: 90, metric_delay_s: 60 };

fn policy(target: f64) -> Policy {
    let targets = [("cpu".to_owned(), Target::Utilization(target))].into();
    Policy { min: Some(2), max: Some(5000), targets, ..Policy::default() }
}

fn scalers(target: f64) -> [Box<dyn Scaler>; 3] {
    [
        Box::new(Tidegate::new(policy(target))),
        Box::new(TargetTracking::new(target, 2, 5000)),
        Box::new(Hpa::new(target, 2, 5000)),
    ]
}

/// A few hours of demand that wanders, with gaps.
fn demand() -> impl Strategy<Value = Demand> {
    let step = prop_oneof![8 => -20.0..20.0_f64, 1 => -150.0..150.0_f64];
    prop::collection::vec((step, prop::bool::weighted(0.02)), 120..400).prop_map(|steps| {
        let mut level = 100.0_f64;
        let minute = |(step, gap): (f64, bool)| {
            level = (level + step).max(0.0);
            (!gap).then_some(level)
        };
        Demand { start: START, minutes: steps.into_iter().map(minute).collect() }
    })
}

/// Never lets demand go unmet, and nothing else.
struct Generous;

impl Scaler for Generous {
    fn period_s(&self) -> i64 {
        60
    }

    fn desired(&mut self, _: View<'_>) -> u32 {
        400
    }
}

/// Asks for any count at any time.
struct Erratic(Vec<u32>, usize);

impl Scaler for Erratic {
    fn period_s(&self) -> i64 {
        20
    }

    fn desired(&mut self, _: View<'_>) -> u32 {
        self.1 += 1;
        self.0[self.1 % self.0.len()]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn work_is_served_or_unmet_and_never_both(demand in demand(), counts in prop::collection::vec(0_u32..60, 1..9)) {
        let mut frames: Vec<Frame> = Vec::new();
        let figures = run(&demand, SHAPE, &mut Erratic(counts, 0), 5, |frame| frames.push(frame));
        let arrived: f64 = demand.known().sum();
        prop_assert!((figures.demand - arrived).abs() <= 1e-6 * arrived.max(1.0));
        prop_assert!(figures.unmet >= 0.0 && figures.unmet <= figures.demand + 1e-6);
        for frame in &frames {
            if let Some(percent) = frame.utilisation { prop_assert!((0.0..=100.0 + 1e-9).contains(&percent)); }
        }
        let served: f64 = figures.demand - figures.unmet;
        let running_s: i64 = frames.iter().filter(|frame| frame.demand.is_some()).map(|frame| frame.billed_s).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let most = running_s as f64 / 60.0 * SHAPE.capacity;
        prop_assert!(served <= most + 1e-6, "no more is served than is billed for");
    }

    #[test]
    fn every_task_is_billed_from_its_launch_for_a_minute_at_least(counts in prop::collection::vec((1_i64..200, 0_u32..20), 1..30)) {
        let mut service = Service::new(SHAPE, 3);
        let (mut launched, mut task_seconds, mut desired) = (0_i64, 0_i64, 3_u32);
        for (seconds, count) in counts {
            launched += i64::from(count.saturating_sub(desired));
            desired = count;
            service.set_desired(desired);
            task_seconds += i64::from(desired) * seconds;
            service.advance(seconds, 5.0);
            prop_assert_eq!(service.running() + service.pending(), desired);
        }
        prop_assert!(service.billed_s() >= task_seconds);
        prop_assert!(service.billed_s() <= task_seconds + launched * LEAST_BILLED_S);
    }

    #[test]
    fn who_leaves_nothing_unmet_pays_no_less_than_the_oracle(demand in demand(), target in 30.0..95.0_f64) {
        let bound = least_billed_s(&demand, &SHAPE, 2);
        let generous = run(&demand, SHAPE, &mut Generous, 400, |_| {});
        prop_assert!(generous.unmet <= 0.0 && generous.billed_s >= bound);
        for mut scaler in scalers(target) {
            let figures = run(&demand, SHAPE, scaler.as_mut(), 20, |_| {});
            if figures.unmet <= 0.0 {
                prop_assert!(figures.billed_s >= bound, "{} is less than {bound}", figures.billed_s);
            }
        }
    }

    #[test]
    fn points_become_minutes_without_loss(values in prop::collection::vec(0.0..1000.0_f64, 2..80), interval in prop_oneof![1_i64..4000, (1_i64..60).prop_map(|minutes| minutes * 60)]) {
        let at = |index: usize| START + SignedDuration::from_secs(interval * i64::try_from(index).expect("small"));
        let points: Vec<(Timestamp, f64)> = values.iter().enumerate().map(|(index, value)| (at(index), *value)).collect();
        let demand = Demand::from_points(&points).expect("a trace");
        prop_assert!(demand.known().all(|value| (0.0..=1000.0).contains(&value)));
        if interval % 60 == 0 {
            #[expect(clippy::cast_precision_loss, reason = "minutes of one interval")]
            let minutes = (interval / 60) as f64;
            let total: f64 = values.iter().sum::<f64>() * minutes;
            prop_assert!((demand.known().sum::<f64>() - total).abs() <= 1e-6 * total.max(1.0));
        }
    }
}

fn minutes_of(values: &[f64]) -> Demand {
    Demand { start: START, minutes: values.iter().copied().map(Some).collect() }
}

#[test]
fn the_oracle_launches_one_start_up_ahead() {
    // One task's work for ten minutes, then three tasks' for ten: two more are launched 90 s before.
    let demand = minutes_of(&[[10.0; 10], [30.0; 10]].concat());
    assert_eq!(least_billed_s(&demand, &SHAPE, 1), 10 * 60 + 10 * 180 + 2 * 90);
    // With a start-up of nothing, nobody is paid for waiting.
    assert_eq!(least_billed_s(&demand, &Shape { start_s: 0, ..SHAPE }, 1), 10 * 60 + 10 * 180);
    // A minute without a value needs nobody.
    let gap = Demand { start: START, minutes: vec![Some(10.0), None, Some(10.0)] };
    assert_eq!(least_billed_s(&gap, &Shape { start_s: 0, ..SHAPE }, 1), 120);
}

#[test]
fn a_fixed_count_costs_its_tasks_and_leaves_what_is_above_them() {
    let figures = run(&minutes_of(&[50.0, 80.0, 20.0]), SHAPE, &mut Fixed(6), 6, |_| {});
    assert_eq!((figures.billed_s, figures.unmet_minutes, figures.actions), (3 * 6 * 60, 1, 0));
    assert!((figures.unmet - 20.0).abs() < 1e-9);
    assert!((figures.utilisation - (50.0 + 60.0 + 20.0) / 180.0 * 100.0).abs() < 1e-9);
}

#[test]
fn a_reversal_within_ten_minutes_is_a_flap_and_a_later_one_is_not() {
    struct Steps(Vec<u32>);
    impl Scaler for Steps {
        fn period_s(&self) -> i64 {
            60
        }
        fn desired(&mut self, view: View<'_>) -> u32 {
            let minute = view.now.duration_since(START).as_mins();
            self.0[usize::try_from(minute).expect("a minute")]
        }
    }
    let counts = [[5; 3].as_slice(), &[7; 10], &[6; 11], &[7; 3]].concat();
    let figures = run(&minutes_of(&vec![10.0; counts.len()]), SHAPE, &mut Steps(counts), 5, |_| {});
    assert_eq!((figures.actions, figures.flaps), (3, 1));
}

#[test]
fn a_hole_in_a_trace_stays_a_hole() {
    let at = |minute: i64| START + SignedDuration::from_mins(minute);
    let demand = Demand::from_points(&[(at(0), 1.0), (at(5), 2.0), (at(20), 3.0), (at(25), 4.0)]).expect("a trace");
    let known: Vec<usize> =
        demand.minutes.iter().enumerate().filter(|(_, v)| v.is_some()).map(|(index, _)| index).collect();
    assert_eq!(known, [(0..10).collect::<Vec<_>>(), (20..30).collect()].concat());
}

#[test]
fn a_trace_that_is_none_is_refused_with_the_value() {
    assert_eq!(Demand::from_points(&[(START, 1.0)]), Err(TraceError::TooShort(1)));
    let later = START + SignedDuration::from_mins(1);
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let error = Demand::from_points(&[(START, 1.0), (later, bad)]).expect_err("no demand");
        assert!(
            error.to_string().starts_with(&format!("the value {bad} at 2026-11-21T00:01:00Z is not a demand")),
            "{error}"
        );
    }
    let far = START + SignedDuration::from_hours(24 * 365 * 30);
    assert!(matches!(Demand::from_points(&[(START, 1.0), (far, 1.0)]), Err(TraceError::TooLong { .. })));
}

#[test]
fn quantiles_are_those_of_the_known_minutes() {
    let demand = Demand { start: START, minutes: vec![Some(3.0), None, Some(1.0), Some(2.0), Some(4.0)] };
    assert_eq!([0.25, 0.5, 0.99, 1.0].map(|share| demand.quantile(share)), [1.0, 2.0, 4.0, 4.0].map(Some));
}

#[test]
fn a_services_own_past_is_replayed_from_its_cpu() {
    let at = |minute: i64| START + SignedDuration::from_mins(minute);
    let point = |minute| Point { at: at(minute), value: 20.0, samples: Some(20.0), period_s: 60 };
    let day: Vec<Point> = (0..1440).map(point).collect();
    let replayed = replay(&day, 20, &policy(70.0)).expect("a day");
    assert!((replayed.ran_s - 1440.0 * 60.0 * 20.0).abs() < 1e-6);
    // 20 tasks at 20 % are 6 at 70 %.
    assert!(replayed.ours.unmet <= 0.0 && replayed.ours.billed_s < 1440 * 60 * 8, "{:?}", replayed.ours);
    assert!((replayed.ours.demand - 1440.0 * 400.0).abs() < 1e-6);
    assert!((shape().capacity - 100.0).abs() < f64::EPSILON);
    // With 20-second metrics every task counts three times.
    let finer: Vec<Point> = day.iter().map(|point| Point { samples: Some(60.0), ..*point }).collect();
    assert_eq!(replay(&finer, 20, &policy(70.0)), Some(replayed));
}

#[test]
fn curves_are_compared_at_equal_unmet_demand() {
    let outcome = |target: f64, unmet: f64, billed_s: i64| Outcome {
        target,
        figures: Figures { billed_s, demand: 1000.0, unmet, ..Figures::default() },
    };
    let ours = [outcome(50.0, 1.0, 1000), outcome(80.0, 100.0, 500)];
    let dearer = [outcome(50.0, 1.0, 2000), outcome(80.0, 100.0, 1000)];
    let comparison = compare(&ours, &dearer);
    let equal = comparison.equal.expect("they overlap");
    assert!((equal.bill_ratio - 0.5).abs() < 1e-9);
    assert!((equal.least - 0.001).abs() < 1e-9 && (equal.most - 0.1).abs() < 1e-9, "{equal:?}");
    assert_eq!((comparison.beaten, comparison.beaten_by), (Beaten { targets: 2, of: 2 }, Beaten { targets: 0, of: 2 }));
    let elsewhere = [outcome(50.0, 200.0, 400), outcome(80.0, 300.0, 300)];
    assert_eq!(compare(&ours, &elsewhere).equal, None, "they share no unmet demand");
    let nothing = |billed: [i64; 2]| [outcome(50.0, 0.0, billed[0]), outcome(80.0, 0.0, billed[1])];
    let equal = compare(&nothing([2000, 900]), &nothing([3000, 1000])).equal.expect("neither leaves anything");
    assert!((equal.bill_ratio - 0.9).abs() < 1e-9 && equal.most <= 0.0, "{equal:?}");
}

/// A scaler of the test's own.
struct Watched<'a>(&'a mut dyn FnMut(View<'_>) -> u32);

impl Scaler for Watched<'_> {
    fn period_s(&self) -> i64 {
        60
    }
    fn desired(&mut self, view: View<'_>) -> u32 {
        (self.0)(view)
    }
}

#[test]
fn target_tracking_waits_three_minutes_to_add_and_fifteen_to_take_away() {
    let demand = minutes_of(&[[70.0; 20].as_slice(), &[95.0; 30], &[40.0; 60]].concat());
    let mut changes = Vec::new();
    let mut scaler = TargetTracking::new(70.0, 2, 5000);
    let mut before = 10;
    let mut desired = |view: View<'_>| {
        let count = scaler.desired(view);
        if count != before {
            changes.push((view.now.duration_since(START).as_mins(), count > before));
            before = count;
        }
        count
    };
    run(&demand, SHAPE, &mut Watched(&mut desired), 10, |_| {});
    // Minutes 20 to 22 are above; the last of them can be read at 24. Minutes 50 to 64 are below: 66.
    assert_eq!(changes.first(), Some(&(24, true)));
    assert_eq!(changes.iter().find(|(_, up)| !up), Some(&(66, false)));
}
