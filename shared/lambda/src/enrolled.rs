//! Who takes part: the services that carry a function's tag, and what ECS says of them.
//!
//! Nothing here fails as a whole but the very first page: whatever could not be read is named for the services that it
//! concerns, and the others go on.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::{Ecs, SERVICES_PER_CALL, Service};
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::pace::{Bucket, Pace};
#[cfg(feature = "tagging")]
use tidegate_aws::tagging::Tagging;
#[cfg(feature = "tagging")]
use tidegate_core::mode::Mode;
#[cfg(feature = "tagging")]
use tidegate_core::tags::PREFIX;
use tidegate_core::tags::Tags;

#[cfg(feature = "tagging")]
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

    /// Whether it is one that somebody asks for, who may name its cluster, itself, both or neither.
    #[must_use]
    pub fn is_asked_for(&self, cluster: Option<&str>, service: Option<&str>) -> bool {
        cluster.is_none_or(|cluster| cluster == self.cluster) && service.is_none_or(|service| service == self.name)
    }

    #[cfg(feature = "tagging")]
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

#[cfg(feature = "tagging")]
/// Everything that carries a function's tag, a hundred a page. The tag is named without its prefix, such as `scale`.
///
/// # Errors
/// Where not even the first page could be read.
pub async fn list(
    ports: &impl Tagging,
    deadline: &Deadline,
    clusters: &Clusters,
    tag: &str,
) -> Result<Listing, PortError> {
    let key = format!("{PREFIX}{tag}");
    let mut listing = Listing::default();
    let mut page: Option<String> = None;
    let mut first = true;
    loop {
        let answer = match deadline.bound("GetResources", ports.get_resources(&key, page.as_deref())).await {
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
            let off = service.tags.get(tag).is_none_or(|mode| mode == Mode::Off.as_str());
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

/// A service with its tags; None where it is gone.
///
/// # Errors
/// Why it could not be described.
pub async fn one(ports: &impl Ecs, deadline: &Deadline, cluster: &str, name: &str) -> Result<Option<Service>, String> {
    let named = Enrolled { cluster: cluster.to_owned(), name: name.to_owned(), tags: Tags::default() };
    let pace = Pace::new(Bucket::ECS_SERVICE_READ);
    let described = describe(ports, deadline, &pace, 1, vec![named]).await;
    match described.into_iter().next().map(|(_, service)| service) {
        Some(Ok(service)) => Ok(Some(service)),
        Some(Err(NotDescribed::NotReached(why) | NotDescribed::Unreadable(why))) => Err(why),
        Some(Err(NotDescribed::Gone)) | None => Ok(None),
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
