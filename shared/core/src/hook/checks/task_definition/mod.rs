//! What the task definition asks for.
//!
//! - [`image`]: which image a container names
//! - [`rights`]: what a container may do to its instance
//! - [`users`]: whom it runs as
//! - [`storage`]: what it can write, and what of the instance it is given
//! - [`secrets`]: what is secret and stands in the clear
//! - [`logs`]: where its output goes
//! - [`roles`]: the roles of ECS and of the containers
//! - [`fargate`]: what Fargate does not take
//! - [`memory`]: what limits a container
//!
//! Nothing here knows the policy: whether a breach blocks is decided where the judgement is made.

pub mod fargate;
pub mod image;
pub mod logs;
pub mod memory;
pub mod rights;
pub mod roles;
pub mod secrets;
pub mod storage;
pub mod users;

pub use logs::log_groups_to_look_for;

use jiff::Timestamp;

use crate::hook::facts::Facts;
use crate::hook::judgement::Finding;
use crate::hook::policy::Policy;
use crate::hook::rule::Rule;
use crate::task_definition::{Container, TaskDefinition};

/// What is broken, or not kept yet: one finding for each rule and container.
#[must_use]
pub fn check(facts: &Facts, _policy: &Policy, _now: Timestamp) -> Vec<Finding> {
    let Some(definition) = &facts.task_definition else { return unknown(facts) };
    let looked = Looked { definition, facts };
    let themes = [
        image::check,
        rights::check,
        users::check,
        storage::check,
        secrets::check,
        logs::check,
        roles::check,
        fargate::check,
        memory::check,
    ];
    themes.iter().flat_map(|theme| theme(&looked)).collect()
}

/// That it is not known which task definition to look at. Where it could not be read, that says more.
fn unknown(facts: &Facts) -> Vec<Finding> {
    let why = facts.task_definition_unknown.as_deref();
    why.map(|why| Finding::broken(Rule::TaskDefinitionUnknown, why)).into_iter().collect()
}

/// What is looked at.
struct Looked<'a> {
    definition: &'a TaskDefinition,
    facts: &'a Facts,
}

impl<'a> Looked<'a> {
    /// Whether its tasks run on Fargate: what is known counts more than what the task definition would do for.
    fn on_fargate(&self) -> bool {
        self.facts.surroundings.on_fargate.unwrap_or_else(|| self.definition.is_for_fargate_alone())
    }

    fn containers(&self) -> impl Iterator<Item = &'a Container> + use<'a> {
        self.definition.container_definitions.iter()
    }

    /// A finding for each container that this finds something about.
    fn each(&self, rule: Rule, found: impl Fn(&'a Container) -> Option<(String, String)>) -> Vec<Finding> {
        let about = |container: &'a Container| {
            found(container).map(|(why, fix)| Finding::broken(rule, why).about(&container.name).fix(fix))
        };
        self.containers().filter_map(about).collect()
    }
}

/// Things with their noun, as they read in a sentence.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
