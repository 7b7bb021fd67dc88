//! The ports of Tidegate, in our own types, and their AWS side.
//!
//! One trait per AWS service, holding only the calls that are used: the IAM policy of a function can be read off the
//! ports that it asks for. [`Aws`] implements them with the AWS SDK; tests implement them with a simulated account.
//!
//! - [`mod@clock`]: the only place that asks for the time
//! - [`tagging`], [`ecs`], [`deployments`] (ECS's own), [`codedeploy`], [`loadbalancing`], [`cloudwatch`],
//!   [`autoscaling`], [`functions`], [`notifications`], [`tasks`] (ECS's tasks and task definitions), [`images`] (ECR),
//!   [`inspector`], [`parameters`] (SSM), [`definitions`] and [`service_tasks`] (ECS's, as a deployment is checked by
//!   them), [`app_specs`] (CodeDeploy's), [`listeners`], [`logs`], [`queues`] (SQS): the services, one cargo feature each
//! - [`operator`]: what only an operator asks
//! - [`probe`]: smoke requests
//! - [`error`]: what can go wrong with a call, classified once
//! - [`calls`]: how many calls were made
//! - [`pace`]: keeping within the account's token buckets
//! - [`deadline`]: the time that is left
//! - [`settings`]: reading the environment, every fault reported
//! - [`telemetry`]: logs and records
//! - [`metrics`]: CloudWatch metrics as lines
//! - [`sdk`]: how the SDK is set up
//! - `bare`: the SDK's runtime without a generated client, through which every service is called
//! - `pages`: lists that come in pages

// Everything runs on one thread, so no future has to be `Send`.
#![allow(async_fn_in_trait, reason = "the runtime is current-thread")]

#[cfg(feature = "app-specs")]
pub mod app_specs;
#[cfg(feature = "autoscaling")]
pub mod autoscaling;
#[cfg(feature = "bare")]
#[allow(dead_code, reason = "no function calls every service")]
mod bare;
#[cfg(any(feature = "deployments", feature = "loadbalancing"))]
mod batch;
pub mod calls;
#[cfg(test)]
#[cfg(any(
    feature = "bare",
    feature = "definitions",
    feature = "functions",
    feature = "images",
    feature = "inspector",
    feature = "loadbalancing",
    feature = "parameters",
    feature = "service-tasks",
    feature = "tasks"
))]
mod canned;
pub mod clock;
#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
#[cfg(feature = "codedeploy")]
pub mod codedeploy;
#[cfg(any(feature = "cloudwatch", feature = "codedeploy", feature = "ecs", feature = "images", feature = "inspector"))]
mod convert;
pub mod deadline;
#[cfg(feature = "definitions")]
pub mod definitions;
#[cfg(feature = "deployments")]
pub mod deployments;
#[cfg(feature = "ecs")]
pub mod ecs;
pub mod error;
#[cfg(feature = "functions")]
pub mod functions;
#[cfg(feature = "images")]
pub mod images;
#[cfg(feature = "inspector")]
pub mod inspector;
#[cfg(feature = "loadbalancing")]
pub mod listeners;
#[cfg(feature = "loadbalancing")]
pub mod loadbalancing;
#[cfg(feature = "logs")]
pub mod logs;
pub mod metrics;
#[cfg(feature = "notifications")]
pub mod notifications;
#[cfg(feature = "operator")]
pub mod operator;
pub mod pace;
#[cfg(feature = "bare")]
#[allow(dead_code, reason = "not everybody lists something")]
mod pages;
#[cfg(feature = "parameters")]
pub mod parameters;
#[cfg(feature = "probe")]
pub mod probe;
#[cfg(feature = "queues")]
pub mod queues;
pub mod sdk;
#[cfg(feature = "service-tasks")]
pub mod service_tasks;
pub mod settings;
#[cfg(any(feature = "codedeploy", feature = "deployments"))]
mod stopped;
#[cfg(feature = "tagging")]
pub mod tagging;
#[cfg(feature = "tasks")]
pub mod tasks;
pub mod telemetry;

pub use sdk::Aws;
