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

/// Tells whether a service is concerned.
pub type Concerned = Box<dyn Fn(&Enrolled) -> bool>;

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
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut services: BTreeSet<(String, String)> = BTreeSet::new();
    let mut level = in_alarm;
    for _ in 0..=DEEPEST {
        let mut children: BTreeSet<String> = BTreeSet::new();
        for alarm in level {
            services.extend(alarm.dimensions.iter().filter_map(service));
            if alarm.composite {
                let call = ports.describe_alarm_children(&alarm.name);
                children.extend(deadline.bound("DescribeAlarms", call).await?);
            }
            names.insert(alarm.name);
        }
        let children: Vec<String> = children.into_iter().filter(|child| !names.contains(child)).collect();
        if children.is_empty() {
            break;
        }
        // A composite alarm concerns what its parts concern, whichever of them spoke.
        level = describe(ports, deadline, &children).await?;
    }
    Ok(Ok(Box::new(move |enrolled: &Enrolled| {
        services.contains(&(enrolled.cluster.clone(), enrolled.name.clone()))
            || enrolled.tags.words("alarms").any(|alarm| names.contains(alarm))
    })))
}

async fn describe(ports: &impl CloudWatch, deadline: &Deadline, names: &[String]) -> Result<Vec<Alarm>, PortError> {
    deadline.bound("DescribeAlarms", ports.describe_alarms(names)).await
}

fn service(dimensions: &BTreeMap<String, String>) -> Option<(String, String)> {
    Some((dimensions.get("ClusterName")?.clone(), dimensions.get("ServiceName")?.clone()))
}
