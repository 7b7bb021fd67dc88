//! One release of the demo, lived: the deployment hook's binary and the canary gate's answer its hooks, and the canary
//! gate's runs every minute.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_core::canary::CanaryRecord;
use tidegate_core::canary::facts::{Counts, Minute};
use tidegate_core::hook::{HookRecord, Stage};
use tidegate_core::verdict::Verdict;

use super::acts::Expectation;
use crate::drive::Drive;
use crate::hooking;
use crate::release::FUNCTION as CANARY_GATE;
use crate::scene::TEN;
use crate::wire::front::Front;
use crate::world::balancer::Balancer;
use crate::world::metrics::Metric;
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;
use crate::world::{Account, Published, World};

/// A release takes no longer than this.
const LONGEST_MINUTES: u32 = 120;

/// A release with its story.
pub struct Act {
    /// What it is.
    pub title: &'static str,
    /// How it is deployed.
    pub story: &'static str,
    /// What is released.
    pub service: Service,
    /// What is before it.
    pub balancer: Balancer,
    /// Its image, and the one that it is given: both were pushed long ago.
    pub images: [Image; 2],
    /// Makes whatever else its deployment needs, and says what the new version is.
    pub deploys: Box<dyn FnOnce(&World) -> Version>,
    /// What should come of it.
    pub expects: Expectation,
}

/// What came of a release.
pub struct Release {
    /// What it is.
    pub title: &'static str,
    /// How it is deployed.
    pub story: &'static str,
    /// `cluster/name`.
    pub service: String,
    /// What should have come of it.
    pub expects: Expectation,
    /// How the deployment ended.
    pub status: String,
    /// When it ended.
    pub ended: Timestamp,
    /// Every look of the deployment hook's at it, oldest first; its roll-back is a deployment of its own.
    pub looks: Vec<HookRecord>,
    /// Every judgement of the canary gate's, oldest first.
    pub records: Vec<CanaryRecord>,
    /// What people were told.
    pub told: Vec<Published>,
    /// Requests that nothing answered, whichever version they were for.
    pub lost: u64,
    /// Both versions, minute by minute.
    pub minutes: Vec<Minute>,
    /// The new version's share of the traffic from each minute on, in percent, as its deployment asked for it.
    pub shares: Vec<(Timestamp, f64)>,
}

impl Release {
    /// Requests that reached the new version, and those of them that failed.
    #[must_use]
    pub fn seen(&self) -> (u64, u64) {
        let canary = self.minutes.iter().filter_map(|minute| minute.canary);
        canary.fold((0, 0), |(requests, errors), own| (requests + own.requests, errors + own.errors))
    }

    /// Minutes from the first request to the end.
    #[must_use]
    pub fn exposed_minutes(&self) -> i64 {
        let first = self.minutes.iter().find(|minute| minute.canary.is_some());
        first.map_or(0, |first| self.ended.duration_since(first.at).as_mins())
    }

    /// The share of the traffic that the new version has at the end, in percent.
    #[must_use]
    pub fn last_share(&self) -> f64 {
        self.shares.last().map_or(0.0, |(_, share)| *share)
    }

    /// The largest share of the traffic that it had at any time, in percent.
    fn most_share(&self) -> f64 {
        self.shares.iter().map(|(_, share)| *share).fold(0.0, f64::max)
    }

    /// The last look of the deployment hook's at it.
    #[must_use]
    pub fn last_look(&self) -> Option<&HookRecord> {
        self.looks.last()
    }

    /// Whether the deployment hook let it pass at all of these stages, and never failed it.
    fn passed(&self, stages: &[Stage]) -> bool {
        let passes = |stage: Stage| {
            let of_stage = |look: &&HookRecord| look.facts.as_ref().is_some_and(|facts| facts.stage == stage);
            self.looks.iter().rfind(of_stage).is_some_and(|look| look.decision.verdict == Verdict::Pass && look.acted)
        };
        let failed = self.looks.iter().any(|look| look.decision.verdict == Verdict::Fail);
        stages.iter().all(|stage| passes(*stage)) && !failed
    }

    /// What is different from what it should be; None where all is well.
    #[must_use]
    pub fn unexpected(&self) -> Option<String> {
        let said = |reason: &str| self.records.iter().any(|record| record.decision.reason.code() == reason);
        let status = self.status.as_str();
        let well = match self.expects {
            Expectation::Failed { at, reason, told } => {
                let failed = self.last_look().is_some_and(|look| {
                    let stage = look.facts.as_ref().map(|facts| facts.deployment.event.as_str());
                    (stage, look.decision.verdict, look.decision.reason.code()) == (Some(at), Verdict::Fail, reason)
                        && look.acted
                });
                let tells = |message: &Published| told.iter().all(|part| message.body.contains(part));
                failed
                    && matches!(self.told.as_slice(), [message] if tells(message))
                    && ["ROLLBACK_SUCCESSFUL", "Failed"].contains(&status)
                    && (self.seen().0, self.most_share() > 0.0) == (0, false)
            }
            Expectation::Stopped { within } => {
                self.passed(&[Stage::BeforeInstall, Stage::AfterInstall, Stage::TestTraffic, Stage::BeforeTraffic])
                    && status == "Stopped"
                    && self.exposed_minutes() <= within
                    && self.last_share() < 0.1
            }
            Expectation::Proved => {
                self.passed(&Stage::ALL)
                    && self.told.is_empty()
                    && status == "SUCCESSFUL"
                    && said("good_enough")
                    && said("baked")
                    && self.last_share() > 99.9
            }
        };
        let (Self { title, expects, lost, .. }, minutes) = (self, self.exposed_minutes());
        let told: Vec<&str> = self.told.iter().map(|message| message.subject.as_str()).collect();
        (!well || *lost > 0).then(|| {
            format!(
                "{title} should be {expects:?}: {status} after {minutes} minutes, {lost} requests lost, told {told:?}"
            )
        })
    }
}

/// Lives a release, until nothing of it is in progress.
///
/// # Errors
/// Where a record can't be read.
pub async fn live(act: Act) -> Result<Release, Box<dyn Error>> {
    let Act { title, story, service, balancer, images, deploys, expects } = act;
    let id = service.id();
    let world = World::new(TEN - SignedDuration::from_mins(150));
    world.scans_enhanced();
    for image in images {
        world.push(image);
    }
    world.add(service);
    world.balance(balancer);
    world.pass(150);
    let version = deploys(&world);
    let name = version.name.clone();
    let groups = world.lock().balancer(&id).groups.clone();
    let _front = Front::start(&world, &id).await;
    let drive = Drive::start(world.clone(), "canary-gate", CANARY_GATE, &[("TIDEGATE_RECORDS", "all")]).await;
    let mut drive = drive.and("deploy-hook", hooking::FUNCTION, &[]);
    let deployment = world.deploy(&id, version);
    let mut shares = vec![(TEN, 0.0)];
    for _ in 0..LONGEST_MINUTES {
        drive.run_for(1).await;
        let now = world.lock().now;
        shares.push((now, world.share(&id, &name)));
        if is_over(&world) {
            break;
        }
    }
    // What CloudWatch was told last counts too.
    drive.run_for(2).await;
    let looks = records(&world, "deploy-hook", &deployment).map(serde_json::from_value).collect::<Result<_, _>>()?;
    let records = records(&world, "canary-gate", &deployment).map(serde_json::from_value).collect::<Result<_, _>>()?;
    let (old, new) = (groups[0].dimension(), groups[1].dimension());
    let (status, lost) = (world.status(&deployment), world.lost(&id));
    let account = world.lock();
    let dimension = account.balancers[0].dimension();
    let span = account.now.duration_since(TEN).as_mins();
    let minutes = (0..span).map(|minute| TEN + SignedDuration::from_mins(minute)).map(|at| Minute {
        at,
        canary: counts(&account, (dimension, new), at),
        baseline: counts(&account, (dimension, old), at),
    });
    let minutes = minutes.collect();
    let (ended, told) = (ended(&account, &deployment), account.published.clone());
    drop(account);
    Ok(Release { title, story, service: id, expects, status, ended, looks, records, told, lost, minutes, shares })
}

/// What a function recorded of a deployment, oldest first.
fn records(world: &World, function: &str, deployment: &str) -> std::vec::IntoIter<Value> {
    let own = |record: &Value| record["function"] == *function && record["facts"]["deployment"]["id"] == *deployment;
    let records: Vec<Value> = world.full_records().into_iter().filter(own).collect();
    records.into_iter()
}

/// Whether nothing is being deployed any more, a roll-back neither.
pub(super) fn is_over(world: &World) -> bool {
    let account = world.lock();
    let native = account.native.deployments.iter().all(|deployment| deployment.finished.is_some());
    native && account.codedeploy.deployments.iter().all(|deployment| deployment.ended.is_some())
}

/// When a deployment ended, whoever deployed.
pub(super) fn ended(account: &Account, deployment: &str) -> Timestamp {
    let native = account.native.deployments.iter().find(|own| own.arn == deployment);
    let native = native.and_then(|own| own.finished);
    let code = account.codedeploy.deployments.iter().find(|own| own.id == deployment).and_then(|own| own.ended);
    native.or(code).unwrap_or(account.now)
}

/// What CloudWatch counted behind a target group in one minute; None where nothing came.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of a minute")]
pub(super) fn counts(account: &Account, (balancer, group): (&str, &str), at: Timestamp) -> Option<Counts> {
    let count = |name: &str| {
        let metric = Metric::new("AWS/ApplicationELB", name, &[("LoadBalancer", balancer), ("TargetGroup", group)]);
        let span = (at, at + SignedDuration::from_mins(1));
        account.metrics.read(&metric, "Sum", 60, span, account.now).first().map(|(_, count)| *count as u64)
    };
    let requests = count("RequestCount")?;
    Some(Counts { requests, errors: count("HTTPCode_Target_5XX_Count").unwrap_or(0), ..Counts::default() })
}
