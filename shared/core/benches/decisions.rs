//! What one decision takes, of every kind, with as much to look at as there is at most: `cargo bench -p tidegate-core`.
//!
//! The facts of the hook and of images are those that their tests begin with.

#![allow(clippy::expect_used, dead_code, unused_imports, reason = "the tests' facts, of which not all are used here")]

#[path = "../tests/hook/case.rs"]
mod case;
#[path = "../tests/scan/image.rs"]
mod image;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_core::scan::finding::{Fix, Severity};
use tidegate_core::task_definition::TaskDefinition;
use tidegate_core::{canary, hook, scaling, scan};

/// 2026-11-27 14:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_795_788_000, 0);

/// Findings of a very old image.
const FINDINGS: usize = 10_000;

fn minutes_from_now(minutes: i64) -> String {
    (NOW + SignedDuration::from_mins(minutes)).to_string()
}

/// Twenty tasks with three metrics over a quarter of an hour, scaled thirty times in the last thirty hours.
fn busy_service() -> scaling::facts::Facts {
    let point = |minute: i64| json!({"at": minutes_from_now(-minute), "value": 45 + minute % 3, "samples": 20.0});
    let points: Vec<Value> = (2..=15).map(point).collect();
    let change = |hour: i64| json!({"at": minutes_from_now(-60 * hour), "tasks": if hour % 2 == 0 { 2 } else { -2 }});
    let changes: Vec<Value> = (1..=30).rev().map(change).collect();
    let facts = json!({
        "desired": 20, "running": 20,
        "metrics": {"cpu": {"points": points}, "memory": {"points": points}, "requests": {"points": points}},
        "history": {"complete_since": minutes_from_now(-1800), "changes": changes},
        "deployments": [{"status": "PRIMARY", "rollout_state": "COMPLETED"}],
    });
    serde_json::from_value(facts).expect("facts")
}

/// A canary that has had a tenth of the traffic for an hour.
fn hour_of_a_release() -> canary::facts::Facts {
    let counts = |requests: i64, minute: i64| json!({"requests": requests, "errors": minute % 3, "connection_errors": minute % 2, "slow": requests / 50});
    let minute = |minute| json!({"at": minutes_from_now(minute - 63), "canary": counts(100, minute), "baseline": counts(900, minute)});
    let before = |minute: i64| json!({"at": minutes_from_now(-63 - minute), "requests": 1000, "errors": minute % 3, "connection_errors": minute % 2, "slow": 20});
    let hosts = |minute: i64| json!({"at": minutes_from_now(minute - 63), "healthy": 4, "unhealthy": 0});
    let facts = json!({
        "deployment": {
            "id": "d-000000001", "platform": "code_deploy", "strategy": "canary", "started_at": minutes_from_now(-65),
            "traffic_from": minutes_from_now(-63), "weight_percent": 10.0, "first_percent": 10.0,
        },
        "minutes": (0..60).map(minute).collect::<Vec<_>>(),
        "before": (3..123).map(before).collect::<Vec<_>>(),
        "hosts": (0..60).map(hosts).collect::<Vec<_>>(),
    });
    serde_json::from_value(facts).expect("facts")
}

/// An image of whose findings every other one blocks.
fn old_image() -> scan::Facts {
    let severity = |n: usize| if n.is_multiple_of(2) { Severity::Critical } else { Severity::Low };
    image::with((0..FINDINGS).map(|n| image::finding(&format!("CVE-2026-{n:05}"), severity(n), Fix::Yes)))
}

/// A task definition of ten containers with twenty variables and secrets each, as ECS says it.
fn task_definition() -> String {
    let variable = |n: usize| json!({"name": format!("VARIABLE_{n}"), "value": format!("value-{n}")});
    let secret = |n: usize| json!({"name": format!("SECRET_{n}"), "valueFrom": format!("arn:aws:ssm:eu-west-1:111122223333:parameter/shop/{n}")});
    let container = |n: usize| {
        json!({
            "name": format!("app-{n}"), "image": format!("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v{n}"), "essential": true,
            "environment": (0..20).map(variable).collect::<Vec<_>>(), "secrets": (0..20).map(secret).collect::<Vec<_>>(),
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/shop", "awslogs-region": "eu-west-1"}},
            "portMappings": [{"containerPort": 8080, "protocol": "tcp"}], "cpu": 256, "memory": 512,
            "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost/"], "interval": 30, "retries": 3, "startPeriod": 60},
        })
    };
    let definition = json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7", "family": "shop", "revision": 7,
        "networkMode": "awsvpc", "cpu": "4096", "memory": "8192", "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": (0..10).map(container).collect::<Vec<_>>(),
    });
    definition.to_string()
}

fn decisions(bench: &mut Criterion) {
    let facts = busy_service();
    let policy = scaling::Policy { min: Some(2), max: Some(40), ..Default::default() };
    bench.bench_function("scaling::decide, 3 metrics", |each| {
        each.iter(|| scaling::decide(black_box(&facts), &policy, NOW));
    });

    let facts = hour_of_a_release();
    let slow = canary::policy::Slow { ms: 500.0, max_ratio: 2.0 };
    let policy = canary::Policy { slow: Some(slow), ..Default::default() };
    bench.bench_function("canary::judge, an hour", |each| {
        each.iter(|| canary::judge(black_box(&facts), &policy, NOW));
    });

    let facts = case::facts(hook::Stage::BeforeInstall);
    let policy = case::policy();
    bench.bench_function("hook::judge, before installation", |each| {
        each.iter(|| hook::judge(black_box(&facts), &policy, NOW));
    });

    let definition = task_definition();
    bench.bench_function("a task definition of 10 containers, read", |each| {
        each.iter(|| serde_json::from_str::<TaskDefinition>(black_box(&definition)));
    });
}

fn verdicts(bench: &mut Criterion) {
    let (facts, policy) = (old_image(), scan::Policy::default());
    let mut group = bench.benchmark_group("scan::judge");
    // A verdict takes milliseconds: a hundred of them tell as much as the usual thousands.
    group.sample_size(20);
    group.bench_function("10,000 findings", |each| each.iter(|| scan::judge(black_box(&facts), &policy, image::now())));
    group.finish();
}

criterion_group!(benches, decisions, verdicts);
criterion_main!(benches);
