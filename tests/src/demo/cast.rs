//! The services of the demo, what befalls them, and how each should end.

use jiff::Timestamp;
use tidegate_core::scaling::facts::ScalableTarget;

use crate::scene::TEN;
use crate::world::Account;
use crate::world::service::Service;

/// Midnight, when the day begins.
pub const MIDNIGHT: Timestamp = Timestamp::constant(1_795_219_200, 0);

/// A service with its story.
pub struct Role {
    /// The service.
    pub service: Service,
    /// What it stands for.
    pub story: &'static str,
    /// What befalls it at the beginning of a minute of the day.
    pub befalls: fn(&mut Account, u32),
    /// What should come of it.
    pub expects: Expectation,
}

/// What should come of a service's day.
#[derive(Clone, Copy, Debug)]
pub enum Expectation {
    /// It is scaled up and down, and leaves no more than this share of its work unmet.
    Scaled {
        /// The share.
        unmet: f64,
    },
    /// It is never touched, for this reason.
    LeftAlone(&'static str),
    /// It is never touched, and its owner is told what would be saved.
    Shadowed,
}

fn nothing(_: &mut Account, _: u32) {}

/// The cast.
#[must_use]
pub fn cast() -> Vec<Role> {
    let service = |id: &str, tasks: u32| Service::new(id, tasks, TEN);
    vec![
        Role {
            service: service("prod/shop", 20).enrolled("on", 3, 40).load(|at| day_curve(at, 3.0, 18.0)),
            story: "a web shop with a strong day",
            befalls: nothing,
            expects: Expectation::Scaled { unmet: 0.005 },
        },
        Role {
            service: service("prod/checkout", 4).enrolled("on", 3, 60).load(sale).behind_load_balancer(),
            story: "a sale at 14:00: seven times the load within two minutes, for half an hour",
            befalls: nothing,
            // The first tasks for the sale take a minute and a half to start.
            expects: Expectation::Scaled { unmet: 0.02 },
        },
        Role {
            service: service("prod/search", 14).enrolled("on", 3, 40).load(|at| day_curve(at, 4.0, 12.0)),
            story: "its metrics are missing from 12:00 to 14:00",
            befalls: |account, minute| account.service("prod/search").publishes = !(720..840).contains(&minute),
            expects: Expectation::Scaled { unmet: 0.005 },
        },
        Role {
            service: service("prod/cart", 10).enrolled("on", 3, 40).load(|at| day_curve(at, 2.0, 10.0)),
            story: "a deployment from 21:00 to 21:45, while its load falls",
            befalls: |account, minute| {
                let state = if (1260..1305).contains(&minute) { "IN_PROGRESS" } else { "COMPLETED" };
                account.service("prod/cart").deployments[0].1 = Some(state.to_owned());
            },
            expects: Expectation::Scaled { unmet: 0.005 },
        },
        Role {
            service: service("prod/legacy", 12).enrolled("on", 3, 40).load(|at| day_curve(at, 2.0, 8.0)),
            story: "Application Auto Scaling owns its count",
            befalls: |account, minute| {
                if minute == 0 {
                    let target = ScalableTarget { min: 4, max: 20 };
                    account.scalable_targets.insert("service/prod/legacy".to_owned(), target);
                }
            },
            expects: Expectation::LeftAlone("scalable_target"),
        },
        Role {
            service: service("dev/preview", 6).enrolled("shadow", 1, 6).load(|_| 0.3),
            story: "an idle service of the developers, in shadow",
            befalls: nothing,
            expects: Expectation::Shadowed,
        },
        Role {
            service: service("dev/batch", 5).tag("scale", "on").load(|_| 2.0),
            story: "switched on without bounds",
            befalls: nothing,
            expects: Expectation::LeftAlone("bounds_missing"),
        },
    ]
}

/// The minute of the day, with its seconds.
#[expect(clippy::cast_precision_loss, reason = "seconds of one day")]
fn hour(at: Timestamp) -> f64 {
    at.as_second().rem_euclid(86_400) as f64 / 3600.0
}

/// A day between `quiet` at night and `busy` in the evening, a little uneven from minute to minute.
fn day_curve(at: Timestamp, quiet: f64, busy: f64) -> f64 {
    let phase = (hour(at) - 19.0) / 24.0 * std::f64::consts::TAU;
    let curve = f64::midpoint(1.0, phase.cos());
    (quiet + (busy - quiet) * curve) * (1.0 + 0.06 * wobble(at))
}

/// A quiet service, but for the sale.
fn sale(at: Timestamp) -> f64 {
    let minute = (hour(at) - 14.0) * 60.0;
    let factor = match minute {
        0.0..2.0 => 1.0 + 3.0 * minute,
        2.0..32.0 => 7.0,
        32.0..47.0 => 7.0 - 0.4 * (minute - 32.0),
        _ => 1.0,
    };
    day_curve(at, 2.0, 3.0) * factor
}

/// Between -1 and 1, the same in every run.
fn wobble(at: Timestamp) -> f64 {
    let mut hash = at.as_second().unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^= hash >> 31;
    hash = hash.wrapping_mul(0x94D0_49BB_1331_11EB);
    #[expect(clippy::cast_precision_loss, reason = "three digits")]
    let share = ((hash >> 40) % 2000) as f64;
    share / 1000.0 - 1.0
}
