//! Every stage at which a deployment calls a hook, and what becomes of it where the hook fails.

use jiff::SignedDuration;
use serde_json::json;
use tidegate_aws::app_specs::AppSpecs;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::hooks::{Caller, HookCall};
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::native::{DeploymentConfiguration, Strategy};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{minutes, shop};

const CODE_DEPLOY: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

const NATIVE: [&str; 8] = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
];

fn by_code_deploy(group: DeploymentGroup) -> World {
    let balancer = Balancer::application("prod/shop").test_listener();
    let world = shop(Service::new("prod/shop", 4, TEN).by_code_deploy(), balancer);
    let group = CODE_DEPLOY.iter().fold(group, |group, event| group.hook(event, &format!("CodeDeployHook_{event}")));
    world.lock().codedeploy.groups.push(group);
    world
}

fn native(strategy: Strategy) -> World {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop").test_listener());
    let configuration = DeploymentConfiguration::new(strategy).hook(LifecycleHook::new("gate", &NATIVE[..7]));
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    world
}

/// Lets hooks succeed until one of this stage, which fails: the stages so far.
fn fail_at(world: &World, stage: &str) -> Vec<String> {
    let mut stages = Vec::new();
    while let Some(call) = world.next_call(minutes(15)) {
        stages.push(stage_of(&call));
        let fails = stages.last().is_some_and(|own| own == stage);
        let mut account = world.lock();
        if call.caller == Caller::Ecs {
            let status = if fails { "FAILED" } else { "SUCCEEDED" };
            assert!(account.answer_native_hook(&call.execution, &Ok(json!({"hookStatus": status}))));
        } else {
            let id = call.payload["DeploymentId"].as_str().unwrap_or_default().to_owned();
            let status = if fails { "Failed" } else { "Succeeded" };
            let taken = account.put_lifecycle_event_hook_execution_status(&id, &call.execution, status);
            taken.expect("it is taken");
        }
        if fails {
            break;
        }
    }
    stages
}

fn stage_of(call: &HookCall) -> String {
    let native = call.payload["lifecycleStage"].as_str();
    native.map_or_else(|| call.function.trim_start_matches("CodeDeployHook_").to_owned(), str::to_owned)
}

fn tests_share(world: &World, version: &str) -> u32 {
    let mut account = world.lock();
    let balancer = account.balancer("prod/shop");
    let group = balancer.group_of(version).map(|group| group.arn.clone());
    let listener = balancer.test_listener.as_ref().expect("a test listener");
    listener.weights.iter().filter(|(arn, _)| Some(arn) == group.as_ref()).map(|(_, weight)| *weight).sum()
}

#[test]
fn codedeploy_calls_a_hook_at_every_stage_and_a_failure_brings_the_old_version_back_whole() {
    for (index, stage) in CODE_DEPLOY.iter().enumerate() {
        let world = by_code_deploy(DeploymentGroup::new("prod/shop"));
        let id = world.deploy("prod/shop", Version::new("v2"));
        assert_eq!(fail_at(&world, stage), CODE_DEPLOY[..=index]);
        assert_eq!(world.status(&id), "Failed", "{stage}");
        world.pass(10);
        let back = world.lock().code_deployment(&id).expect("it").rolled_back_by.clone();
        assert_eq!(back.is_some(), *stage != "BeforeInstall", "there is nothing to roll back before Install");
        if let Some(back) = back {
            assert_eq!(world.status(&back), "Succeeded", "{stage}");
        }
        assert_eq!((world.share("prod/shop", "v1"), world.share("prod/shop", "v2")), (100.0, 0.0), "{stage}");
        assert!(tests_share(&world, "v1") > 0, "{stage}");
        assert_eq!((world.lost("prod/shop"), world.failed("prod/shop")), (0, 0), "{stage}");
    }
}

#[test]
fn ecs_calls_a_hook_at_every_stage_and_a_failure_brings_the_old_version_back_whole() {
    for (index, stage) in NATIVE[..7].iter().enumerate() {
        let world = native(Strategy::BlueGreen);
        let id = world.deploy("prod/shop", Version::new("v2"));
        assert_eq!(fail_at(&world, stage), NATIVE[..=index]);
        assert_eq!(world.status(&id), "ROLLBACK_IN_PROGRESS", "{stage}");
        assert_eq!((world.share("prod/shop", "v1"), tests_share(&world, "v2")), (100.0, 0), "{stage}: at once");
        fail_at(&world, "none");
        world.pass(5);
        assert_eq!(world.status(&id), "ROLLBACK_SUCCESSFUL", "{stage}");
        assert_eq!((world.lost("prod/shop"), world.failed("prod/shop")), (0, 0), "{stage}");
    }
}

#[test]
fn a_rolling_deployment_has_two_stages_with_hooks() {
    for (fails, expected) in [("PRE_SCALE_UP", 1), ("POST_SCALE_UP", 2), ("none", 2)] {
        let world = native(Strategy::Rolling);
        let id = world.deploy("prod/shop", Version::new("v2"));
        let stages = fail_at(&world, fails);
        assert_eq!(stages, ["PRE_SCALE_UP", "POST_SCALE_UP"][..expected]);
        world.pass(10);
        let (status, version) = if fails == "none" { ("SUCCESSFUL", "v2") } else { ("ROLLBACK_SUCCESSFUL", "v1") };
        assert_eq!((world.status(&id).as_str(), world.share("prod/shop", version)), (status, 100.0));
        assert_eq!(world.lost("prod/shop"), 0);
    }
}

#[test]
fn hooks_go_on_after_those_that_succeed() {
    let world = by_code_deploy(DeploymentGroup::new("prod/shop"));
    let id = world.deploy("prod/shop", Version::new("v2"));
    assert_eq!(fail_at(&world, "none"), CODE_DEPLOY);
    assert_eq!((world.status(&id).as_str(), world.share("prod/shop", "v2")), ("Succeeded", 100.0));
}

#[tokio::test]
async fn an_app_spec_is_read_wherever_it_is_kept() {
    let group = || DeploymentGroup::new("prod/shop");
    for (group, expected) in [
        (group(), Some("{\"Hooks\":[{\"BeforeInstall\":\"CodeDeployHook_BeforeInstall\"}")),
        (group().revisions_in_s3(), Some("version: 0.0\nResources:\n  - TargetService:\n")),
        (group().without_revisions(), None),
    ] {
        let world = by_code_deploy(group);
        let id = world.deploy("prod/shop", Version::new("v2"));
        let spec = world.app_spec(&id).await.expect("an answer");
        assert_eq!(
            spec.as_ref().map(|spec| spec.starts_with(expected.unwrap_or("-"))),
            expected.map(|_| true),
            "{spec:?}"
        );
        let names = |spec: String| spec.contains("arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7");
        assert_eq!(spec.map(names), expected.map(|_| true));
        assert_eq!(world.app_spec("d-GONE").await, Ok(None));
    }
}

#[test]
fn a_stage_is_in_the_deployments_own_words_meanwhile() {
    let world = native(Strategy::Canary(10.0, 5));
    world.deploy("prod/shop", Version::new("v2"));
    let call = world.next_call(minutes(1)).expect("PRE_SCALE_UP");
    assert_eq!((stage_of(&call).as_str(), call.at), ("PRE_SCALE_UP", TEN));
    world.pass_for(SignedDuration::from_secs(30));
    let account = world.lock();
    let deployment = &account.native.deployments[0];
    assert_eq!((deployment.stage(), deployment.strategy.step_minutes()), ("PRE_SCALE_UP", Some(5)));
    let revision = account.native.revisions.iter().find(|own| own.arn == deployment.target).expect("the new one");
    let tests = account.balancers[0].test_rule().map(str::to_owned);
    assert!(tests.is_some() && revision.test_listener_rule == tests, "{revision:?}");
}
