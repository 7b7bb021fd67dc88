//! What the scaler is doing.

use jiff::SignedDuration;
use serde_json::Value;

use super::seen::Seen;
use super::situations::{Lived, Situation, Way};
use crate::drive::Drive;
use crate::scene::{TEN, alarms, scheduled};
use crate::world::service::Service;
use crate::world::{Alarm, World};

const FUNCTION: &str = "cost-scaler";

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        function: FUNCTION,
        name: "schedule",
        story: "one service has to be raised, and another one lowered",
        lives: scheduled_run,
    },
    Situation { function: FUNCTION, name: "alarm", story: "the service that an alarm names is raised", lives: alarmed },
    Situation { function: FUNCTION, name: "digest", story: "a service in shadow is told of", lives: digest },
];

fn scheduled_run(way: Way) -> Lived {
    Box::pin(async move {
        let world = world([hot("on"), idle()]);
        run(&way, &world, 2, |world| scheduled(world.lock().now)).await
    })
}

fn alarmed(way: Way) -> Lived {
    Box::pin(async move {
        let world = world([hot("on").tag("alarms", "latency"), idle()]);
        let alarm = Alarm { name: "latency".to_owned(), state: "ALARM".to_owned(), ..Alarm::default() };
        world.lock().alarms.push(alarm);
        run(&way, &world, 1, |world| alarms(world.lock().now, &[("latency", "ALARM")])).await
    })
}

fn digest(way: Way) -> Lived {
    Box::pin(async move {
        let world = world([hot("shadow")]);
        run(&way, &world, 0, |_| serde_json::json!({"run": "digest"})).await
    })
}

fn hot(mode: &str) -> Service {
    Service::new("prod/shop", 10, TEN).enrolled(mode, 2, 40).load(|_| 9.0)
}

fn idle() -> Service {
    Service::new("prod/cart", 10, TEN).enrolled("on", 2, 40).load(|_| 2.0)
}

fn world(services: impl IntoIterator<Item = Service>) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(30));
    services.into_iter().for_each(|service| world.add(service));
    world.pass(30);
    world
}

/// One invocation. Where it did not change as much as it should, everything is well again then, and a minute later there is
/// the next.
async fn run(way: &Way, world: &World, changes: usize, event: fn(&World) -> Value) -> Seen {
    let mut drive = way.drive(world, FUNCTION, "tidegate-cost-scaler", &[]).await;
    drive.timeout_s = 60;
    let mut seen = once(&mut drive, event).await;
    if !seen.errors.is_empty() || seen.changes.len() < changes {
        way.heals().await;
        world.pass(1);
        seen.after = Some(Box::new(once(&mut drive, event).await));
    }
    seen
}

async fn once(drive: &mut Drive, event: fn(&World) -> Value) -> Seen {
    let answered = drive.invoke(event(&drive.world)).await;
    let mut seen = Seen::of(&drive.world);
    if let Err(error) = answered {
        seen.errors.push(error.to_string());
        seen.waiting.push("on-failure queue".to_owned());
    }
    seen
}
