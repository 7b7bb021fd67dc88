//! Tasks that belong to no service: nothing deploys them, so they are looked at when they start.

use std::collections::BTreeMap;

use tidegate_aws::error::PortError;
use tidegate_aws::tasks::{TASKS_PER_CALL, Task, TaskDefinition};
use tidegate_core::mode::Mode;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::enrolment::SCAN;
use tidegate_core::scan::{Action, Reason};
use tidegate_core::verdict::Verdict;
use tidegate_lambda::images::brings::in_an_index;

use super::{Came, Run, policy};
use crate::act;
use crate::brings;
use crate::handler::Ports;
use crate::report::Outcome;
use crate::work::Askers;

impl<P: Ports> Run<'_, P> {
    /// Judges stand-alone tasks, as they stand. Every task of the account comes here, so they are read in hundreds, and
    /// each task definition once.
    pub(super) async fn tasks(
        &self,
        wanted: &BTreeMap<(String, String), Askers>,
        document: &Document,
        came: &mut Came,
    ) {
        let mut of_cluster: BTreeMap<&str, Vec<(&String, &Askers)>> = BTreeMap::new();
        for ((cluster, arn), askers) in wanted {
            if self.settings.common.clusters.include(cluster) {
                of_cluster.entry(cluster).or_default().push((arn, askers));
            } else {
                came.decline(Reason::NotEnrolled);
            }
        }
        let mut definitions = BTreeMap::new();
        for (cluster, wanted) in of_cluster {
            for wanted in wanted.chunks(TASKS_PER_CALL) {
                let arns: Vec<String> = wanted.iter().map(|(arn, _)| (*arn).clone()).collect();
                let tasks = self.deadline.bound("DescribeTasks", self.ports.describe_tasks(cluster, &arns)).await;
                for (arn, askers) in wanted {
                    let task = tasks.as_ref().map(|tasks| tasks.iter().find(|task| task.arn == **arn));
                    match task {
                        Ok(Some(task)) => self.task(task, document, askers, &mut definitions, came).await,
                        Ok(None) => came.decline(Reason::TaskStopping),
                        Err(error) => came.add(self.unread_task(arn, error), askers),
                    }
                }
            }
        }
    }

    fn unread_task(&self, arn: &str, error: &PortError) -> Outcome {
        Outcome::plain(arn, self.mode, Verdict::Error, Reason::DeploymentUnreadable, error.to_string())
    }

    /// Judges the images of a stand-alone task, and stops it where one of them is blocked.
    async fn task(
        &self,
        task: &Task,
        document: &Document,
        askers: &Askers,
        definitions: &mut BTreeMap<String, TaskDefinition>,
        came: &mut Came,
    ) {
        if task.is_of_a_service() {
            return came.decline(Reason::ServiceTask);
        }
        if !task.should_run() {
            return came.decline(Reason::TaskStopping);
        }
        if !definitions.contains_key(&task.task_definition) {
            let read = self.ports.task_definition(&task.task_definition);
            match self.deadline.bound("DescribeTaskDefinition", read).await {
                Ok(read) => definitions.insert(task.task_definition.clone(), read),
                Err(error) => return came.add(self.unread_task(&task.arn, &error), askers),
            };
        }
        let definition = &definitions[&task.task_definition];
        let tags = if task.tags.get(SCAN).is_some() { &task.tags } else { &definition.tags };
        let enrolment = match self.enrolment(tags) {
            Ok(enrolment) if enrolment.mode == Mode::Off => return came.decline(Reason::NotEnrolled),
            Ok(enrolment) => enrolment,
            Err(why) => {
                let outcome = Outcome::plain(&task.arn, self.mode, Verdict::Error, Reason::PolicyError, why);
                return came.add(outcome, askers);
            }
        };
        let architecture = definition.architecture.map(in_an_index);
        let mut stopped = false;
        for name in brings::by_task(task) {
            let policy = policy(document, &name, &enrolment);
            let (facts, judgement) = self.judge(&name, architecture, &policy).await;
            let mut outcome = Outcome::of(policy.mode, facts, judgement, policy);
            if outcome.judgement.stops() && !stopped {
                let mode = outcome.mode.min(self.settings.switches.of(Action::StopTask));
                let step = act::stop_task(self.ports, self.deadline, task, mode, &outcome.judgement).await;
                stopped = step.is_some();
                outcome.steps.extend(step);
            }
            came.add(outcome, askers);
        }
    }
}
