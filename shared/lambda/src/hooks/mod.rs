//! Hooks of deployments: how a function is asked, how it waits, and how it answers.
//!
//! - [`native`]: ECS's own hooks, which call again until they are answered
//! - [`codedeploy`]: CodeDeploy's hooks, which wait for an answer within an hour
//! - [`failures`]: the on-failure queue, the last door of what was never answered
//! - [`answers`]: the doors, each of which is always answered
//! - [`gate`]: what is judged at them, and what became of it

pub mod answers;
pub mod codedeploy;
pub mod failures;
pub mod gate;
pub mod native;
