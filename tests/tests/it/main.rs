//! Everything that is proved in the local world, in one binary, so that the SDK is linked once.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod binary;
mod canary;
mod diagnose;
mod doctor;
mod documents;
mod examples;
mod functions;
mod fuzz;
mod hook;
mod judges;
mod preflight;
mod scan;
mod scenarios;
mod status;
mod template;
mod wire;
mod world;
