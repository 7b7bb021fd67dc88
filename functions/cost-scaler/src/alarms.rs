//! Which services an alarm concerns. Its message only wakes us: its state and its dimensions are read.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_aws::cloudwatch::{Alarm, CloudWatch};
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_core::scaling::Reason;

use crate::event::AlarmChange;
use crate::gather::Enrolled;
use crate::report::Declined;

/// Composite alarms may be made of composite alarms; none that people build is deeper.
const DEEPEST: usize = 3;

/// Whom alarms concern.
pub struct Concerned {
    /// Whether a service is among them.
    pub only: Box<dyn Fn(&Enrolled) -> bool>,
    /// Why there may be more.
    pub incomplete: Option<PortError>,
}

/// Which services the alarms that are in ALARM concern: those that their dimensions name, and those that name them in
/// `tidegate:alarms`. Where no alarm is in ALARM, why nothing is done.
///
/// # Errors
/// Where the alarms could not be read.
pub async fn concerned(
    ports: &impl CloudWatch,
    deadline: &Deadline,
    changes: &[AlarmChange],
) -> Result<Result<Concerned, Declined>, PortError> {
    let raised: BTreeSet<&str> =
        changes.iter().filter(|change| change.state == "ALARM").map(|change| change.alarm.as_str()).collect();
    let not_in_alarm = |why: String| Ok(Err(Declined { reason: Reason::AlarmNotInAlarm, why }));
    if raised.is_empty() {
        let states: Vec<String> =
            changes.iter().map(|change| format!("{} went into {}", change.alarm, change.state)).collect();
        return not_in_alarm(states.join("; "));
    }
    let names: Vec<String> = raised.into_iter().map(str::to_owned).collect();
    let alarms = describe(ports, deadline, &names).await?;
    let (in_alarm, calm): (Vec<Alarm>, Vec<Alarm>) = alarms.into_iter().partition(|alarm| alarm.in_alarm);
    if in_alarm.is_empty() {
        let names: Vec<String> = calm.into_iter().map(|alarm| alarm.name).collect();
        let gone = "the alarm is gone".to_owned();
        let why = if names.is_empty() { gone } else { format!("{} is no longer in ALARM", names.join(", ")) };
        return not_in_alarm(why);
    }
    let mut family = Family::default();
    // What is known by then is raised, whatever can't be read of the rest.
    let incomplete = family.extend(ports, deadline, in_alarm).await.err();
    if let Some(error) = &incomplete {
        tracing::warn!(%error, "not every alarm of a composite alarm could be read");
    }
    let Family { names, services } = family;
    let only = move |enrolled: &Enrolled| {
        services.contains(&(enrolled.cluster.clone(), enrolled.name.clone()))
            || enrolled.tags.words("alarms").any(|alarm| names.contains(alarm))
    };
    Ok(Ok(Concerned { only: Box::new(only), incomplete }))
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
