//! One release of the demo, lived: the gate's binary answers its hooks and runs every minute.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_core::canary::CanaryRecord;
use tidegate_core::canary::facts::{Counts, Minute};

use super::acts::Expectation;
use crate::drive::Drive;
use crate::release::{FUNCTION, world};
use crate::scene::TEN;
use crate::world::balancer::Balancer;
use crate::world::metrics::Metric;
use crate::world::service::Service;
use crate::world::version::Version;
use crate::world::{Account, World};

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
    /// What else its deployment needs.
    pub set_up: Box<dyn FnOnce(&mut Account)>,
    /// The new version.
    pub version: Version,
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
    /// Every judgement of it, oldest first; its roll-back is a deployment of its own.
    pub records: Vec<CanaryRecord>,
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

    /// What is different from what it should be; None where all is well.
    #[must_use]
    pub fn unexpected(&self) -> Option<String> {
        let said = |reason: &str| self.records.iter().any(|record| record.decision.reason.code() == reason);
        let well = match self.expects {
            Expectation::Proved => {
                self.status == "SUCCESSFUL" && said("good_enough") && said("baked") && self.last_share() > 99.9
            }
            Expectation::Stopped { within } => {
                self.status == "Stopped" && self.exposed_minutes() <= within && self.last_share() < 0.1
            }
        };
        let (Self { title, expects, status, .. }, minutes) = (self, self.exposed_minutes());
        (!well).then(|| format!("{title} should be {expects:?}: {status} after {minutes} minutes"))
    }
}

/// Lives a release, until nothing of it is in progress.
///
/// # Errors
/// Where a record can't be read.
pub async fn live(act: Act) -> Result<Release, Box<dyn Error>> {
    let Act { title, story, service, balancer, set_up, version, expects } = act;
    let (id, name) = (service.id(), version.name.clone());
    let world = world(service, balancer);
    set_up(&mut world.lock());
    let groups = world.lock().balancer(&id).groups.clone();
    let mut drive = Drive::start(world.clone(), "canary-gate", FUNCTION, &[("TIDEGATE_RECORDS", "all")]).await;
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
    let own = |record: &Value| record["facts"]["deployment"]["id"] == *deployment;
    let records = world.full_records().into_iter().filter(own);
    let records = records.map(serde_json::from_value).collect::<Result<Vec<CanaryRecord>, _>>()?;
    let (old, new) = (groups[0].dimension(), groups[1].dimension());
    let account = world.lock();
    let dimension = account.balancers[0].dimension();
    let span = account.now.duration_since(TEN).as_mins();
    let minutes = (0..span).map(|minute| TEN + SignedDuration::from_mins(minute)).map(|at| Minute {
        at,
        canary: counts(&account, (dimension, new), at),
        baseline: counts(&account, (dimension, old), at),
    });
    let minutes = minutes.collect();
    let ended = ended(&account, &deployment);
    drop(account);
    let status = world.status(&deployment);
    Ok(Release { title, story, service: id, expects, status, ended, records, minutes, shares })
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
