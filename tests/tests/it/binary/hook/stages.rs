//! Every stage of both kinds of deployments passes and fails, and whatever comes of it, no request is lost to the gate.
//!
//! One world has one deployment after the other, and one process answers them all, as a warm function does.

use std::time::Duration;

use tidegate_tests::drive::Drive;
use tidegate_tests::hooking::WRITES;
use tidegate_tests::wire::front::Front;
use tidegate_tests::world::World;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{SHOP, call_at, drive, hook_status, judged, under_code_deploy, under_ecs, version, vulnerable};
use crate::hook::shop;

const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

const STAGES: [&str; 5] = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

const ALARM: &str = "checkout-errors";

/// What is wrong with a new version, or beside it, and what the record then says.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Vulnerable,
    Crashes,
    AnswersWrongly,
    Alarm,
    Unhealthy,
}

impl Wrong {
    /// In the order of the stages that see it.
    const ALL: [Self; 5] = [Self::Vulnerable, Self::Crashes, Self::AnswersWrongly, Self::Alarm, Self::Unhealthy];

    fn reason(self) -> &'static str {
        match self {
            Self::Vulnerable => "fail image_blocked",
            Self::Crashes => "fail task_stopped",
            Self::AnswersWrongly => "fail smoke_failed",
            Self::Alarm => "fail alarm_in_alarm",
            Self::Unhealthy => "fail target_unhealthy",
        }
    }

    fn bring(self, world: &World) -> Version {
        let name = format!("bad-{self:?}").to_lowercase();
        match self {
            Self::Vulnerable => vulnerable(world, &name),
            Self::Crashes => version(&name).fails(Failure::exits(1).after(60)),
            Self::AnswersWrongly => version(&name).answers("/health", 503, "starting", Duration::from_millis(1)),
            Self::Alarm => {
                world.lock().set_alarm(ALARM, "ALARM");
                version(&name)
            }
            Self::Unhealthy => version(&name).unhealthy(1),
        }
    }
}

fn smoked(service: Service) -> Service {
    service.tag("smoke", "GET /health 200 500ms").tag("alarms", ALARM)
}

/// The old version has all of the traffic, and answered all of it but for none.
fn traffic_is_whole(world: &World, after: Wrong) {
    assert_eq!(world.lost(SHOP), 0, "{after:?}");
    assert!(world.share(SHOP, "v1") > 99.9, "{after:?}: {}", world.share(SHOP, "v1"));
}

/// What a good version passes is passed once more after everything else: the process and the world are as before.
async fn passes(drive: &mut Drive, name: &str, stages: &[&str], status: &str) {
    call_at(&drive.world, stages);
    let good = version(name).answers("/health", 200, "ok", Duration::from_millis(1));
    let id = drive.world.deploy(SHOP, good);
    drive.pass(60).await;
    let world = &drive.world;
    assert_eq!(world.status(&id), status, "{:?}", world.records());
    for stage in stages {
        assert_eq!(hook_status(world, &id, stage).to_uppercase(), "SUCCEEDED", "{stage}");
    }
    assert!(world.share(SHOP, name) > 99.9);
    assert_eq!(world.failed(SHOP), 0, "requests of {name}'s release");
}

#[tokio::test]
async fn each_lifecycle_event_of_code_deploy_fails_and_passes_and_nothing_is_lost() {
    let world = under_code_deploy(smoked(shop("on")), &[]);
    world.lock().set_alarm(ALARM, "OK");
    let _front = Front::start(&world, SHOP).await;
    let mut drive = drive(world.clone()).await;
    for (event, wrong) in EVENTS.into_iter().zip(Wrong::ALL) {
        call_at(&world, &[event]);
        let id = world.deploy(SHOP, wrong.bring(&world));
        drive.pass(45).await;
        // What has the traffic already is stopped, as not every group rolls back what fails.
        let (hook, status) = if event == "AfterAllowTraffic" { ("Skipped", "Stopped") } else { ("Failed", "Failed") };
        assert_eq!((hook_status(&world, &id, event).as_str(), world.status(&id).as_str()), (hook, status), "{event}");
        assert_eq!(judged(&world), wrong.reason(), "{event}: {:?}", world.records());
        world.lock().set_alarm(ALARM, "OK");
        drive.pass(45).await;
        traffic_is_whole(&world, wrong);
        let account = world.lock();
        let last = account.codedeploy.deployments.last().expect("a deployment");
        // What failed before any task was there leaves nothing to bring back.
        let back = if event == "BeforeInstall" { ("user", "Failed") } else { ("codeDeployRollback", "Succeeded") };
        assert_eq!((last.creator, last.status), back, "{event}");
    }
    assert_eq!(world.calls("StopDeployment"), 1, "only where production had the new version");
    assert_eq!(world.subjects().len(), Wrong::ALL.len(), "one message for each: {:?}", world.subjects());
    passes(&mut drive, "v2", &EVENTS, "Succeeded").await;
    let written: Vec<&str> = WRITES.into_iter().filter(|operation| world.calls(operation) > 0).collect();
    assert_eq!(written, ["StopDeployment"]);
}

#[tokio::test]
async fn each_stage_of_ecs_fails_and_passes_and_nothing_is_lost() {
    let world = under_ecs(smoked(shop("on")), &[]);
    world.lock().set_alarm(ALARM, "OK");
    let _front = Front::start(&world, SHOP).await;
    let mut drive = drive(world.clone()).await;
    for (stage, wrong) in STAGES.into_iter().zip(Wrong::ALL) {
        call_at(&world, &[stage]);
        let id = world.deploy(SHOP, wrong.bring(&world));
        drive.pass(45).await;
        assert_eq!(hook_status(&world, &id, stage), "FAILED", "{stage}: {:?}", world.records());
        assert_eq!(judged(&world), wrong.reason(), "{stage}: {:?}", world.records());
        world.lock().set_alarm(ALARM, "OK");
        drive.pass(15).await;
        assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL", "{stage}");
        traffic_is_whole(&world, wrong);
    }
    assert_eq!(world.subjects().len(), Wrong::ALL.len(), "one message for each: {:?}", world.subjects());
    passes(&mut drive, "v2", &STAGES, "SUCCESSFUL").await;
    let written: Vec<&str> = WRITES.into_iter().filter(|operation| world.calls(operation) > 0).collect();
    assert!(written.is_empty(), "{written:?}");
}

#[tokio::test]
async fn before_any_task_a_failure_is_all_that_is_seen_of_a_release() {
    let world = under_ecs(shop("on"), &["PRE_SCALE_UP"]);
    let mut drive = drive(world.clone()).await;
    let bad = vulnerable(&world, "bad");
    drop(world.take_events());
    let id = world.deploy(SHOP, bad);
    drive.pass(10).await;
    assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL");
    assert!(world.take_events_of("ECS Task State Change").is_empty(), "no task was started, and none stopped");
    assert_eq!(world.failed(SHOP), 0);
}

#[tokio::test]
async fn a_linear_release_is_looked_at_before_each_of_its_steps() {
    let world = under_ecs(smoked(shop("on")), &[]);
    world.lock().set_alarm(ALARM, "OK");
    let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT"];
    let hook = tidegate_tests::hooking::at(&stages);
    let linear = DeploymentConfiguration::linear(25.0, 4).hook(hook);
    world.lock().native.configurations.insert(SHOP.to_owned(), linear);
    let mut drive = drive(world.clone()).await;
    let id = world.deploy(SHOP, version("v2"));
    let mut most = 0.0_f64;
    for _ in 0..40 {
        drive.pass(1).await;
        most = most.max(world.share(SHOP, "v2"));
        if most > 30.0 {
            world.lock().set_alarm(ALARM, "ALARM");
        }
    }
    assert_eq!((world.status(&id).as_str(), most), ("ROLLBACK_SUCCESSFUL", 50.0));
    assert_eq!(world.lost(SHOP), 0);
}
