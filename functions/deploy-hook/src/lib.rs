//! deploy-hook: whether a deployment may take its next step.
//!
//! An event is read ([`event`]). For a hook, the deployment is found and told ([`deployment`]), what its stage looks at is
//! gathered ([`gather`]) and judged ([`look`], which asks [`tidegate_core::hook`]), and the hook is answered or held
//! ([`hooks`]); [`answers`] sees to it that each is. A direct invocation is a dry run ([`dry_run`]). Events of stopped tasks
//! come in batches, and are judged for each service ([`incidents`], [`tell`]). Everything is reported ([`report`]) and
//! printed ([`log`]). [`handler`] is the doors, and [`settings`] the environment. The copy in the VPC is [`prober`].

// Everything runs on one thread, so no future has to be `Send`.
#![allow(async_fn_in_trait, reason = "the runtime is current-thread")]

pub mod answers;
pub mod deployment;
pub mod dry_run;
pub mod event;
pub mod gather;
pub mod handler;
pub mod hooks;
pub mod incidents;
pub mod log;
pub mod look;
pub mod prober;
pub mod report;
pub mod settings;
pub mod tell;
