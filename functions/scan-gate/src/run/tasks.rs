//! Tasks that belong to no service: nothing deploys them, so they are looked at when they start.

use tidegate_aws::error::PortError;
use tidegate_core::mode::Mode;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::enrolment::SCAN;
use tidegate_core::scan::{Action, Reason};
use tidegate_core::verdict::Verdict;

use super::{Came, Run, policy};
use crate::act;
use crate::brings;
use crate::handler::Ports;
use crate::report::Outcome;
use crate::work::Askers;

impl<P: Ports> Run<'_, P> {
    /// Judges the images of a stand-alone task, and stops it where one of them is blocked.
    pub(super) async fn task(&self, cluster: &str, arn: &str, document: &Document, askers: &Askers, came: &mut Came) {
        let unread = |error: PortError| {
            let why = error.to_string();
            Outcome::plain(arn, self.mode, Verdict::Error, Reason::DeploymentUnreadable, why)
        };
        let arns = [arn.to_owned()];
        let read = async {
            let tasks = self.deadline.bound("DescribeTasks", self.ports.describe_tasks(cluster, &arns)).await?;
            let Some(task) = tasks.into_iter().next() else { return Ok(None) };
            let definition = self.ports.task_definition(&task.task_definition);
            let definition = self.deadline.bound("DescribeTaskDefinition", definition).await?;
            Ok(Some((task, definition)))
        };
        let (task, definition) = match read.await {
            Ok(Some(found)) => found,
            Ok(None) => return came.decline(Reason::TaskStopping),
            Err(error) => return came.add(unread(error), askers),
        };
        if !self.settings.common.clusters.include(cluster) {
            return came.decline(Reason::NotEnrolled);
        }
        if task.is_of_a_service() {
            return came.decline(Reason::ServiceTask);
        }
        if !task.should_run() {
            return came.decline(Reason::TaskStopping);
        }
        let tags = if task.tags.get(SCAN).is_some() { &task.tags } else { &definition.tags };
        let enrolment = match self.enrolment(tags) {
            Ok(enrolment) if enrolment.mode == Mode::Off => return came.decline(Reason::NotEnrolled),
            Ok(enrolment) => enrolment,
            Err(why) => {
                let outcome = Outcome::plain(arn, self.mode, Verdict::Error, Reason::PolicyError, why);
                return came.add(outcome, askers);
            }
        };
        let architecture = definition.architecture.map(brings::in_an_index);
        let mut stopped = false;
        for name in brings::by_task(&task) {
            let policy = policy(document, &name, &enrolment);
            let Ok((facts, judgement)) = self.looks.judge(&name, architecture, &policy).await else { continue };
            let mut outcome = Outcome::of(policy.mode, facts, judgement, policy);
            if outcome.judgement.stops() && !stopped {
                let mode = outcome.mode.min(self.settings.switches.of(Action::StopTask));
                let step = act::stop_task(self.ports, self.deadline, &task, mode, &outcome.judgement).await;
                stopped = step.is_some();
                outcome.steps.extend(step);
            }
            came.add(outcome, askers);
        }
    }
}
