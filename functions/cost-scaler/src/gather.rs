//! Gathering facts: all services of a run are read together, in the largest batches that each API takes.
//!
//! Nothing here fails as a whole but the very first page: whatever could not be read is named for the services that it
//! concerns, and the others go on.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::autoscaling::{Autoscaling, TARGETS_PER_CALL};
use tidegate_aws::cloudwatch::{CloudWatch, QUERIES_PER_CALL};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{Ecs, SERVICES_PER_CALL, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::Pace;
use tidegate_aws::tagging::Tagging;
use tidegate_core::mode::Mode;
use tidegate_core::scaling::enrolment::SCALE;
use tidegate_core::scaling::facts::{Reading, ScalableTarget};
use tidegate_core::scaling::queries::Questions;
use tidegate_core::tags::Tags;

use crate::settings::Clusters;

/// A service that carries the tag, as the tagging index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub name: String,
    /// Its tags, which may be out of date.
    pub tags: Tags,
}

impl Enrolled {
    /// `cluster/service`, as records name it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    /// Reads `arn:aws:ecs:region:account:service/cluster/name`. None for ARNs of the old format, which lack the cluster.
    fn from_arn(arn: &str, tags: Tags) -> Option<Self> {
        let (_, path) = arn.split_once(":service/")?;
        let (cluster, name) = path.split_once('/')?;
        Some(Self { cluster: cluster.to_owned(), name: name.to_owned(), tags })
    }
}

/// Who is enrolled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The services, in the clusters that are looked at, that the index does not have as switched off.
    pub services: Vec<Enrolled>,
    /// ARNs that name no cluster.
    pub without_cluster: Vec<String>,
    /// Why the list is not complete.
    pub incomplete: Option<PortError>,
}

/// Everything that carries the tag, a hundred a page.
///
/// # Errors
/// Where not even the first page could be read.
pub async fn enrolled(ports: &impl Tagging, deadline: &Deadline, clusters: &Clusters) -> Result<Listing, PortError> {
    let mut listing = Listing::default();
    let mut page: Option<String> = None;
    let mut first = true;
    loop {
        let answer = match deadline.bound("GetResources", ports.get_resources(&tag(), page.as_deref())).await {
            Ok(answer) => answer,
            Err(error) if first => return Err(error),
            Err(error) => {
                listing.incomplete = Some(error);
                return Ok(listing);
            }
        };
        first = false;
        for service in answer.services {
            // The index also lists what was tagged once. It lags, so a value that it has wrong is put right later.
            let off = service.tags.get(SCALE).is_none_or(|mode| mode == Mode::Off.as_str());
            match Enrolled::from_arn(&service.arn, service.tags) {
                _ if off => {}
                Some(enrolled) if clusters.include(&enrolled.cluster) => listing.services.push(enrolled),
                Some(_) => {}
                None => listing.without_cluster.push(service.arn),
            }
        }
        page = answer.next;
        if page.is_none() {
            return Ok(listing);
        }
    }
}

fn tag() -> String {
    format!("{}{SCALE}", tidegate_core::tags::PREFIX)
}

/// Puts the services in the order in which they are read. What one run does not reach is at the end of its order, and
/// at the beginning of the next one's; every other run begins somewhere else, so that nothing stays in the middle.
pub fn order(services: &mut [Enrolled], now: Timestamp) {
    services.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    let minute = now.as_second().div_euclid(60);
    let pair = usize::try_from(minute.div_euclid(2)).unwrap_or(0);
    let len = services.len().max(1);
    services.rotate_left((pair * SERVICES_PER_CALL * 7) % len);
    if minute.rem_euclid(2) == 1 {
        services.reverse();
    }
}

/// Why a service could not be described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDescribed {
    /// It does not exist any more.
    Gone,
    /// The run had no time left.
    NotReached(String),
    /// Anything else.
    Unreadable(String),
}

/// Describes services, ten of one cluster a call, in their order.
pub async fn describe(
    ports: &impl Ecs,
    deadline: &Deadline,
    pace: &Pace,
    concurrency: usize,
    services: Vec<Enrolled>,
) -> Vec<(Enrolled, Result<Service, NotDescribed>)> {
    let batches = stream::iter(batches(services)).map(|batch| async move {
        let names: Vec<String> = batch.iter().map(|service| service.name.clone()).collect();
        let cluster = batch.first().map_or("", |service| service.cluster.as_str());
        let call = async {
            pace.turn().await;
            ports.describe_services(cluster, &names).await
        };
        let answer = deadline.bound("DescribeServices", call).await;
        let mut described = match answer {
            Ok(described) => described,
            Err(error) => {
                let why = match error.kind {
                    Kind::NoTime => NotDescribed::NotReached(error.to_string()),
                    // The index lags behind a cluster that was deleted with everything in it.
                    Kind::NotFound => NotDescribed::Gone,
                    _ => NotDescribed::Unreadable(error.to_string()),
                };
                return batch.into_iter().map(|service| (service, Err(why.clone()))).collect();
            }
        };
        let find = |enrolled: Enrolled| {
            let at = described.services.iter().position(|service| service.name == enrolled.name);
            let found = at.map(|at| described.services.swap_remove(at));
            let why = || {
                let named = |arn: &str| arn == enrolled.name || arn.ends_with(&format!("/{}", enrolled.name));
                match described.failures.iter().find(|(arn, _)| named(arn)) {
                    Some((_, why)) if why.starts_with("MISSING") => NotDescribed::Gone,
                    Some((_, why)) => NotDescribed::Unreadable(format!("DescribeServices says {why}")),
                    None => NotDescribed::Unreadable("DescribeServices left it out".to_owned()),
                }
            };
            let found = found.ok_or_else(why);
            (enrolled, found)
        };
        batch.into_iter().map(find).collect::<Vec<_>>()
    });
    batches.buffered(concurrency).collect::<Vec<_>>().await.into_iter().flatten().collect()
}

/// Batches of one cluster each, the first of each in the order of the services.
fn batches(services: Vec<Enrolled>) -> Vec<Vec<Enrolled>> {
    let mut batches: Vec<Vec<Enrolled>> = Vec::new();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for service in services {
        let at = open.get(&service.cluster).copied().filter(|at| batches[*at].len() < SERVICES_PER_CALL);
        if let Some(at) = at {
            batches[at].push(service);
        } else {
            open.insert(service.cluster.clone(), batches.len());
            batches.push(vec![service]);
        }
    }
    batches
}

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

/// Asks CloudWatch, five hundred queries a call, and makes readings of the answers; an error where the run had no time
/// left to ask. The queries of one service stay in one call: several statistics of one metric in one call are charged once.
pub async fn readings(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    concurrency: usize,
    questions: &[impl Borrow<Questions>],
    now: Timestamp,
) -> Vec<Result<BTreeMap<String, Reading>, PortError>> {
    let questions: Vec<&Questions> = questions.iter().map(Borrow::borrow).collect();
    let questions = questions.as_slice();
    let calls = stream::iter(calls(questions, now)).map(|call| async move {
        let queries: Vec<_> = call.iter().flat_map(|index| questions[*index].queries()).collect();
        let (from, to) = call.first().map_or((now, now), |index| questions[*index].window(now));
        let answer = deadline.bound("GetMetricData", ports.get_metric_data(&queries, from, to)).await;
        if let Err(error) = &answer {
            tracing::warn!(%error, services = call.len(), "metrics could not be read");
        }
        let mut answers = answer.map(Vec::into_iter);
        let readings = |index: usize| {
            let asked = questions[index].queries().count();
            let own = match &mut answers {
                Ok(answers) => answers.by_ref().take(asked).collect(),
                Err(error) if error.kind == Kind::NoTime => return (index, Err(error.clone())),
                Err(error) => vec![Err(error.to_string()); asked],
            };
            (index, Ok(questions[index].readings(&own)))
        };
        call.into_iter().map(readings).collect::<Vec<_>>()
    });
    let mut readings: Vec<_> =
        calls.buffer_unordered(concurrency).collect::<Vec<_>>().await.into_iter().flatten().collect();
    readings.sort_by_key(|(index, _)| *index);
    readings.into_iter().map(|(_, reading)| reading).collect()
}

/// Which questions go into which call: the same stretch of time, as many as fit.
fn calls(questions: &[&Questions], now: Timestamp) -> Vec<Vec<usize>> {
    let mut calls: Vec<((Timestamp, Timestamp), usize, Vec<usize>)> = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        let count = question.queries().count();
        let window = question.window(now);
        match calls.iter_mut().rev().find(|call| call.0 == window && call.1 + count <= QUERIES_PER_CALL) {
            Some((_, used, call)) => {
                *used += count;
                call.push(index);
            }
            None => calls.push((window, count, vec![index])),
        }
    }
    calls.into_iter().map(|(_, _, call)| call).collect()
}
