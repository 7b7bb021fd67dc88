//! What the scaler does and, above all, does not do: its handler over a simulated account, in process.

mod alarms;
mod left_alone;
mod lowering;
mod parts;
mod people;
mod plan;
mod raising;
mod runs;
mod tags;
mod unreadable;

use tidegate_tests::scene::TEN;
use tidegate_tests::world::service::Service;

/// A service of some tasks, not enrolled.
fn shop(tasks: u32) -> Service {
    Service::new("prod/shop", tasks, TEN)
}

/// A service of some tasks, scaled between 2 and 40.
fn scaled_shop(tasks: u32) -> Service {
    shop(tasks).enrolled("on", 2, 40)
}
