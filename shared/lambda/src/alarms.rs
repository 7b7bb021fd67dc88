//! Which services an alarm concerns. Its message only wakes us: its state and its dimensions are read.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_aws::cloudwatch::{Alarm, CloudWatch};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_core::tags::Tags;

use crate::events::AlarmChange;

/// Composite alarms may be made of composite alarms; none that people build is deeper.
const DEEPEST: usize = 3;

/// What alarms come to that are said to have changed their state.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// At least one is in ALARM.
    InAlarm(Concerned),
    /// None is, with the sentence for the record.
    NotInAlarm(String),
}

/// Whom alarms concern.
#[derive(Clone, Debug, PartialEq)]
pub struct Concerned {
    /// Cluster and name of the services that their dimensions name.
    pub services: BTreeSet<(String, String)>,
    /// Their names, with those of the alarms that they are made of.
    pub names: BTreeSet<String>,
    /// Why there may be more.
    pub incomplete: Option<PortError>,
}

impl Concerned {
    /// Whether a service is among them: one that their dimensions name, or that names them in `tidegate:alarms`.
    #[must_use]
    pub fn includes(&self, cluster: &str, name: &str, tags: &Tags) -> bool {
        self.services.iter().any(|service| (service.0.as_str(), service.1.as_str()) == (cluster, name))
            || tags.words("alarms").any(|alarm| self.names.contains(alarm))
    }
}

/// Which services the alarms that are in ALARM concern. Where no alarm is in ALARM, why nothing is done.
///
/// # Errors
/// Where the alarms could not be read.
pub async fn concerned(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    changes: &[AlarmChange],
) -> Result<Found, PortError> {
    let raised: BTreeSet<&str> =
        changes.iter().filter(|change| change.state == "ALARM").map(|change| change.alarm.as_str()).collect();
    if raised.is_empty() {
        let states: Vec<String> =
            changes.iter().map(|change| format!("{} went into {}", change.alarm, change.state)).collect();
        return Ok(Found::NotInAlarm(states.join("; ")));
    }
    let names: Vec<String> = raised.into_iter().map(str::to_owned).collect();
    let alarms = describe(ports, deadline, &names).await?;
    let (in_alarm, calm): (Vec<Alarm>, Vec<Alarm>) = alarms.into_iter().partition(|alarm| alarm.in_alarm);
    if in_alarm.is_empty() {
        let names: Vec<String> = calm.into_iter().map(|alarm| alarm.name).collect();
        let gone = "the alarm is gone".to_owned();
        let why = if names.is_empty() { gone } else { format!("{} is no longer in ALARM", names.join(", ")) };
        return Ok(Found::NotInAlarm(why));
    }
    let mut family = Family::default();
    // What is known by then counts, whatever can't be read of the rest.
    let incomplete = family.extend(ports, deadline, in_alarm).await.err();
    if let Some(error) = &incomplete {
        tracing::warn!(%error, "not every alarm of a composite alarm could be read");
    }
    let Family { names, services } = family;
    Ok(Found::InAlarm(Concerned { services, names, incomplete }))
}

/// Alarms with those that they are made of, and the services of their dimensions.
#[derive(Default)]
struct Family {
    names: BTreeSet<String>,
    services: BTreeSet<(String, String)>,
}

impl Family {
    /// A composite alarm concerns what its parts concern, whichever of them spoke.
    async fn extend(
        &mut self,
        ports: &impl CloudWatch,
        deadline: &Deadline,
        alarms: Vec<Alarm>,
    ) -> Result<(), PortError> {
        let mut level = alarms;
        for _ in 0..=DEEPEST {
            let composite: Vec<String> =
                level.iter().filter(|alarm| alarm.composite).map(|alarm| alarm.name.clone()).collect();
            for alarm in level {
                self.services.extend(alarm.dimensions.iter().filter_map(service));
                self.names.insert(alarm.name);
            }
            let mut children: Vec<String> = Vec::new();
            for name in &composite {
                let found = deadline.bound("DescribeAlarms", ports.describe_alarm_children(name)).await?;
                children.extend(found.into_iter().filter(|child| self.names.insert(child.clone())));
            }
            if children.is_empty() {
                break;
            }
            level = describe(ports, deadline, &children).await?;
        }
        Ok(())
    }
}

async fn describe(ports: &impl CloudWatch, deadline: &Deadline, names: &[String]) -> Result<Vec<Alarm>, PortError> {
    deadline.bound("DescribeAlarms", ports.describe_alarms(names)).await
}

fn service(dimensions: &BTreeMap<String, String>) -> Option<(String, String)> {
    Some((dimensions.get("ClusterName")?.clone(), dimensions.get("ServiceName")?.clone()))
}
