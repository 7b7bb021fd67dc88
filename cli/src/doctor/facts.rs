//! What was gathered of a stack and of what calls it. A call that failed is a fact of its own, and never "nothing".

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tidegate_aws::cloudwatch::Alarm;
use tidegate_aws::error::PortError;
use tidegate_aws::operator::deployed::{EventSource, Function};
use tidegate_aws::operator::groups::Group;
use tidegate_aws::operator::stacks::{Resource, Stack};
use tidegate_aws::operator::waiting::Subscription;
use tidegate_aws::operator::wirings::Wiring;

/// What a call found, or why it is not known.
pub type Known<T> = Result<T, PortError>;

/// A function of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// `cost-scaler`.
    CostScaler,
    /// `canary-gate`.
    CanaryGate,
    /// `scan-gate`.
    ScanGate,
    /// `deploy-hook`.
    DeployHook,
}

impl Which {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::CostScaler, Self::CanaryGate, Self::ScanGate, Self::DeployHook];

    /// As records name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CostScaler => "cost-scaler",
            Self::CanaryGate => "canary-gate",
            Self::ScanGate => "scan-gate",
            Self::DeployHook => "deploy-hook",
        }
    }

    /// As the template names it.
    #[must_use]
    pub fn logical(self) -> &'static str {
        match self {
            Self::CostScaler => "CostScaler",
            Self::CanaryGate => "CanaryGate",
            Self::ScanGate => "ScanGate",
            Self::DeployHook => "DeployHook",
        }
    }

    /// Whether deployments call it.
    #[must_use]
    pub fn is_hook(self) -> bool {
        matches!(self, Self::CanaryGate | Self::DeployHook)
    }

    /// As Lambda names it in a stack of this name.
    #[must_use]
    pub fn of_stack(self, stack: &str) -> String {
        let prefix = if self.is_hook() { "CodeDeployHook_" } else { "" };
        format!("{prefix}{stack}-{}", self.name())
    }
}

/// What was gathered.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// As of when.
    pub at: Timestamp,
    /// The region that was looked at.
    pub region: String,
    /// The stack's name.
    pub name: String,
    /// The version of the command.
    pub version: String,
    /// The stack; None where there is none of this name.
    pub stack: Known<Option<Stack>>,
    /// What is in it.
    pub resources: Known<Vec<Resource>>,
    /// Its functions.
    pub functions: Vec<Deployed>,
    /// Its schedules and rules, by their names in the template: whether they are enabled, None where they are gone.
    pub rules: Vec<(String, Known<Option<bool>>)>,
    /// Its queues, by their names in the template: the messages in them, None where they are gone.
    pub queues: Vec<(String, Known<Option<u64>>)>,
    /// Who hears what its notification topic is told; None where it has none.
    pub subscriptions: Option<Known<Vec<Subscription>>>,
    /// Names of its alarms, and those that there are.
    pub alarms: (Vec<String>, Known<Vec<Alarm>>),
    /// ECS services, and what they ask for.
    pub services: Services,
    /// CodeDeploy's groups.
    pub groups: Groups,
    /// Functions of others that deployments call, by name: whether there are such.
    pub others: BTreeMap<String, Known<bool>>,
}

/// A function of the stack, as it is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Which it is.
    pub which: Which,
    /// As Lambda names it.
    pub name: String,
    /// How it is deployed; None where there is no such function.
    pub found: Known<Option<Function>>,
    /// How many of it may run at once, where that is bounded.
    pub reserved: Known<Option<u32>>,
    /// The queues that wake it.
    pub sources: Known<Vec<EventSource>>,
}

/// The ECS services that were looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Services {
    /// All that there are, in the clusters that were asked about.
    pub all: Vec<Wiring>,
    /// What could not be looked at, and why.
    pub unread: Vec<(String, PortError)>,
    /// Those that the tagging index has under each tag, as `cluster/service`.
    pub indexed: BTreeMap<String, Known<BTreeSet<String>>>,
    /// Those whose count Application Auto Scaling owns.
    pub scaled_elsewhere: Known<BTreeSet<String>>,
    /// Alarms that tags name, and that there are.
    pub alarms: Known<BTreeSet<String>>,
}

impl Default for Services {
    fn default() -> Self {
        let none = BTreeSet::new;
        Self {
            all: Vec::new(),
            unread: Vec::new(),
            indexed: BTreeMap::new(),
            scaled_elsewhere: Ok(none()),
            alarms: Ok(none()),
        }
    }
}

/// CodeDeploy's deployment groups of ECS services.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// Each with the AppSpec of its last deployments.
    pub all: Vec<(Group, Vec<Spec>)>,
    /// What could not be looked at, and why.
    pub unread: Vec<(String, PortError)>,
}

/// Events and the functions that they call, or why an AppSpec can't be understood.
pub type Hooks = Result<Vec<(String, String)>, String>;

/// The AppSpec of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `d-...`.
    pub deployment: String,
    /// What it is to the group, such as `its last deployment`.
    pub what: &'static str,
    /// What it calls; None where it is kept nowhere any more.
    pub hooks: Known<Option<Hooks>>,
}

impl Facts {
    /// The name of a function of the stack.
    #[must_use]
    pub fn function_name(&self, which: Which) -> &str {
        self.functions.iter().find(|one| one.which == which).map_or("", |one| &one.name)
    }

    /// Which function of the stack a hook calls, by name or ARN; None where it is another's.
    #[must_use]
    pub fn called(&self, target: &str) -> Option<Which> {
        let name = function_name(target);
        self.functions.iter().find(|one| one.name == name).map(|one| one.which)
    }

    /// What a resource of the template is known by.
    #[must_use]
    pub fn physical(&self, logical: &str) -> Option<&str> {
        let resources = self.resources.as_ref().ok()?;
        resources.iter().find(|one| one.logical == logical).map(|one| &*one.physical)
    }
}

/// The name of a function in its name or ARN, without a version or an alias.
#[must_use]
pub fn function_name(target: &str) -> &str {
    let name = target.split_once(":function:").map_or(target, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// `cluster/service`.
#[must_use]
pub fn id(service: &Wiring) -> String {
    format!("{}/{}", service.cluster, service.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_its_name_or_its_arn() {
        for target in
            ["gate", "arn:aws:lambda:eu-west-1:1:function:gate", "arn:aws:lambda:eu-west-1:1:function:gate:live"]
        {
            assert_eq!(function_name(target), "gate");
        }
        assert_eq!(Which::DeployHook.of_stack("tidegate"), "CodeDeployHook_tidegate-deploy-hook");
        assert_eq!(Which::CostScaler.of_stack("tidegate"), "tidegate-cost-scaler");
    }
}
