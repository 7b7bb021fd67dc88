//! Acting: raises before cuts, the largest first, each only on what still stands.

use futures_util::{StreamExt, stream};
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::Pace;
use tidegate_core::scaling::{Reason, Verdict};

use crate::gather::resource_id;

/// A count to be written.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The service as the decision saw it.
    pub service: &'a Service,
    /// What was decided.
    pub verdict: Verdict,
    /// The new count.
    pub desired: u32,
}

/// Why a change was not made, with the sentence for the record.
pub type NotMade = tidegate_lambda::outcome::NotMade<Reason>;

/// Writes the counts. The answers stand in the order of the changes.
pub async fn make(
    ports: &(impl Ecs + Autoscaling),
    deadline: &Deadline,
    reads: &Pace,
    writes: &Pace,
    concurrency: usize,
    changes: &[Change<'_>],
) -> Vec<Result<(), NotMade>> {
    let mut order: Vec<usize> = (0..changes.len()).collect();
    order.sort_by_key(|index| {
        let change = &changes[*index];
        (change.verdict == Verdict::Lower, std::cmp::Reverse(change.desired.abs_diff(change.service.desired)))
    });
    let made = stream::iter(order).map(|index| async move {
        let change = &changes[index];
        (index, make_one(ports, deadline, reads, writes, change).await)
    });
    let mut made: Vec<_> = made.buffered(concurrency).collect().await;
    made.sort_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, made)| made).collect()
}

async fn make_one(
    ports: &(impl Ecs + Autoscaling),
    deadline: &Deadline,
    reads: &Pace,
    writes: &Pace,
    change: &Change<'_>,
) -> Result<(), NotMade> {
    let Change { service, verdict, desired } = *change;
    let turn = async {
        writes.turn().await;
        Ok(())
    };
    deadline.bound("UpdateService", turn).await.map_err(|error| not_made(&error))?;
    match still_stands(ports, deadline, reads, service).await {
        // A raise is not given up because nobody can say that nothing changed.
        Err(NotMade { reason: Reason::WriteFailed, why }) if verdict == Verdict::Raise => {
            tracing::warn!(why, service = service.name, "a raise is made without a second look");
        }
        other => other?,
    }
    let write = ports.update_desired_count(&service.cluster, &service.name, desired);
    deadline.bound_write("UpdateService", write).await.map_err(|error| not_made(&error))
}

/// There is no compare-and-set, so a count is written on what is read just before. A raise, too, would otherwise undo a
/// larger one of an alarm's run, or bring back a service that somebody has just stopped.
async fn still_stands(
    ports: &(impl Ecs + Autoscaling),
    deadline: &Deadline,
    reads: &Pace,
    service: &Service,
) -> Result<(), NotMade> {
    let names = [service.name.clone()];
    let read = async {
        reads.turn().await;
        ports.describe_services(&service.cluster, &names).await
    };
    let ids = [resource_id(service)];
    let owner = ports.describe_scalable_targets(&ids);
    let (described, owners) =
        futures_util::join!(deadline.bound("DescribeServices", read), deadline.bound("DescribeScalableTargets", owner));
    let described = described.map_err(|error| not_made(&error))?;
    let owners = owners.map_err(|error| not_made(&error))?;
    let changed =
        |what: String| NotMade { reason: Reason::ChangedMeanwhile, why: format!("{what}; nothing was written") };
    let Some(now) = described.services.first() else {
        let failure = described.failures.first().map_or("nothing", |(_, why)| why.as_str());
        return Err(changed(format!("DescribeServices now says {failure}")));
    };
    if now.desired != service.desired {
        return Err(changed(format!("the desired count went from {} to {}", service.desired, now.desired)));
    }
    if (now.status, &now.task_sets, &now.deployments) != (service.status, &service.task_sets, &service.deployments) {
        return Err(changed("its deployments changed".to_owned()));
    }
    if !owners.is_empty() {
        return Err(changed("Application Auto Scaling has registered the service".to_owned()));
    }
    Ok(())
}

fn not_made(error: &PortError) -> NotMade {
    let reason = if error.kind == Kind::NoTime { Reason::NotReached } else { Reason::WriteFailed };
    NotMade { reason, why: error.to_string() }
}
