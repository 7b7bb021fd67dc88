//! Questions of many services to CloudWatch, in as few calls as there can be.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::cloudwatch::{CloudWatch, QUERIES_PER_CALL};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_core::metrics::{Answer, MetricQuery};

/// Queries that stay in one call, at most [`QUERIES_PER_CALL`] of them: several statistics of one metric in one call are
/// charged once.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<'a> {
    /// The queries, in the order in which their answers are expected.
    pub queries: Vec<&'a MetricQuery>,
    /// Where the stretch of time begins that they ask about.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
}

/// Asks CloudWatch, five hundred queries a call. Groups that ask about the same stretch of time share calls, and with
/// them a call's failure. One result per group, in their order, with one answer per query.
pub async fn answers(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    concurrency: usize,
    groups: &[Group<'_>],
) -> Vec<Result<Vec<Answer>, PortError>> {
    let calls = stream::iter(calls(groups)).map(|Call { from, to, indices, .. }| async move {
        let queries: Vec<_> = indices.iter().flat_map(|index| groups[*index].queries.iter().copied()).collect();
        let answer = deadline.bound("GetMetricData", ports.get_metric_data(&queries, from, to)).await;
        if let Err(error) = &answer {
            tracing::warn!(%error, groups = indices.len(), "metrics could not be read");
        }
        let mut answers = answer.map(Vec::into_iter);
        let own = |index: usize| {
            let asked = groups[index].queries.len();
            let own = answers.as_mut().map(|answers| answers.by_ref().take(asked).collect());
            (index, own.map_err(|error| error.clone()))
        };
        indices.into_iter().map(own).collect::<Vec<_>>()
    });
    // A group without queries is in no call, and is answered all the same.
    let mut answers: Vec<_> = groups.iter().map(|_| Ok(Vec::new())).collect();
    for (index, own) in calls.buffer_unordered(concurrency).collect::<Vec<_>>().await.into_iter().flatten() {
        answers[index] = own;
    }
    answers
}

/// The groups that are asked together.
#[derive(Debug, PartialEq)]
struct Call {
    from: Timestamp,
    to: Timestamp,
    queries: usize,
    indices: Vec<usize>,
}

/// Which groups go into which call: the same stretch of time, as many as fit.
fn calls(groups: &[Group<'_>]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let asking = groups.iter().enumerate().filter(|(_, group)| !group.queries.is_empty());
    for (index, Group { queries, from, to }) in asking {
        let fits =
            |call: &&mut Call| (call.from, call.to) == (*from, *to) && call.queries + queries.len() <= QUERIES_PER_CALL;
        match calls.iter_mut().rev().find(fits) {
            Some(call) => {
                call.queries += queries.len();
                call.indices.push(index);
            }
            None => calls.push(Call { from: *from, to: *to, queries: queries.len(), indices: vec![index] }),
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_one_stretch_of_time_share_calls_and_none_is_parted() {
        let query = MetricQuery {
            namespace: "AWS/ECS".to_owned(),
            name: "CPUUtilization".to_owned(),
            stat: "Average".to_owned(),
            dimensions: Vec::new(),
            period_s: 60,
        };
        let at = |minute: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(minute);
        let group = |queries, from| Group { queries: vec![&query; queries], from: at(from), to: at(60) };
        let groups = [group(300, 0), group(2, 45), group(201, 0), group(299, 0), group(0, 0), group(200, 0)];
        let calls: Vec<_> = calls(&groups).into_iter().map(|call| (call.queries, call.indices)).collect();
        assert_eq!(calls, [(500, vec![0, 5]), (2, vec![1]), (500, vec![2, 3])]);
    }
}
