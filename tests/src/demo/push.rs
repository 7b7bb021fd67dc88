//! A push of the demo, lived: the gate's binary is handed its events from the queue while the deployment goes on.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_core::scan::ScanRecord;

use super::pushes::{Expectation, REPOSITORY, SERVICE, balancer, configuration, first, service};
use super::release::{counts, ended, is_over};
use crate::drive::Drive;
use crate::queue::Queue;
use crate::scene::TEN;
use crate::world::registry::findings::Finding;
use crate::world::registry::image::Image;
use crate::world::version::Version;
use crate::world::{Published, World};

/// The function's name.
const FUNCTION: &str = "tidegate-scan-gate";

/// Minutes until Inspector is done with an image.
const SCAN_MINUTES: u32 = 1;

/// A pipeline needs so long from the push to the deployment.
const PIPELINE: SignedDuration = SignedDuration::from_secs(30);

/// How long events are collected for, as the template has it.
const WINDOW: SignedDuration = SignedDuration::from_secs(20);

/// The world is looked at this often.
const TICK: SignedDuration = SignedDuration::from_secs(10);

/// A push and its deployment take no longer than this.
const LONGEST: SignedDuration = SignedDuration::from_mins(60);

/// A push with its story.
pub struct Act {
    /// What it is.
    pub title: &'static str,
    /// What it is about.
    pub story: &'static str,
    /// When it is pushed, in minutes from the beginning.
    pub minute: i64,
    /// The tag of the image that is pushed.
    pub tag: &'static str,
    /// What Inspector finds in it.
    pub findings: Vec<Finding>,
    /// What should come of it.
    pub expects: Expectation,
}

/// What came of a push.
pub struct Push {
    /// What it is.
    pub title: &'static str,
    /// What it is about.
    pub story: &'static str,
    /// Such as `orders:v2`.
    pub image: String,
    /// What should have come of it.
    pub expects: Expectation,
    /// When it was pushed.
    pub pushed: Timestamp,
    /// When its deployment began.
    pub began: Timestamp,
    /// When Inspector was done with it.
    pub scanned: Option<Timestamp>,
    /// Every judgement of what its deployment brings, oldest first.
    pub records: Vec<ScanRecord>,
    /// What people were told.
    pub told: Vec<Published>,
    /// The share of the traffic that its deployment gave it from each moment on, in percent.
    pub shares: Vec<(Timestamp, f64)>,
    /// Requests that reached it.
    pub requests: u64,
    /// Requests that nothing answered meanwhile, whichever image they were for.
    pub lost: u64,
    /// How the deployment ended.
    pub status: String,
    /// When it ended.
    pub ended: Timestamp,
}

impl Push {
    /// The share of the traffic that the image has at the end, in percent.
    #[must_use]
    pub fn last_share(&self) -> f64 {
        self.shares.last().map_or(0.0, |(_, share)| *share)
    }

    /// The largest share of the traffic that it had at any time, in percent.
    #[must_use]
    pub fn most_share(&self) -> f64 {
        self.shares.iter().map(|(_, share)| *share).fold(0.0, f64::max)
    }

    /// What is different from what it should be; None where all is well.
    #[must_use]
    pub fn unexpected(&self) -> Option<String> {
        let said = |reason: &str| self.records.iter().any(|record| record.decision.reason.code() == reason);
        let well = match self.expects {
            Expectation::Blocked { told: [id, package] } => {
                let exception = format!("- id: {id}");
                let tells = |body: &str| [id, package, &exception].iter().all(|part| body.contains(part));
                let is_told = matches!(self.told.as_slice(), [message] if tells(&message.body));
                is_told
                    && said("waiting_for_scan")
                    && self.status == "ROLLBACK_SUCCESSFUL"
                    && (self.requests, self.most_share() > 0.0) == (0, false)
            }
            Expectation::LetThrough => {
                self.told.is_empty() && said("clean") && self.status == "SUCCESSFUL" && self.last_share() > 99.9
            }
        };
        let Self { title, expects, status, requests, lost, .. } = self;
        let told: Vec<&str> = self.told.iter().map(|message| message.subject.as_str()).collect();
        (!well || *lost > 0).then(|| {
            format!("{title} should be {expects:?}: {status} after {requests} requests, {lost} lost, told {told:?}")
        })
    }
}

/// Lives all acts, one after the other, in one world.
///
/// # Errors
/// Where the function fails, or a record can't be read.
pub async fn live(acts: Vec<Act>) -> Result<Vec<Push>, Box<dyn Error>> {
    let world = World::new(TEN - SignedDuration::from_mins(150));
    world.scans_enhanced();
    world.push(first());
    world.add(service());
    world.balance(balancer());
    world.lock().native.configurations.insert(SERVICE.to_owned(), configuration());
    world.pass(150);
    drop(world.take_events());
    let drive = Drive::start(world.clone(), "scan-gate", FUNCTION, &[("TIDEGATE_RECORDS", "all")]).await;
    let mut stage = Stage { drive, queue: Queue::collecting_for(WINDOW), scanned: None };
    let mut pushes = Vec::new();
    for act in acts {
        let now = world.lock().now;
        stage.pass((TEN + SignedDuration::from_mins(act.minute)).duration_since(now)).await?;
        pushes.push(stage.live(act).await?);
    }
    Ok(pushes)
}

/// The gate's binary behind its queue.
struct Stage {
    drive: Drive,
    queue: Queue,
    /// When Inspector was done with an image last.
    scanned: Option<Timestamp>,
}

impl Stage {
    async fn live(&mut self, act: Act) -> Result<Push, Box<dyn Error>> {
        let Act { title, story, tag, findings, expects, .. } = act;
        let world = self.drive.world.clone();
        let image = format!("{REPOSITORY}:{tag}");
        let (records, told) = (world.full_records().len(), world.lock().published.len());
        let lost = world.lost(SERVICE);
        self.scanned = None;
        let pushed = world.lock().now;
        world.push(Image::new(REPOSITORY, tag).pending_for(SCAN_MINUTES).finds(findings));
        self.pass(PIPELINE).await?;
        let began = world.lock().now;
        let deployment = world.deploy(SERVICE, Version::new(tag).image(&image).errors(0.1));
        let group = world.lock().balancer(SERVICE).group_of(tag).map(|group| group.dimension().to_owned());
        let mut shares = vec![(pushed, 0.0), (began, 0.0)];
        while world.lock().now < began + LONGEST {
            self.pass(TICK).await?;
            let share = world.share(SERVICE, tag);
            shares.push((world.lock().now, share));
            if is_over(&world) && self.queue.is_empty() {
                break;
            }
        }
        // What CloudWatch was told last counts too.
        self.pass(SignedDuration::from_mins(2)).await?;
        let own = |record: &Value| record["service"] == SERVICE;
        let records = world.full_records().into_iter().skip(records).filter(own);
        let records = records.map(serde_json::from_value).collect::<Result<_, _>>()?;
        let account = world.lock();
        let balancer = account.balancers[0].dimension();
        let minutes = (0..account.now.duration_since(pushed).as_mins()).map(|m| pushed + SignedDuration::from_mins(m));
        let counted = minutes.filter_map(|at| counts(&account, (balancer, group.as_deref()?), at));
        let requests = counted.map(|counts| counts.requests).sum();
        let told = account.published.iter().skip(told).cloned().collect();
        let ended = ended(&account, &deployment);
        drop(account);
        Ok(Push {
            title,
            story,
            image,
            expects,
            pushed,
            began,
            scanned: self.scanned,
            records,
            told,
            shares,
            requests,
            lost: world.lost(SERVICE) - lost,
            status: world.status(&deployment),
            ended,
        })
    }

    /// Lets time pass; the gate is handed what is in the queue as its time comes.
    async fn pass(&mut self, length: SignedDuration) -> Result<(), Box<dyn Error>> {
        let world = self.drive.world.clone();
        let end = world.lock().now + length;
        self.deliver().await?;
        while world.lock().now < end {
            let left = end.duration_since(world.lock().now);
            world.pass_for(left.min(TICK));
            self.deliver().await?;
        }
        Ok(())
    }

    async fn deliver(&mut self) -> Result<(), Box<dyn Error>> {
        let now = self.drive.world.lock().now;
        for event in self.drive.world.take_events() {
            if event["detail-type"] == "Inspector2 Scan" {
                self.scanned = Some(now);
            }
            self.queue.send(&event, now);
        }
        if let Some(batch) = self.queue.receive(now) {
            let answer = self.drive.invoke(batch).await.map_err(|error| error.to_string())?;
            self.queue.answered(&answer);
        }
        Ok(())
    }
}
