//! The functions of the stack, as the tests of the template and of the documents ask about them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use serde_json::json;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::diagnosis::incident;
use tidegate_core::{canary, hook, scaling};
use tidegate_tests::hooking::Hooking;
use tidegate_tests::release::{FUNCTION, Release};
use tidegate_tests::scanning::Scanning;
use tidegate_tests::scene::{Scene, TEN, TOPIC, alarms};
use tidegate_tests::world::World;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::native::DeploymentConfiguration;
use tidegate_tests::world::registry::findings::low;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::tasks::RunTask;
use tidegate_tests::world::version::Version;

use crate::canary::{bad, by_code_deploy, by_ecs, good, group, service};
use crate::hook as deploying;
use crate::scan;

/// A code, and what it means.
pub(crate) type Meant = (&'static str, &'static str);

/// A function of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    CostScaler,
    CanaryGate,
    ScanGate,
    DeployHook,
}

impl Function {
    /// Every one that the template deploys.
    pub(crate) const ALL: [Self; 4] = [Self::CostScaler, Self::CanaryGate, Self::ScanGate, Self::DeployHook];

    /// Its name in records, in metrics and in the README.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CostScaler => cost_scaler::report::FUNCTION,
            Self::CanaryGate => canary_gate::report::FUNCTION,
            Self::ScanGate => scan_gate::report::FUNCTION,
            Self::DeployHook => deploy_hook::report::FUNCTION,
        }
    }

    /// What the names of its resources in the template begin with.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::CostScaler => "CostScaler",
            Self::CanaryGate => "CanaryGate",
            Self::ScanGate => "ScanGate",
            Self::DeployHook => "DeployHook",
        }
    }

    /// Reads its environment: settings that can be compared, or the faults.
    pub(crate) fn read(self, source: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        fn plain(read: Result<impl Debug, SettingFaults>) -> Result<String, String> {
            read.map(|settings| format!("{settings:?}")).map_err(|faults| faults.to_string())
        }
        match self {
            Self::CostScaler => plain(cost_scaler::settings::Settings::read(source)),
            Self::CanaryGate => plain(canary_gate::settings::Settings::read(source)),
            Self::ScanGate => plain(scan_gate::settings::Settings::read(source)),
            Self::DeployHook => plain(deploy_hook::settings::Settings::read(source)),
        }
    }

    /// The variables that it reads, but for the clock, which is the local world's only, and for what makes a copy of it
    /// something else.
    pub(crate) fn variables(self) -> BTreeSet<String> {
        let asked = RefCell::new(BTreeSet::new());
        let settings = self.read(|name| {
            asked.borrow_mut().insert(name.to_owned());
            None
        });
        assert!(settings.is_ok(), "an empty environment will do");
        let mut asked = asked.into_inner();
        asked.remove("TIDEGATE_CLOCK");
        asked.remove(deploy_hook::settings::PROBES_ONLY);
        asked
    }

    /// Its reasons, each with its meaning: of its own, and of the incidents that it tells.
    pub(crate) fn reasons(self) -> Vec<(&'static str, Vec<Meant>)> {
        macro_rules! all {
            ($reasons:expr) => {
                $reasons.into_iter().map(|reason| (reason.code(), reason.meaning())).collect()
            };
        }
        let of_its_own = match self {
            Self::CostScaler => all!(scaling::Reason::ALL),
            Self::CanaryGate => all!(canary::Reason::ALL),
            Self::ScanGate => all!(tidegate_core::scan::Reason::ALL),
            Self::DeployHook => all!(hook::Reason::all()),
        };
        let mut reasons = vec![(self.name(), of_its_own)];
        if self == Self::DeployHook {
            reasons.push(("incidents", all!(incident::Reason::ALL)));
        }
        reasons
    }

    /// Worlds in which it has done everything that it can do.
    pub(crate) async fn worlds(self) -> Vec<World> {
        match self {
            Self::CostScaler => vec![scaled().await],
            Self::CanaryGate => vec![held().await, stopped().await, split_by_ecs().await],
            Self::ScanGate => vec![scanned().await, scanned_once().await],
            Self::DeployHook => vec![looked_at().await, came_late().await, split_and_looked_at().await, broke().await],
        }
    }
}

/// A service that is scaled and one in shadow, a digest, and an alarm.
async fn scaled() -> World {
    let scene = Scene::of([
        Service::new("prod/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 9.0).behind_load_balancer(),
        Service::new("prod/cart", 10, TEN).enrolled("shadow", 2, 40).load(|_| 2.0),
    ]);
    scene.run().await;
    scene.invoke(json!({"run": "digest"})).await.expect("a digest");
    scene.invoke(alarms(TEN, &[("shop-hot", "ALARM")])).await.expect("an alarm's run");
    scene.world
}

/// A hook of CodeDeploy that waits for longer than one invocation can, and somebody who moves the traffic.
async fn held() -> World {
    let service = service("on").tag("bake", "40m").tag("alarms", "shop-orders");
    let release = by_code_deploy(service, group().hook("AfterAllowTraffic", FUNCTION));
    release.world.lock().set_alarm("shop-orders", "OK");
    let _ = release.deploy(good());
    move_traffic(&release).await;
    release.run_for(70).await;
    release.world
}

/// A deployment of CodeDeploy that is stopped.
async fn stopped() -> World {
    let release = by_code_deploy(service("on"), group());
    let _ = release.deploy(bad());
    release.run_for(12).await;
    release.world
}

/// A deployment of ECS's own, somebody who moves its traffic, and one that is stopped.
async fn split_by_ecs() -> World {
    let release = by_ecs(service("on").tag("bake", "0s"), DeploymentConfiguration::canary(10.0, 15));
    let _ = release.deploy(good());
    move_traffic(&release).await;
    release.run_for(30).await;
    let _ = release.deploy(bad());
    release.run_for(14).await;
    release.world
}

/// In the canary's time somebody gives it three quarters of the traffic in the place of a tenth, and takes that back.
async fn move_traffic(release: &Release) {
    for (minutes, percent) in [(8, 75.0), (5, 10.0)] {
        release.run_for(minutes).await;
        let mut account = release.world.lock();
        let balancer = account.balancer("prod/shop");
        let canary = balancer.group_of("v2").expect("the canary's").arn.clone();
        balancer.listener.shift(&canary, percent);
    }
    release.run_for(2).await;
}

/// Under enhanced scanning: a bad image that ECS deploys, one that a task runs, one that nobody needs, and two that pass
/// after everything was asked about them.
async fn scanned() -> World {
    let mut scanning = Scanning::under("version: 1\nmode: on\nescalate: {epss: {at_least: 0.5, min_severity: LOW}}\n");
    scanning.world.scans_enhanced();
    scan::shop(&scanning, "on");
    scanning.world.push(scan::clean("v2").finds([scan::bad()]));
    let _ = scan::deploy(&scanning, "v2");
    scanning.world.push(Image::new("batch", "v1").finds([scan::bad()]));
    let batch = scanning.world.register(TaskDefinition::of("batch").container("app", "batch:v1").tag("scan", "on"));
    let _ = scanning.world.run_task(RunTask::of(&batch, "prod")).expect("a task");
    scanning.world.push(Image::new("unused", "v1").finds([scan::bad()]));
    let _ = scanning.world.register(TaskDefinition::of("unused").container("app", "unused:v1"));
    scanning.world.push(Image::new("harmless", "v1").finds([low("CVE-2026-1002")]));
    scanning.world.push(Image::new("spotless", "v1"));
    scanning.run_for(5).await;
    scanning.world
}

/// Under basic scanning: a bad image that CodeDeploy deploys, and one that was never scanned.
async fn scanned_once() -> World {
    let mut scanning = Scanning::under(scan::EVERY);
    scan::shop_by_code_deploy(&scanning, "on");
    scanning.world.push(Image::new("batch", "v1").never_scanned());
    scanning.world.push(scan::clean("v2").in_progress_for(1).finds([scan::bad()]));
    let _ = scan::deploy(&scanning, "v2");
    scanning.run_for(45).await;
    scanning.world
}

const OF_CODE_DEPLOY: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

const OF_ECS: [&str; 5] = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

const SMOKE: &str = "/tidegate/smoke/shop";

/// A deployment of CodeDeploy that passes every stage, of an image that was never scanned, with smoke requests in a
/// parameter; and one of an image that may not run.
async fn looked_at() -> World {
    let service = deploying::shop("on").tag("smoke", SMOKE).tag("alarms", "shop-orders");
    let hooking = deploying::by_code_deploy(service, &OF_CODE_DEPLOY);
    hooking.world.lock().set_alarm("shop-orders", "OK");
    hooking.world.lock().parameters.insert(SMOKE.to_owned(), "- {method: GET, path: /health}".to_owned());
    hooking.world.push(Image::new("shop", "v3").user("1000").never_scanned());
    let version = Version::new("v3").image("shop:v3").answers("/health", 200, "ok", Duration::from_millis(20));
    let _ = hooking.deploy(version);
    hooking.run_for(90).await;
    let blocked = deploying::vulnerable(&hooking);
    let _ = hooking.deploy(blocked);
    hooking.run_for(10).await;
    hooking.world
}

/// One whose AppSpec is in S3, whose scan takes longer than an invocation, and whose targets fail when they have the traffic.
async fn came_late() -> World {
    let group = deploying::group(&["BeforeInstall", "AfterAllowTraffic"]).revisions_in_s3().without_roll_back();
    let hooking =
        deploying::over_code_deploy(deploying::shop("on").tag("patience", "2m"), deploying::balancer(), group);
    hooking.world.push(Image::new("shop", "v3").user("1000").pending_for(20));
    let _ = hooking.deploy(Version::new("v3").image("shop:v3").unhealthy(2));
    hooking.run_for(120).await;
    hooking.world
}

/// The same with ECS's own deployments, under enhanced scanning and a policy that asks for EPSS.
async fn split_and_looked_at() -> World {
    let policy = "version: 1\nescalate: {epss: {at_least: 0.5, min_severity: LOW}}\n";
    let service = deploying::shop("on").tag("smoke", "GET /health 200 5s");
    let hooking = deploying::over_ecs(service, deploying::balancer(), &OF_ECS);
    let hooking =
        hooking.with_variables(&[("TIDEGATE_SCAN_POLICY", "/tidegate/policy"), ("TIDEGATE_TOPIC_ARN", TOPIC)]);
    hooking.world.lock().parameters.insert("/tidegate/policy".to_owned(), policy.to_owned());
    hooking.world.scans_enhanced();
    hooking.world.push(Image::new("shop", "v3").user("1000").finds([low("CVE-2026-1002")]));
    hooking.world.push(Image::new("shop", "v4").user("1000"));
    hooking.world.pass(30);
    for (name, image) in [("v3", "shop:v3"), ("v4", "shop:v4")] {
        let version = Version::new(name).image(image).answers("/health", 200, "ok", Duration::from_millis(20));
        let _ = hooking.deploy(version);
        hooking.run_for(90).await;
    }
    let blocked = deploying::vulnerable(&hooking);
    let _ = hooking.deploy(blocked);
    hooking.run_for(10).await;
    hooking.world
}

/// Tasks that stop, one and then all.
async fn broke() -> World {
    let mut hooking = Hooking::over(&[], deploying::world(deploying::shop("on"), deploying::balancer()));
    for failure in [Failure::exits(1).times(1), Failure::exits(1).after(30)] {
        hooking.world.crash("prod/shop", failure);
        for _ in 0..5 {
            hooking.world.pass(1);
            hooking.deliver().await;
        }
    }
    hooking.world
}
