//! `tidegate status`: what the functions said is told, and silence is told as silence.

use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;
use tidegate::status::{Args, run};
use tidegate_tests::scene::{Scene, TEN};
use tidegate_tests::world::World;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;

use crate::wire::connect;

const SCALER_LOGS: &str = "/aws/lambda/tidegate-cost-scaler";

/// A scaler that has raised a shop, and left jobs alone, and whose lines are in its log group.
async fn told() -> World {
    let shop = Service::new("prod/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 8.5);
    let jobs = Service::new("prod/jobs", 10, TEN).enrolled("shadow", 2, 40).load(|_| 7.0);
    let scene = Scene::of([shop, jobs]);
    scene.world.lock().deploy_stack(env!("CARGO_PKG_VERSION"));
    scene.run().await;
    scene.world.lock().log_what_was_printed(SCALER_LOGS);
    scene.world.pass(1);
    scene.world
}

async fn status(world: &World, arguments: &[&str]) -> (ExitCode, Value) {
    let args =
        Args::try_parse_from([&["status", "--json"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    let code = run(world, &args, &mut out).await.expect("an answer");
    (code, serde_json::from_slice(&out).expect("a line of JSON"))
}

#[tokio::test(start_paused = true)]
async fn the_last_run_and_the_latest_decisions_are_told() {
    let world = told().await;
    let (code, line) = status(&world, &[]).await;
    assert_eq!(code, ExitCode::SUCCESS);
    let scaler = &line["functions"][0];
    assert_eq!((&scaler["function"], &scaler["runs"]), (&"cost-scaler".into(), &1.into()));
    assert_eq!(scaler["last_run"]["trigger"], "schedule");
    let latest = scaler["latest"].as_array().expect("decisions");
    let shop = latest.iter().find(|one| one["subject"] == "prod/shop").expect("a decision on the shop");
    assert_eq!((&shop["verdict"], &shop["acted"]), (&"raise".into(), &true.into()));
    assert!(shop["why"].as_str().is_some_and(|why| !why.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_function_that_has_said_nothing_is_said_so() {
    let world = told().await;
    let (_, line) = status(&world, &["--function", "deploy-hook"]).await;
    let [hook] = line["functions"].as_array().expect("functions").as_slice() else { panic!("one function") };
    assert_eq!((&hook["last_run"], &hook["not_read"], &hook["decisions"]), (&Value::Null, &Value::Null, &0.into()));
    let args = Args::try_parse_from(["status"]).expect("arguments");
    let mut out = Vec::new();
    run(&world, &args, &mut out).await.expect("an answer");
    let told = String::from_utf8(out).expect("UTF-8");
    assert!(told.contains("deploy-hook: has said nothing in 60 min"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn one_service_alone_can_be_asked_about() {
    let world = told().await;
    let (_, line) = status(&world, &["--service", "prod/shop"]).await;
    let latest = line["functions"][0]["latest"].as_array().expect("decisions");
    assert_eq!(latest.iter().map(|one| &one["subject"]).collect::<Vec<_>>(), ["prod/shop"]);
    let (_, line) = status(&world, &["--service", "prod/shop", "--since", "30s"]).await;
    assert_eq!(line["functions"][0]["decisions"], 0, "it was a minute ago");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_may_not_be_read_is_not_silence() {
    let world = told().await;
    world.lock().faults.add("FilterLogEvents", Fault::Denied, Times::Always);
    let (code, line) = status(&world, &[]).await;
    assert_eq!(code, ExitCode::from(2));
    for function in line["functions"].as_array().expect("functions") {
        assert!(function["not_read"].as_str().is_some_and(|why| why.contains("logs:FilterLogEvents")), "{function}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_right_to_the_stack_its_logs_are_where_they_always_are() {
    let world = told().await;
    world.lock().faults.add("ListStackResources", Fault::Denied, Times::Always);
    let (code, line) = status(&world, &[]).await;
    assert_eq!((code, &line["functions"][0]["runs"]), (ExitCode::SUCCESS, &1.into()));
    let (code, line) = status(&world, &["--stack", "other"]).await;
    assert_eq!(code, ExitCode::from(2));
    let why = "there is no log group /aws/lambda/other-cost-scaler";
    assert_eq!(line["functions"][0]["not_read"], why);
}

#[tokio::test(start_paused = true)]
async fn the_newest_hours_are_read_first_and_none_twice() {
    let world = told().await;
    let (_, line) = status(&world, &["--since", "6h"]).await;
    assert_eq!((&line["functions"][0]["runs"], &line["functions"][0]["read_since"]), (&1.into(), &Value::Null));
    // 15 minutes, 30, 60, 120, and what is left of six hours.
    assert_eq!(world.lock().calls["FilterLogEvents"], 4 * 5);
}

#[tokio::test]
async fn over_the_wire_it_is_the_same() {
    let world = told().await;
    let (_server, aws) = connect(&world).await;
    for arguments in [&["status"][..], &["status", "--json"], &["status", "--service", "prod/shop", "--since", "2h"]] {
        let args = Args::try_parse_from(arguments).expect("arguments");
        let (mut here, mut there) = (Vec::new(), Vec::new());
        run(&world, &args, &mut here).await.expect("an answer");
        run(&aws, &args, &mut there).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&here), String::from_utf8_lossy(&there));
    }
}

#[tokio::test(start_paused = true)]
async fn what_people_and_programs_read() {
    let world = told().await;
    for (name, arguments) in [
        ("status.txt", &["status", "--since", "2h"][..]),
        ("status.json", &["status", "--json", "--service", "prod/shop"]),
    ] {
        let args = Args::try_parse_from(arguments).expect("arguments");
        let mut out = Vec::new();
        run(&world, &args, &mut out).await.expect("an answer");
        let golden = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut told = String::from_utf8(out).expect("UTF-8");
        if let Ok(mut line) = serde_json::from_str::<Value>(&told) {
            // What a function counts is its own to say.
            line["functions"][0]["last_run"]["summary"] = "as it was logged".into();
            told = format!("{line}\n");
        }
        expect_test::expect_file![golden].assert_eq(&told);
    }
}
