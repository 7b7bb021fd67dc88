//! Gathering facts: all services of a run are read together, in the largest batches that each API takes.
//!
//! Nothing here fails as a whole: whatever could not be read is named for the services that it concerns, and the others
//! go on.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::autoscaling::{Autoscaling, TARGETS_PER_CALL};
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::Service;
use tidegate_aws::error::{Kind, PortError};
use tidegate_core::metrics::Answer;
use tidegate_core::scaling::facts::{Reading, ScalableTarget};
use tidegate_core::scaling::queries::Questions;
use tidegate_lambda::metrics::{self, Group};

/// `service/cluster/name`, as Application Auto Scaling names a service.
#[must_use]
pub fn resource_id(service: &Service) -> String {
    format!("service/{}/{}", service.cluster, service.name)
}

/// Who else owns the counts, by resource id, fifty a call.
pub async fn scalable_targets(
    ports: &impl Autoscaling,
    deadline: &Deadline,
    concurrency: usize,
    ids: &[String],
) -> BTreeMap<String, Result<Option<ScalableTarget>, PortError>> {
    let calls = stream::iter(ids.chunks(TARGETS_PER_CALL)).map(|ids| async move {
        let call = ports.describe_scalable_targets(ids);
        let answer = deadline.bound("DescribeScalableTargets", call).await;
        let owner =
            |id: &String| (id.clone(), answer.as_ref().map(|found| found.get(id).cloned()).map_err(Clone::clone));
        ids.iter().map(owner).collect::<Vec<_>>()
    });
    calls.buffered(concurrency).collect::<Vec<_>>().await.into_iter().flatten().collect()
}

/// Asks CloudWatch, and makes readings of the answers; an error where the run had no time left to ask. The queries of one
/// service stay in one call: several statistics of one metric in one call are charged once.
pub async fn readings(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    concurrency: usize,
    questions: &[impl Borrow<Questions>],
    now: Timestamp,
) -> Vec<Result<BTreeMap<String, Reading>, PortError>> {
    let questions: Vec<&Questions> = questions.iter().map(Borrow::borrow).collect();
    let groups: Vec<Group<'_>> = questions.iter().map(|questions| group(questions, now)).collect();
    let answers = metrics::answers(ports, deadline, concurrency, &groups).await;
    let readings = |(questions, answers): (&Questions, Result<Vec<Answer>, PortError>)| match answers {
        Ok(answers) => Ok(questions.readings(&answers)),
        Err(error) if error.kind == Kind::NoTime => Err(error),
        Err(error) => Ok(questions.readings(&vec![Err(error.to_string()); questions.queries().count()])),
    };
    questions.into_iter().zip(answers).map(readings).collect()
}

fn group(questions: &Questions, now: Timestamp) -> Group<'_> {
    let (from, to) = questions.window(now);
    Group { queries: questions.queries().collect(), from, to }
}
