//! `tidegate preflight --service CLUSTER/SERVICE`: what a service is to run is checked as the hook would, and nothing changed.

use std::process::ExitCode;

use clap::Parser;
use deploy_hook::settings::Settings;
use jiff::SignedDuration;
use serde_json::Value;
use tidegate::preflight::{Args, run};
use tidegate_tests::scanning::WRITES;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::{REGION, World};

const PASSES: ExitCode = ExitCode::SUCCESS;

/// A shop whose image is scanned and has nothing, and says whom it runs as.
fn shop() -> World {
    let world = World::new(TEN - SignedDuration::from_mins(60));
    world.push(Image::new("team-a/shop", "v1").user("node"));
    let definition = world.register(TaskDefinition::of("shop").container("app", "team-a/shop:v1"));
    world.add(Service::new("prod/shop", 2, TEN).runs(&definition));
    world.pass(60);
    world
}

async fn try_preflight(world: &World, arguments: &[&str]) -> Result<(ExitCode, Value), String> {
    let all = [&["preflight", "--service", "prod/shop", "--json"], arguments].concat();
    let args = Args::try_parse_from(all).map_err(|error| error.to_string())?;
    let settings = Settings::read(|_| None).expect("there are none");
    let mut out = Vec::new();
    let code = run(world, &settings, REGION, &args, &mut out).await.map_err(|error| format!("{error:#}"))?;
    Ok((code, serde_json::from_slice(&out).expect("a line of JSON")))
}

/// The exit code, the reason, and what was found as `level rule`.
async fn preflight(world: &World, arguments: &[&str]) -> (ExitCode, String, Vec<String>) {
    let (code, line) = try_preflight(world, arguments).await.unwrap_or_else(|error| panic!("{error}"));
    let of = |value: &Value, key: &str| value[key].as_str().expect("a word").to_owned();
    let findings = line["findings"].as_array().expect("findings").iter();
    let told = findings.map(|finding| format!("{} {}", of(finding, "level"), of(finding, "rule"))).collect();
    for operation in WRITES.iter().chain(&["StartImageScan", "Publish", "UpdateService"]) {
        assert_eq!(world.calls(operation), 0, "{operation}");
    }
    (code, of(&line, "reason"), told)
}

#[tokio::test(start_paused = true)]
async fn a_service_that_runs_what_it_should_passes() {
    let (code, reason, found) = preflight(&shop(), &[]).await;
    assert_eq!((code, reason.as_str(), found), (PASSES, "checked", Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn another_revision_is_checked_before_it_is_deployed() {
    let world = shop();
    let next = TaskDefinition::of("shop").container("app", "team-a/shop:v2").log_group("/ecs/elsewhere");
    let next = world.register(next);
    let (code, _, mut found) = preflight(&world, &["--task-definition", &next]).await;
    found.sort_unstable();
    assert_eq!(
        (code, found),
        (ExitCode::from(1), vec!["block image_missing".into(), "block log_group_missing".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn the_image_says_whom_it_runs_as_where_the_task_definition_does_not() {
    let world = shop();
    let silent =
        |image: &str| TaskDefinition::of("shop").container("app", image).each(|container| container.user = None);
    let of_node = world.register(silent("team-a/shop:v1"));
    assert_eq!(preflight(&world, &["--task-definition", &of_node]).await.2, Vec::<String>::new());
    world.push(Image::new("team-a/shop", "v2").user(""));
    let of_root = world.register(silent("team-a/shop:v2"));
    let asked = ["--task-definition", &of_root, "--preflight", "block"];
    let (code, reason, found) = preflight(&world, &asked).await;
    assert_eq!((code, reason.as_str(), found), (ExitCode::from(1), "root_user", vec!["block root_user".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn the_tag_of_the_service_says_what_breaches_come_to() {
    let world = World::new(TEN - SignedDuration::from_mins(60));
    world.push(Image::new("team-a/shop", "latest"));
    let definition = world.register(TaskDefinition::of("shop").container("app", "team-a/shop:latest"));
    world.add(Service::new("prod/shop", 2, TEN).runs(&definition).tag("preflight", "warn mutable_tag=block"));
    world.pass(60);
    assert_eq!(preflight(&world, &[]).await.1, "mutable_tag");
    assert_eq!(preflight(&world, &["--preflight", "warn"]).await.0, PASSES);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_named_and_never_passes() {
    let world = shop();
    world.lock().faults.add("DescribeLogGroups", Fault::Denied, Times::Always);
    let (code, line) = try_preflight(&world, &[]).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(code, ExitCode::from(2), "{line}");
    assert!(line["why"].as_str().expect("a sentence").contains("DescribeLogGroups"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_said() {
    let world = shop();
    let said = try_preflight(&world, &["--task-definition", "shop:99"]).await.expect_err("there is none");
    assert!(said.contains("the task definition shop:99 can't be read"), "{said}");
}
