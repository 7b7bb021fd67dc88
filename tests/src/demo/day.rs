//! The day itself: a minute passes, things befall the services, the scaler runs.

use std::collections::BTreeMap;
use std::error::Error;

use jiff::SignedDuration;
use serde_json::Value;

use super::cast::{Expectation, MIDNIGHT, Role};
use crate::lambda::{Lambda, Start, binary};
use crate::scene::{TOPIC, scheduled};
use crate::wire::Server;
use crate::world::World;

/// Minutes of a day.
const MINUTES: u32 = 24 * 60;

/// Everything that the day came to.
pub struct Day {
    /// Service by service.
    pub parts: Vec<Part>,
    /// What the runs cost together, in dollars.
    pub runs_usd: f64,
    /// Calls to AWS by operation.
    pub calls: BTreeMap<String, u32>,
    /// The daily digest of shadow mode.
    pub digest: String,
}

/// One service's day.
pub struct Part {
    /// `cluster/name`.
    pub id: String,
    /// What it stands for.
    pub story: &'static str,
    /// What should come of it.
    pub expects: Expectation,
    /// Minute by minute: the load in tasks at 100 %, and the tasks that serve.
    pub minutes: Vec<(f64, u32)>,
    /// Records of what was changed, or would have been.
    pub changes: Vec<Value>,
    /// How often each other reason was given.
    pub reasons: BTreeMap<String, u32>,
    /// Task-hours that were billed.
    pub task_hours: f64,
    /// Tasks that the busiest minute needs at target.
    pub peak_tasks: u32,
    /// Work, in seconds of full tasks.
    pub work: f64,
    /// The part of it that found no capacity.
    pub unmet_work: f64,
}

impl Part {
    /// The share of the work that found no capacity.
    #[must_use]
    pub fn unmet(&self) -> f64 {
        if self.work > 0.0 { self.unmet_work / self.work } else { 0.0 }
    }

    /// How often it was changed.
    #[must_use]
    pub fn acted(&self) -> usize {
        self.changes.iter().filter(|change| change["acted"] == true).count()
    }

    /// What is different from what it should be; None where all is well.
    #[must_use]
    pub fn unexpected(&self) -> Option<String> {
        let acted = self.acted();
        let turned = |verdict: &str| self.changes.iter().any(|change| change["verdict"] == verdict);
        let well = match self.expects {
            Expectation::Scaled { unmet } => turned("raise") && turned("lower") && self.unmet() <= unmet,
            Expectation::LeftAlone(reason) => acted == 0 && self.reasons.contains_key(reason),
            Expectation::Shadowed => acted == 0 && turned("lower"),
        };
        let Self { id, expects, reasons, .. } = self;
        let unmet = self.unmet();
        (!well).then(|| format!("{id} should be {expects:?}: {acted} changes, {unmet:.4} unmet, {reasons:?}"))
    }
}

/// Lives the day.
///
/// # Errors
/// Where the function fails.
pub async fn live(cast: Vec<Role>) -> Result<Day, Box<dyn Error>> {
    let before = SignedDuration::from_hours(1);
    let world = World::new(MIDNIGHT - before);
    for role in &cast {
        world.add(role.service.clone());
    }
    world.pass(60);
    let server = Server::start(world.clone()).await;
    let variables =
        vec![("TIDEGATE_RECORDS".to_owned(), "all".to_owned()), ("TIDEGATE_TOPIC_ARN".to_owned(), TOPIC.to_owned())];
    let start = Start { binary: binary("cost-scaler"), endpoint: server.url(), clock: Some(server.url()), variables };
    let mut lambda = Lambda::start(start, world.clone()).await;

    let billed_before: Vec<i64> = world.lock().services.iter().map(crate::world::service::Service::billed_s).collect();
    let mut minutes: Vec<Vec<(f64, u32)>> = vec![Vec::new(); cast.len()];
    let mut runs_usd = 0.0;
    for minute in 0..MINUTES {
        {
            let mut account = world.lock();
            for role in &cast {
                (role.befalls)(&mut account, minute);
            }
        }
        world.pass(1);
        let now = world.lock().now;
        for (seen, service) in minutes.iter_mut().zip(&world.lock().services) {
            seen.push((service.load_at(now - SignedDuration::from_mins(1)), service.running()));
        }
        let summary = lambda.invoke(scheduled(now), 60).await.map_err(|error| error.to_string())?;
        runs_usd += summary["run_usd"].as_f64().unwrap_or(0.0);
    }
    lambda.invoke(serde_json::json!({"run": "digest"}), 60).await.map_err(|error| error.to_string())?;
    lambda.stop().await;
    Ok(tell(&world, &cast, &billed_before, minutes, runs_usd))
}

fn tell(world: &World, cast: &[Role], billed_before: &[i64], minutes: Vec<Vec<(f64, u32)>>, runs_usd: f64) -> Day {
    let account = world.lock();
    let records: Vec<Value> = account
        .printed
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|record| record["verdict"].is_string() && record["service"].is_string())
        .collect();
    let part = |(index, minutes): (usize, Vec<(f64, u32)>)| {
        let (role, service) = (&cast[index], &account.services[index]);
        let own = records.iter().filter(|record| record["service"] == service.id());
        let (changes, others): (Vec<&Value>, Vec<&Value>) = own.partition(|record| record["action"].is_object());
        let mut reasons = BTreeMap::new();
        for record in others {
            *reasons.entry(record["reason"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        let peak = minutes.iter().map(|(load, _)| *load).fold(0.0, f64::max);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few tasks")]
        let peak_tasks = (peak / 0.7).ceil() as u32;
        #[expect(clippy::cast_precision_loss, reason = "task-seconds of one day")]
        let task_hours = (service.billed_s() - billed_before[index]) as f64 / 3600.0;
        Part {
            id: service.id(),
            story: role.story,
            expects: role.expects,
            changes: changes.into_iter().cloned().collect(),
            reasons,
            task_hours,
            peak_tasks,
            work: service.work,
            unmet_work: service.unmet,
            minutes,
        }
    };
    let parts = minutes.into_iter().enumerate().map(part).collect();
    let digest = account.published.iter().rfind(|message| message.subject.contains("shadow mode"));
    let digest = digest.map_or_else(String::new, |message| format!("{}\n\n{}", message.subject, message.body));
    Day { parts, runs_usd, calls: account.calls.clone(), digest }
}
