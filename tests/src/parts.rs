//! A scaler that hands on parts of its runs, and the queue that brings them back to it.

use std::time::Duration;

use cost_scaler::handler::Reply;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_core::scaling::fan_out::WORKERS;
use tokio::time::{Instant, sleep};

use crate::queue::Queue;
use crate::scene::Scene;
use crate::world::World;
use crate::world::service::Service;

/// The queue of the parts.
pub const PARTS: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/tidegate-parts";

/// How long a part that came to nothing is left alone, and how often it is tried, as the template has it.
pub const VISIBILITY: SignedDuration = SignedDuration::from_secs(60);
/// How often a part is tried.
pub const TRIES: u32 = 2;

/// Services at rest, so many in each of so many clusters.
#[must_use]
pub fn fleet(clusters: usize, services: usize, service: impl Fn(&str) -> Service) -> Vec<Service> {
    let of = |cluster: usize| (0..services).map(move |index| format!("cluster-{cluster:02}/service-{index:04}"));
    (0..clusters).flat_map(of).map(|id| service(&id)).collect()
}

/// A world has the queue.
pub fn has_queue(world: &World) {
    world.lock().queues.insert(PARTS.to_owned(), Queue::of_parts(VISIBILITY, TRIES));
}

impl Scene {
    /// As [`Scene::with`], with a queue for parts.
    #[must_use]
    pub fn in_parts(variables: &[(&str, &str)], services: impl IntoIterator<Item = Service>) -> Self {
        let variables = [variables, &[("TIDEGATE_PARTS_QUEUE", PARTS)]].concat();
        let scene = Self::with(&variables, services);
        has_queue(&scene.world);
        scene
    }

    /// Hands the scaler one batch of what the queue shows. None where it shows nothing.
    ///
    /// # Panics
    /// Where the batch fails as a whole.
    pub async fn deliver(&self) -> Option<Value> {
        let batch = {
            let mut account = self.world.lock();
            let now = account.now;
            account.queues.get_mut(PARTS)?.receive(now)?
        };
        match self.answer(batch.clone()).await {
            Ok(reply @ Reply::Parts(_)) => {
                let answer = json!(reply);
                self.world.lock().queues.get_mut(PARTS)?.answered_to(&batch, &answer);
                Some(answer)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Lets time pass until the queue is empty, while as many parts are looked at as Lambda lets run at once.
    pub async fn work_off(&self) {
        let workers = futures_of(|| self.work());
        let clock = async {
            loop {
                sleep(Duration::from_secs(1)).await;
                self.world.pass_for(SignedDuration::from_secs(1));
            }
        };
        tokio::select! {
            () = workers => {}
            () = clock => {}
        }
    }

    async fn work(&self) {
        while self.queued() > 0 {
            if self.deliver().await.is_none() {
                sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Parts that are in the queue, or under way.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.world.lock().queues.get(PARTS).map_or(0, Queue::len)
    }

    /// The summaries that runs of a kind have printed.
    #[must_use]
    pub fn summaries(&self, trigger: &str) -> Vec<Value> {
        let account = self.world.lock();
        let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.map(|mut line| line["summary"].take()).filter(|summary| summary["trigger"] == trigger).collect()
    }
}

/// As many of a future at once as there are workers.
async fn futures_of<F: Future<Output = ()>>(work: impl Fn() -> F) {
    assert_eq!(WORKERS, 2);
    tokio::join!(work(), work());
}

/// The most calls of an operation that came within any second.
#[must_use]
pub fn most_in_a_second(calls: &[(String, Instant)], operation: &str) -> usize {
    let times: Vec<Instant> = calls.iter().filter(|(of, _)| of == operation).map(|(_, at)| *at).collect();
    let within = |(index, at): (usize, &Instant)| {
        times[index..].iter().take_while(|later| later.duration_since(*at) < Duration::from_secs(1)).count()
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}
