//! The canary judge on simulated releases: a smaller `make judges`.

use tidegate_tests::judges::Judge;
use tidegate_tests::judges::chance::at_least;
use tidegate_tests::judges::clumps::Clumps;
use tidegate_tests::judges::release::{Scenario, Setting};
use tidegate_tests::judges::report::ALPHA;
use tidegate_tests::judges::services::REFERENCE;
use tidegate_tests::judges::tidegate::{Tidegate, Wait, wait};
use tidegate_tests::judges::trial::{Batch, Tally, in_parallel, run};

/// A count that chance at alpha reaches more rarely than this is a fault of the judge.
const NO_CHANCE: f64 = 1e-4;

/// Services that differ in what makes a judgement hard: few events, many, a small canary, a large one.
fn services(clumps: Clumps) -> Vec<Setting> {
    let service = |requests_per_minute, canary_share, error_rate| Setting {
        requests_per_minute,
        canary_share,
        error_rate,
        clumps,
        ..REFERENCE
    };
    vec![
        service(1_000.0, 0.1, 0.001),
        service(1_000.0, 0.5, 0.0001),
        service(10_000.0, 0.01, 0.005),
        service(100_000.0, 0.25, 0.05),
    ]
}

fn tally(services: Vec<Setting>, scenario: Scenario, releases: u64) -> Tally {
    let batches: Vec<Batch> = services
        .into_iter()
        .zip(1..)
        .map(|(setting, cell)| Batch { setting, scenario, releases, first: cell << 32 })
        .collect();
    let judges: [&dyn Judge; 1] = [&Tidegate::Default];
    let mut all = Tally::default();
    for of_judges in run(&batches, &judges) {
        all.add(&of_judges[0]);
    }
    all
}

#[test]
fn a_good_release_is_stopped_no_more_often_than_alpha_says() {
    for clumps in Clumps::ALL {
        // The second is the worst release that the default policy accepts.
        for (scenario, releases) in [(Scenario::Good, 60), (Scenario::Errors(1.5), 25)] {
            let tally = tally(services(clumps), scenario, releases);
            let chance = at_least(tally.stopped(), tally.releases, ALPHA);
            assert!(chance > NO_CHANCE, "{clumps:?}, {scenario:?}: {} of {}", tally.stopped(), tally.releases);
        }
    }
}

#[test]
fn a_bad_release_is_stopped_soon() {
    for (scenario, within) in [
        (Scenario::Errors(10.0), 10),
        (Scenario::Slow(10.0), 10),
        (Scenario::Crashes(0.05), 10),
        (Scenario::Errors(5.0), 20),
    ] {
        let slow_rate = matches!(scenario, Scenario::Slow(_)).then_some(0.01);
        let tally = tally(vec![Setting { slow_rate, ..REFERENCE }], scenario, 100);
        let soon = tally.looks.iter().filter(|look| **look <= within).count();
        assert!(soon >= 95, "{scenario:?}: {soon} of 100 within {within} minutes, {} at all", tally.stopped());
    }
}

#[test]
fn an_outage_of_both_versions_is_nobodys_fault() {
    for clumps in [Clumps::Independent, Clumps::Of(3)] {
        let tally = tally(vec![Setting { clumps, ..REFERENCE }], Scenario::CommonOutage(20.0), 150);
        assert!(at_least(tally.stopped(), tally.releases, ALPHA) > NO_CHANCE, "{clumps:?}: {}", tally.stopped());
    }
}

#[test]
fn a_good_release_is_shown_to_be_good() {
    let setting = Setting { requests_per_minute: 10_000.0, ..REFERENCE };
    let batch = Batch { setting, scenario: Scenario::Good, releases: 100, first: 0 };
    let waits = in_parallel(&batch.each().collect::<Vec<_>>(), wait);
    let proved = waits.iter().filter(|wait| matches!(wait, Wait::Proved(look) if *look <= 15)).count();
    assert!(proved >= 95, "{proved} of 100 within a quarter of an hour");
}
