//! `tidegate doctor`: what is wrong with a stack and its services is found, and what could not be looked at never passes.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;
use tidegate::doctor::rights::{RIGHTS, action};
use tidegate::doctor::{Args, run};
use tidegate_core::scaling::facts::ScalableTarget;
use tidegate_tests::scanning::WRITES;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::native::hooks::LifecycleHook;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;
use tidegate_tests::world::{Account, REGION, World};

use crate::wire::connect;

const FINE: ExitCode = ExitCode::SUCCESS;
const DEPLOY_HOOK: &str = "CodeDeployHook_tidegate-deploy-hook";
const CANARY_GATE: &str = "CodeDeployHook_tidegate-canary-gate";

/// A stack in which all is well, and a shop that is enrolled for everything and wired to everything.
fn well() -> World {
    let world = World::new(TEN);
    world.lock().deploy_stack(env!("CARGO_PKG_VERSION"));
    world.add(
        Service::new("live/shop", 4, TEN)
            .behind_load_balancer()
            .enrolled("on", 2, 10)
            .tag("gate", "on")
            .tag("scan", "shadow")
            .tag("hook", "on"),
    );
    let hooks = DeploymentConfiguration::canary(10.0, 5)
        .hook(LifecycleHook::new(DEPLOY_HOOK, &["PRE_SCALE_UP", "POST_SCALE_UP"]))
        .hook(LifecycleHook::new(CANARY_GATE, &["PRE_PRODUCTION_TRAFFIC_SHIFT"]));
    world.lock().native.configurations.insert("live/shop".to_owned(), hooks);
    world
}

/// Beside it a service that nobody deploys but CodeDeploy, whose AppSpec calls both functions.
fn with_code_deploy(world: &World) {
    world.add(Service::new("live/till", 2, TEN).by_code_deploy().tag("hook", "on"));
    world.balance(Balancer::application("live/till").serving(Version::new("v1"), 2));
    world.lock().codedeploy.groups.push(
        DeploymentGroup::new("live/till").hook("BeforeInstall", DEPLOY_HOOK).hook("AfterAllowTraffic", CANARY_GATE),
    );
    world.deploy("live/till", Version::new("v2"));
}

fn plain(out: &[u8]) -> String {
    tidegate::text::plain(std::str::from_utf8(out).expect("UTF-8"))
}

async fn doctor(world: &World, arguments: &[&str]) -> (ExitCode, Value) {
    let args =
        Args::try_parse_from([&["doctor", "--json"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    let code = run(world, REGION, &args, &mut out).await.expect("an answer");
    for operation in WRITES.iter().chain(&["StartImageScan", "Publish", "UpdateService", "Invoke"]) {
        assert_eq!(world.lock().calls.get(*operation), None, "{operation} was called");
    }
    (code, serde_json::from_slice(&out).expect("a line of JSON"))
}

/// What was found that is not as it should be: `mark code subject`.
fn found(line: &Value) -> Vec<String> {
    let checks = line["checks"].as_array().expect("checks").iter();
    let word = |check: &Value, key: &str| check[key].as_str().expect("a word").to_owned();
    let wrong = checks.filter(|check| check["mark"] != "ok");
    wrong.map(|check| format!("{} {} {}", word(check, "mark"), word(check, "code"), word(check, "subject"))).collect()
}

/// What a change makes of a stack in which all is well.
async fn after(change: impl FnOnce(&mut Account)) -> (ExitCode, Vec<String>) {
    let world = well();
    change(&mut world.lock());
    let (code, line) = doctor(&world, &[]).await;
    (code, found(&line))
}

#[tokio::test(start_paused = true)]
async fn a_stack_in_which_all_is_well_is_fine() {
    let (code, line) = doctor(&well(), &[]).await;
    assert_eq!((code, found(&line)), (FINE, Vec::new()));
    assert_eq!((&line["faults"], &line["stack"], &line["region"]), (&0.into(), &"tidegate".into(), &REGION.into()));
}

#[tokio::test(start_paused = true)]
async fn each_thing_that_is_wrong_is_told_alone() {
    type Change = fn(&mut Account);
    let cases: [(&str, Change); 22] = [
        ("fault stack_not_complete tidegate", |account| stack(account, "ROLLBACK_COMPLETE")),
        ("warning stack_rolled_back tidegate", |account| stack(account, "UPDATE_ROLLBACK_COMPLETE")),
        ("warning stack_in_progress tidegate", |account| stack(account, "UPDATE_IN_PROGRESS")),
        ("fault function_missing scan-gate", |account| drop(account.deployed.functions.remove("tidegate-scan-gate"))),
        ("fault update_failed scan-gate", |account| function(account).last_update = "Failed".to_owned()),
        ("fault log_level scan-gate", |account| function(account).log_level = Some("WARN".to_owned())),
        ("fault environment_unreadable scan-gate", |account| function(account).variables = None),
        ("fault setting_fault scan-gate", |account| variable(account, "TIDEGATE_MODE", "maybe")),
        ("warning function_off scan-gate warning function_holds_back live/shop", |account| {
            variable(account, "TIDEGATE_MODE", "off");
        }),
        ("warning cluster_not_looked_at live/shop", |account| variable(account, "TIDEGATE_CLUSTERS", "test")),
        ("fault concurrency_none scan-gate", |account| {
            account.deployed.reserved.insert("tidegate-scan-gate".to_owned(), 0);
        }),
        ("warning hook_capped deploy-hook", |account| {
            account.deployed.reserved.insert(DEPLOY_HOOK.to_owned(), 2);
        }),
        ("warning scaler_capped cost-scaler", |account| {
            account.deployed.reserved.insert("tidegate-cost-scaler".to_owned(), 1);
        }),
        ("fault event_source_disabled scan-gate", |account| {
            let sources = account.deployed.sources.get_mut("tidegate-scan-gate").expect("sources");
            sources[0].state = "Disabled".to_owned();
        }),
        ("warning rule_disabled ScanGateDaily", |account| {
            account.deployed.rules.insert("tidegate-ScanGateDaily".to_owned(), false);
        }),
        ("fault queue_not_empty CanaryGateUnanswered", |account| waiting(account, "CanaryGateUnanswered")),
        ("warning queue_not_empty CostScalerFailures", |account| waiting(account, "CostScalerFailures")),
        ("", |account| waiting(account, "ScanGateEvents")),
        ("fault in_alarm tidegate-ScanGateErrors", |account| account.set_alarm("tidegate-ScanGateErrors", "ALARM")),
        ("warning nobody_told notifications", |account| account.deployed.subscriptions.clear()),
        ("warning nobody_confirmed notifications", |account| {
            let all = account.deployed.subscriptions.values_mut();
            all.flatten().for_each(|one| one.confirmed = false);
        }),
        ("warning scalable_target live/shop", |account| {
            account.scalable_targets.insert("service/live/shop".to_owned(), ScalableTarget { min: 1, max: 9 });
        }),
    ];
    for (expected, change) in cases {
        let (code, told) = after(change).await;
        assert_eq!(told.join(" "), expected);
        let faults = expected.starts_with("fault");
        assert_eq!(code, if faults { ExitCode::from(1) } else { FINE }, "{expected}");
    }
}

fn stack(account: &mut Account, status: &str) {
    status.clone_into(&mut account.deployed.stack.as_mut().expect("a stack").status);
}

fn function(account: &mut Account) -> &mut tidegate_aws::operator::deployed::Function {
    account.deployed.functions.get_mut("tidegate-scan-gate").expect("a function")
}

fn variable(account: &mut Account, name: &str, value: &str) {
    function(account).variables.as_mut().expect("variables").insert(name.to_owned(), value.to_owned());
}

fn waiting(account: &mut Account, queue: &str) {
    account.deployed.waiting.insert(tidegate_tests::world::stack::queue_url(queue), 3);
}

#[tokio::test(start_paused = true)]
async fn a_slip_of_the_pen_in_a_tag_is_named_with_what_was_meant() {
    for (tag, value, says) in [
        ("mx", "9", "did you mean tidegate:max?"),
        ("cpu", "much", "tidegate:cpu is \"much\": must be a number"),
        ("gate", "On", "tidegate:gate is \"On\": must be off, shadow or on"),
        ("bake", "1d", "tidegate:bake is \"1d\""),
        ("smoke", "FETCH /", "tidegate:smoke"),
    ] {
        let world = well();
        world.lock().service("live/shop").tags.retain(|(key, _)| *key != format!("tidegate:{tag}"));
        world.lock().service("live/shop").tags.push((format!("tidegate:{tag}"), value.to_owned()));
        let (code, line) = doctor(&world, &[]).await;
        assert_eq!(code, ExitCode::from(1), "{tag}");
        let told: Vec<&str> = line["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .filter(|check| check["code"] == "tag_fault")
            .filter_map(|check| check["what"].as_str())
            .collect();
        assert_eq!(told.len(), 1, "it is told once: {told:?}");
        assert!(told[0].contains(says), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_scales_without_bounds_or_names_an_alarm_that_is_not_there_is_a_fault() {
    let (_, told) = after(|account| account.service("live/shop").tags.retain(|(key, _)| key != "tidegate:max")).await;
    assert_eq!(told, ["fault tag_fault live/shop"]);
    let named = |account: &mut Account| {
        account.service("live/shop").tags.push(("tidegate:alarms".to_owned(), "latency errors".to_owned()));
        account.set_alarm("errors", "OK");
    };
    let (_, told) = after(named).await;
    assert_eq!(told, ["fault alarm_unknown live/shop"]);
}

#[tokio::test(start_paused = true)]
async fn hooks_and_tags_have_to_belong_together() {
    let (_, told) = after(|account| account.native.configurations.clear()).await;
    assert_eq!(told, ["fault hook_missing live/shop", "warning gate_by_schedule_only live/shop"]);
    let untagged = |account: &mut Account| account.service("live/shop").tags.clear();
    let (code, told) = after(untagged).await;
    let both = "warning hook_not_enrolled live/shop";
    assert_eq!((code, told), (FINE, vec!["warning nobody_enrolled services".into(), both.into(), both.into()]));
    let idle = |account: &mut Account| {
        let own = account.native.configurations.get_mut("live/shop").expect("hooks");
        own.hooks[0].stages.push("RECONCILE_SERVICE".to_owned());
    };
    assert_eq!(after(idle).await.1, ["warning idle_stage live/shop"]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_outlived_its_stack_stops_deployments_and_is_a_fault() {
    let world = well();
    with_code_deploy(&world);
    world.lock().delete_stack();
    let (code, line) = doctor(&world, &[]).await;
    let told = found(&line);
    assert_eq!(code, ExitCode::from(1));
    for expected in [
        "fault stack_missing tidegate",
        "fault hook_leads_nowhere live/shop",
        "fault hook_leads_nowhere AppECS-till/DgpECS-till (CodeDeploy)",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected} in {told:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_may_not_be_read_is_not_known_and_names_the_right() {
    for (operation, right) in
        RIGHTS.iter().filter(|(operation, _)| !["FilterLogEvents", "GetObject"].contains(operation))
    {
        let world = well();
        with_code_deploy(&world);
        world.lock().service("live/shop").tags.push(("tidegate:alarms".to_owned(), "errors".to_owned()));
        world.lock().set_alarm("errors", "OK");
        world.lock().faults.add(operation, Fault::Denied, Times::Always);
        let (code, line) = doctor(&world, &[]).await;
        let unknown = line["checks"].as_array().expect("checks").iter().filter(|check| check["mark"] == "unknown");
        let rights: Vec<&str> = unknown.filter_map(|check| check["to_do"].as_str()).collect();
        assert!(!rights.is_empty() && rights.iter().all(|told| told.contains(right)), "{operation}: {line}");
        assert_ne!(code, FINE, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_stack_is_deleted_every_hook_is_listed_with_what_unwires_it() {
    let world = well();
    with_code_deploy(&world);
    let (code, line) = doctor(&world, &["--before-delete"]).await;
    assert_eq!((code, &line["safe_to_delete"]), (ExitCode::from(1), &false.into()));
    let [shop, till] = line["hooks"].as_array().expect("hooks").as_slice() else { panic!("two hooks in {line}") };
    assert_eq!((&shop["subject"], &till["subject"]), (&"live/shop".into(), &"AppECS-till/DgpECS-till".into()));
    let calls: Vec<&str> = till["calls"].as_array().expect("calls").iter().filter_map(Value::as_str).collect();
    assert_eq!(
        calls,
        [
            "CodeDeployHook_tidegate-deploy-hook at BeforeInstall",
            "CodeDeployHook_tidegate-canary-gate at AfterAllowTraffic"
        ]
    );
    let command = shop["command"].as_str().expect("a command");
    assert!(
        command.starts_with("aws ecs update-service --region eu-west-1 --cluster live --service shop "),
        "{command}"
    );
    assert!(command.contains(r#""lifecycleHooks":[]"#) && command.contains(r#""strategy":"CANARY""#), "{command}");
}

#[tokio::test(start_paused = true)]
async fn other_peoples_hooks_stay_and_are_no_reason_to_keep_the_stack() {
    let world = well();
    let own = DeploymentConfiguration::canary(10.0, 5).hook(LifecycleHook::new("audit", &["PRE_SCALE_UP"]));
    let function = world.lock().deployed.functions[CANARY_GATE].clone();
    world.lock().deployed.functions.insert("audit".to_owned(), function);
    world.lock().native.configurations.insert("live/shop".to_owned(), own.clone());
    let (code, line) = doctor(&world, &["--before-delete"]).await;
    assert_eq!((code, &line["safe_to_delete"], &line["services"]), (FINE, &true.into(), &1.into()));
    let both = own.hook(LifecycleHook::new(DEPLOY_HOOK, &["PRE_SCALE_UP"]));
    world.lock().native.configurations.insert("live/shop".to_owned(), both);
    let (_, line) = doctor(&world, &["--before-delete"]).await;
    let command = line["hooks"][0]["command"].as_str().expect("a command");
    assert!(command.contains(":function:audit") && !command.contains("deploy-hook"), "{command}");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_looked_at_is_never_safe_to_delete() {
    for operation in
        ["ListClusters", "ListServices", "DescribeServices", "ListApplications", "GetDeployment", "DescribeStacks"]
    {
        let world = well();
        with_code_deploy(&world);
        world.lock().native.configurations.clear();
        world.lock().codedeploy.groups[0].hooks.clear();
        world.lock().codedeploy.deployments.clear();
        world.deploy("live/till", Version::new("v3"));
        world.lock().faults.add(operation, Fault::Denied, Times::Always);
        let (code, line) = doctor(&world, &["--before-delete"]).await;
        assert_eq!((code, &line["safe_to_delete"]), (ExitCode::from(2), &false.into()), "{operation}: {line}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_it_is_deleted_nothing_but_hooks_is_asked_about() {
    let world = well();
    doctor(&world, &["--before-delete"]).await;
    for operation in ["GetQueueAttributes", "DescribeAlarms", "DescribeRule", "GetFunctionConcurrency"] {
        assert_eq!(world.lock().calls.get(operation), None, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_rights_that_are_documented_are_those_of_the_calls() {
    let world = well();
    with_code_deploy(&world);
    doctor(&world, &[]).await;
    let args = tidegate::status::Args::try_parse_from(["status"]).expect("arguments");
    tidegate::status::run(&world, &args, &mut Vec::new()).await.expect("an answer");
    let called: BTreeSet<String> = world.lock().calls.keys().cloned().collect();
    // Where an AppSpec is kept in a bucket, it is read there.
    let listed: BTreeSet<String> = RIGHTS
        .iter()
        .map(|(operation, _)| (*operation).to_owned())
        .filter(|operation| operation != "GetObject")
        .collect();
    assert_eq!(called, listed);
    let document = include_str!("../../../docs/doctor.md");
    let (_, policy) = document.split_once("```json").expect("a policy");
    let policy: Value = serde_json::from_str(policy.split_once("```").expect("its end").0).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let allowed: BTreeSet<&str> = statements
        .flat_map(|statement| statement["Action"].as_array().expect("actions"))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(allowed, RIGHTS.iter().map(|(_, action)| *action).collect());
    assert_eq!(action("UpdateService"), None);
}

#[tokio::test]
async fn over_the_wire_it_is_the_same() {
    let world = well();
    with_code_deploy(&world);
    waiting(&mut world.lock(), "CanaryGateUnanswered");
    let (_server, aws) = connect(&world).await;
    for arguments in [&["doctor", "--json"][..], &["doctor", "--json", "--before-delete"], &["doctor"]] {
        let args = Args::try_parse_from(arguments).expect("arguments");
        let (mut here, mut there) = (Vec::new(), Vec::new());
        let codes = (
            run(&world, REGION, &args, &mut here).await.expect("an answer"),
            run(&aws, REGION, &args, &mut there).await.expect("an answer"),
        );
        assert_eq!((codes.0, plain(&here)), (codes.1, plain(&there)));
        assert_eq!(codes.0, ExitCode::from(1));
    }
}

#[test]
fn the_template_has_what_the_doctor_looks_for_by_name() {
    let template = crate::template::template();
    for name in ["NotificationTopic", "EcsHookRole", "CostScaler", "CanaryGate", "ScanGate", "DeployHook"] {
        assert!(template["Resources"].as_mapping_get(name).is_some(), "{name}");
        let group = format!("{name}LogGroup");
        let is_function = !matches!(name, "NotificationTopic" | "EcsHookRole");
        assert_eq!(template["Resources"].as_mapping_get(&group).is_some(), is_function, "{group}");
    }
    for output in
        ["DeployHookLifecycleHooks", "CanaryGateLifecycleHooks", "DeployHookAppSpecHooks", "CanaryGateAppSpecHooks"]
    {
        assert!(template["Outputs"].as_mapping_get(output).is_some(), "{output}");
    }
    assert_eq!(template["Outputs"]["Version"]["Value"].as_str(), Some(env!("CARGO_PKG_VERSION")));
}

#[tokio::test(start_paused = true)]
async fn what_people_and_programs_read() {
    let world = well();
    with_code_deploy(&world);
    world.lock().service("live/shop").tags.push(("tidegate:mx".to_owned(), "9".to_owned()));
    waiting(&mut world.lock(), "CostScalerFailures");
    world.lock().faults.add("ListSubscriptionsByTopic", Fault::Denied, Times::Always);
    for (name, arguments) in [
        ("doctor.txt", &["doctor"][..]),
        ("doctor_before_delete.txt", &["doctor", "--before-delete"]),
        ("doctor.json", &["doctor", "--json"]),
        ("doctor_before_delete.json", &["doctor", "--before-delete", "--json"]),
    ] {
        let args = Args::try_parse_from(arguments).expect("arguments");
        let mut out = Vec::new();
        run(&world, REGION, &args, &mut out).await.expect("an answer");
        let golden = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
        expect_test::expect_file![golden].assert_eq(&plain(&out));
    }
}
