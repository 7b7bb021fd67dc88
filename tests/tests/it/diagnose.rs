//! `tidegate diagnose CLUSTER/SERVICE`: why tasks of a service fail, and nothing changed.

use std::process::ExitCode;

use clap::Parser;
use jiff::SignedDuration;
use serde_json::Value;
use tidegate::diagnose::{Args, run};
use tidegate_tests::scanning::WRITES;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// A shop of four tasks behind a load balancer, that has been running for an hour.
fn shop() -> World {
    let world = World::new(TEN - SignedDuration::from_mins(60));
    world.add(Service::new("prod/shop", 4, TEN));
    world.balance(Balancer::application("prod/shop").requests(|_| 100.0).serving(Version::new("v1"), 4));
    world.pass(60);
    world
}

async fn try_diagnose(world: &World, arguments: &[&str]) -> Result<(ExitCode, String), String> {
    let args = Args::try_parse_from([&["diagnose"], arguments].concat()).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let code = run(world, &args, &mut out).await.map_err(|error| format!("{error:#}"))?;
    Ok((code, String::from_utf8(out).expect("UTF-8")))
}

async fn diagnose(world: &World) -> (ExitCode, Value) {
    let ran = try_diagnose(world, &["prod/shop", "--json"]).await;
    let (code, line) = ran.unwrap_or_else(|error| panic!("{error}"));
    (code, serde_json::from_str(&line).expect("a line of JSON"))
}

fn classes(found: &Value, of: &str) -> Vec<String> {
    let all = found[of].as_array().expect("a list");
    all.iter().map(|one| format!("{} {}", one["count"], one["class"].as_str().expect("a class"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_well_has_nothing_to_tell() {
    let world = shop();
    let (code, found) = diagnose(&world).await;
    assert_eq!(code, ExitCode::SUCCESS, "{found}");
    assert_eq!(found["counts"]["running"], 4);
    for operation in WRITES {
        assert_eq!(world.calls(operation), 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_that_run_out_of_memory_are_told_once_with_their_count() {
    let world = shop();
    world.crash("prod/shop", Failure::out_of_memory().times(2));
    world.pass(2);
    let (code, found) = diagnose(&world).await;
    assert_eq!((code, classes(&found, "stopped")), (ExitCode::from(1), vec!["2 out_of_memory".to_owned()]), "{found}");
    let (_, told) = try_diagnose(&world, &["prod/shop"]).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(told.starts_with("FAILED prod/shop: ") && told.contains("What to do:\n  out_of_memory: raise"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_read_is_no_good_news() {
    let world = shop();
    world.lock().faults.add("ListTasks", Fault::Denied, Times::Always);
    let error = try_diagnose(&world, &["prod/shop"]).await.expect_err("it is refused");
    assert!(error.contains("ListTasks"), "{error}");
    let error = try_diagnose(&world, &["prod/till"]).await.expect_err("it is refused");
    assert!(error.contains("there is no service prod/till"), "{error}");
}
