//! Tidegate itself: the live decision, on facts as the live service would give them.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Scaler, View};
use crate::scaling::facts::{Controller, Facts, Reading, Scheduling, Status, Trigger};
use crate::scaling::history::EventHistory;
use crate::scaling::{CPU, Policy, decide};

/// The live decision.
#[derive(Clone, Debug)]
pub struct Tidegate {
    policy: Policy,
}

impl Tidegate {
    /// Decides by this policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy }
    }
}

/// Minutes of data that a run reads.
const READ: i64 = 15;

impl Scaler for Tidegate {
    fn period_s(&self) -> i64 {
        60
    }

    fn desired(&mut self, view: View<'_>) -> u32 {
        let since = view.now - SignedDuration::from_mins(READ);
        let read = view.cpu.partition_point(|point| point.at < since);
        let day = view.now - SignedDuration::from_hours(24);
        let complete_since = view.changes.first().filter(|_| view.forgotten).map_or(day, |change| change.at);
        let facts = Facts {
            trigger: Trigger::Schedule,
            status: Status::Active,
            scheduling: Scheduling::Replica,
            controller: Controller::Ecs,
            desired: view.desired,
            running: view.running,
            pending: view.pending,
            deployments: Vec::new(),
            task_sets: 0,
            scalable_target: None,
            history: Some(EventHistory { complete_since, changes: view.changes.to_vec() }),
            recommendations: None,
            metrics: BTreeMap::from([(CPU.to_owned(), Reading::Points(view.cpu[read..].to_vec()))]),
        };
        decide(&facts, &self.policy, view.now).desired
    }
}
