//! What a stage's table looks at is gathered, and nothing else: what is independent at the same time, and each failure as
//! something that could not be read.
//!
//! - this file: the order
//! - [`definition`]: the new version's task definition, and what it names
//! - [`images`]: its images
//! - [`running`]: its tasks and its targets
//! - [`way`]: how it is deployed: settings, traffic, weights, alarms
//! - [`smoke`]: its smoke requests

pub mod definition;
pub mod images;
pub mod running;
pub mod smoke;
pub mod way;

use futures_util::join;
use jiff::Timestamp;
use tidegate_aws::app_specs::AppSpecs;
use tidegate_aws::clock::Clock;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::codedeploy::CodeDeploy;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::definitions::Definitions;
use tidegate_aws::deployments::Deployments;
use tidegate_aws::error::PortError;
use tidegate_aws::functions::Asked;
use tidegate_aws::images::Images;
use tidegate_aws::inspector::Inspector;
use tidegate_aws::listeners::Listeners;
use tidegate_aws::loadbalancing::LoadBalancing;
use tidegate_aws::logs::Logs;
use tidegate_aws::parameters::Parameters;
use tidegate_aws::probe::Probe;
use tidegate_aws::service_tasks::ServiceTasks;
use tidegate_core::hook::facts::{Facts, Unreadable};
use tidegate_core::hook::{Check, Policy, Stage};
use tidegate_core::smoke::Request;
use tidegate_lambda::deployments::InProgress;

use crate::deployment::{self, Waiting};
use crate::settings::Settings;

/// What facts are read through.
pub trait Ports:
    AppSpecs
    + Asked
    + Clock
    + CloudWatch
    + CodeDeploy
    + Definitions
    + Deployments
    + Images
    + Inspector
    + Listeners
    + LoadBalancing
    + Logs
    + Parameters
    + Probe
    + ServiceTasks
{
}
impl<T> Ports for T where
    T: AppSpecs
        + Asked
        + Clock
        + CloudWatch
        + CodeDeploy
        + Definitions
        + Deployments
        + Images
        + Inspector
        + Listeners
        + LoadBalancing
        + Logs
        + Parameters
        + Probe
        + ServiceTasks
{
}

/// The gathering of one look.
pub struct Gather<'a, P> {
    /// The world.
    pub ports: &'a P,
    /// The installation.
    pub settings: &'a Settings,
    /// The time that is left.
    pub deadline: &'a Deadline,
    /// The moment.
    pub now: Timestamp,
    /// What the deployment has to keep to.
    pub policy: &'a Policy,
    /// Whether anything may be done beyond reading: a scan that was never made be begun, a smoke request be sent.
    pub acts: bool,
}

/// What was gathered.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// The facts.
    pub facts: Facts,
    /// The smoke requests of the policy's parameter; None where it names none, or it could not be read.
    pub smoke: Option<Vec<Request>>,
    /// Metrics that were asked for.
    pub metrics: u32,
    /// A document that is not what it should be; nothing is judged by it.
    pub broken: Option<String>,
}

impl<P: Ports> Gather<'_, P> {
    /// The facts of a stage, in its platform's own word.
    pub async fn facts(&self, deployment: &InProgress, event: &str, waiting: Waiting) -> Gathered {
        let stage = Stage::of(event);
        let facts = Facts::of(stage, deployment::facts(deployment, event, waiting));
        let mut gathered = Gathered { facts, smoke: None, metrics: 0, broken: None };
        let facts = &mut gathered.facts;
        // What is let pass whatever it is like costs no call.
        if facts.deployment.roll_back || stage == Stage::Other {
            return gathered;
        }
        let is_looked_at = |checks: &[Check]| checks.iter().any(|check| stage.looks_at(*check));
        let (brought, alarms, way, running, targets, asked) = join!(
            when(is_looked_at(&[Check::Images, Check::TaskDefinition]), self.definition(deployment)),
            when(is_looked_at(&[Check::Alarms, Check::Deployment]), self.alarms(deployment)),
            when(is_looked_at(&[Check::Deployment]), self.way(deployment)),
            when(is_looked_at(&[Check::Tasks]), self.tasks(deployment)),
            when(is_looked_at(&[Check::Targets]), self.targets(deployment)),
            when(is_looked_at(&[Check::Smoke]), self.smoke(deployment)),
        );
        let mut unreadable = Vec::new();
        facts.alarms = kept(alarms, Check::Alarms, &mut unreadable).unwrap_or_default();
        if let Some(way) = way {
            unreadable.extend(way.unreadable);
            gathered.metrics = way.metrics;
            facts.settings = Some(way.settings);
        }
        facts.tasks = kept(running, Check::Tasks, &mut unreadable);
        facts.targets = kept(targets, Check::Targets, &mut unreadable).flatten();
        if let Some(asked) = asked {
            facts.smoke = asked.tried;
            gathered.smoke = asked.requests;
            gathered.broken = asked.broken;
            unreadable.extend(asked.why.map(|why| Unreadable { what: Check::Smoke, why }));
        }
        match kept(brought, Check::TaskDefinition, &mut unreadable) {
            None => {}
            Some(Err(why)) => facts.task_definition_unknown = Some(why),
            Some(Ok(definition)) => {
                let region = deployment::region(&definition.task_definition_arn);
                facts.surroundings.on_fargate = deployment::on_fargate(deployment);
                region.clone_into(&mut facts.surroundings.region);
                let digests = images::resolved(deployment, facts.tasks.as_ref());
                let (groups, seen) = join!(
                    self.log_groups(&definition, region),
                    self.images(deployment, &definition, &digests, facts.surroundings.on_fargate),
                );
                facts.surroundings.log_groups =
                    kept(Some(groups), Check::TaskDefinition, &mut unreadable).unwrap_or_default();
                facts.images = seen.images;
                gathered.broken = gathered.broken.or(seen.broken);
                unreadable.extend(seen.unreadable);
                facts.task_definition = Some(definition);
            }
        }
        facts.unreadable = unreadable;
        gathered
    }
}

/// Something that is done only where it is asked for.
async fn when<T>(asked: bool, work: impl Future<Output = T>) -> Option<T> {
    if asked { Some(work.await) } else { None }
}

/// What was read; what could not be read is told.
fn kept<T>(read: Option<Result<T, PortError>>, what: Check, unreadable: &mut Vec<Unreadable>) -> Option<T> {
    match read? {
        Ok(read) => Some(read),
        Err(error) => {
            unreadable.push(cannot(what, &error));
            None
        }
    }
}

/// Something that could not be read.
pub(crate) fn cannot(what: Check, error: &PortError) -> Unreadable {
    Unreadable { what, why: error.to_string() }
}
