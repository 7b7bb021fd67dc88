//! Deployments to judge: one that is as it should be, and what may be wrong with it.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::canary::facts::{Platform, Strategy};
use tidegate_core::hook::facts::{Alarm, AlarmState, Deployment, Facts, Settings, Split, Traffic};
use tidegate_core::hook::{Policy, Stage};
use tidegate_core::mode::Mode;
use tidegate_core::smoke::{Answer, Expected, Request, Tried};
use tidegate_core::task_definition::{Container, HealthCheck, TaskDefinition};

use super::NOW;

/// A deployment at a stage, of which nothing is wrong that the checks here look at.
pub(crate) fn facts(stage: Stage) -> Facts {
    let deployment = Deployment {
        id: "d-1".to_owned(),
        platform: Platform::CodeDeploy,
        event: format!("{stage:?}"),
        strategy: Strategy::Canary,
        started_at: NOW - SignedDuration::from_mins(2),
        roll_back: false,
        first: false,
        waiting_since: None,
        hook_ends_at: None,
    };
    Facts {
        task_definition: Some(task_definition()),
        settings: Some(settings()),
        alarms: vec![alarm("shop-errors", false)],
        ..Facts::of(stage, deployment)
    }
}

pub(crate) fn policy() -> Policy {
    Policy { mode: Mode::On, ..Policy::default() }
}

fn task_definition() -> TaskDefinition {
    let health_check = HealthCheck { start_period: Some(60), ..HealthCheck::default() };
    let app = Container { name: "app".to_owned(), health_check: Some(health_check), ..Container::default() };
    TaskDefinition { family: "shop".to_owned(), container_definitions: vec![app], ..TaskDefinition::default() }
}

fn settings() -> Settings {
    Settings {
        desired: 4,
        rolls_back: true,
        minimum_healthy_percent: Some(100),
        health_check_grace_s: Some(60),
        public_ip: Some(false),
        step_percent: Some(10.0),
        step_minutes: Some(15),
        bake_minutes: Some(10),
        traffic: Some(Traffic { requests_a_minute: 60_000.0, error_percent: 1.0 }),
        split: Some(Split {
            expected: "shop-blue".to_owned(),
            weights: vec![("shop-blue".to_owned(), 100), ("shop-green".to_owned(), 0)],
        }),
    }
}

/// An alarm that is quiet and does what it is told to do.
pub(crate) fn alarm(name: &str, of_tag: bool) -> Alarm {
    let state = AlarmState { in_alarm: false, since: None, actions_enabled: true };
    Alarm { name: name.to_owned(), of_tag, state: Some(state) }
}

/// The facts with other settings.
pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Facts {
    let mut facts = facts(Stage::BeforeInstall);
    change(facts.settings.as_mut().expect("settings"));
    facts
}

pub(crate) fn request() -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/health".to_owned(),
        host: Some("shop.example.com".to_owned()),
        headers: [].into(),
        body: None,
        expected: Expected { within_ms: 500, ..Expected::default() },
    }
}

/// A request, and what came of it.
pub(crate) fn tried(attempts: &[Answer]) -> Tried {
    Tried { request: request(), attempts: attempts.to_vec() }
}

pub(crate) fn answered(status: u16, took_ms: u32, body: &str) -> Answer {
    Answer::Answered { status, took_ms, body: body.to_owned(), cut: false, location: None }
}

/// A time of the day of the tests.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().expect("a time")
}
