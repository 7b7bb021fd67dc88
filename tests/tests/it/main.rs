//! Everything that is proved in the local world, in one binary, so that the SDK is linked once.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod binary;
mod canary;
mod documents;
mod functions;
mod fuzz;
mod judges;
mod scan;
mod scenarios;
mod template;
mod wire;
mod world;
