//! A local AWS world, and what is proved in it.
//!
//! - [`world`]: a small simulated account on a settable clock: services whose tasks take time to start, load balancers
//!   that split traffic by weight, metrics that follow from the load, deployments that call hooks, alarms, topics; it can
//!   throttle, fail, hang and lie
//! - [`ports`]: the account as the ports of the functions, in process, for scenario tests
//! - [`wire`]: the account as a server that speaks the protocols of the AWS APIs, for the real clients and binaries
//! - [`lambda`]: the Lambda Runtime API, and a function's real binary behind it
//! - [`drive`]: that binary, while time passes, hooks are called and the schedule runs
//! - [`queue`]: the queue between EventBridge and a function
//! - [`bench`]: what `make bench` measures
//! - [`demo`]: what `make demo` tells
//! - [`judges`]: what `make judges` compares
//! - [`faults`]: what `make faults` tries
//! - [`scale`]: what `make scale` measures
//! - [`scene`]: a scaler in a world, for scenario tests
//! - [`parts`]: the same, where its runs are handed on in parts
//! - [`release`]: a release in a world, and a canary gate
//! - [`scanning`]: images in a world, and a scan gate
//! - [`hooking`]: a release in a world, and a deployment hook that its stages call
//!
//! Every door to the account is in [`world::api`].

#![allow(clippy::expect_used, clippy::panic, reason = "a world that is set up wrongly is a failed test")]

pub mod bench;
pub mod demo;
pub mod drive;
pub mod faults;
pub mod hooking;
pub mod judges;
pub mod lambda;
pub mod parts;
pub mod ports;
pub mod queue;
pub mod release;
pub mod scale;
pub mod scanning;
pub mod scene;
pub mod wire;
pub mod world;
