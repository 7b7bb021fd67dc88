//! Handing on: a run over more services than it reaches sends parts of them to further invocations of this function,
//! through its queue. [`tidegate_core::scaling::fan_out`] says which, and when.
//!
//! A part's message names its services, so that it need not list those of the whole account again; what each is tagged
//! with is read when it is described, and decides. What the queue does not take stays with the run itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::ecs::SERVICES_PER_CALL;
use tidegate_aws::pace::Bucket;
use tidegate_aws::queues::{BYTES_PER_CALL, MESSAGES_PER_CALL, Outgoing, Queues};
use tidegate_core::scaling::fan_out::{self, Clusters, Limits, Message, Part, Plan};
use tidegate_core::tags::Tags;
use tidegate_lambda::enrolled::Enrolled;
use tidegate_lambda::events;

use crate::settings::Settings;

/// What a run has handed on, as its summary tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandedOn {
    /// Parts that have their turn in this minute.
    pub parts: usize,
    /// The services in them.
    pub services: usize,
    /// Every how many minutes each service has its turn.
    pub every_minutes: u32,
    /// Seconds until the last part begins.
    pub last_after_s: u32,
    /// Parts that the queue did not take.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused: usize,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_refused: Option<String>,
}

/// Which part a run is, as its summary tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartOf {
    /// The schedule's minute that it belongs to.
    pub due: Timestamp,
    /// Which part it is, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// Every how many minutes its services have their turn.
    pub every_minutes: u32,
}

/// A part that the queue did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The part.
    pub part: &'a Part,
    /// Why not.
    pub why: String,
}

/// SQS says of itself that some of what it refuses it takes the next time.
const TRIES: u32 = 2;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What has its turn in parts at a minute of the schedule. None where the run reaches all services itself, or has no
/// queue to hand them on by.
#[must_use]
pub fn plan(services: &[Enrolled], at: Timestamp, settings: &Settings) -> Option<Plan> {
    settings.parts_queue.as_ref()?;
    let mut clusters = Clusters::new();
    for service in services {
        clusters.entry(service.cluster.clone()).or_default().insert(service.name.clone());
    }
    let per_second = usize::try_from(Bucket::ECS_SERVICE_READ.half().per_second).unwrap_or(1);
    fan_out::plan(&clusters, at, Limits { reach: settings.reach, per_call: SERVICES_PER_CALL, per_second })
}

/// The services of a part, of which nothing is known but their names.
#[must_use]
pub fn services(clusters: &Clusters) -> Vec<Enrolled> {
    let of_cluster = |(cluster, names): (&String, &BTreeSet<String>)| {
        let service = |name: &String| Enrolled { cluster: cluster.clone(), name: name.clone(), tags: Tags::default() };
        names.iter().map(service).collect::<Vec<_>>()
    };
    clusters.iter().flat_map(of_cluster).collect()
}

/// Reads what was handed on.
///
/// # Errors
/// What about it can't be understood.
pub fn read(body: &str) -> Result<Message, String> {
    let not = |error: serde_json::Error| format!("not a part of a run: {error}: {:?}", events::start(body));
    serde_json::from_str(body).map_err(not)
}

/// Sends the parts of a plan to a queue. What it has not taken in the end comes back, in the order of the plan.
pub async fn hand_on<'a>(
    ports: &impl Queues,
    deadline: &Deadline,
    queue_url: &str,
    plan: &'a Plan,
) -> Vec<Refused<'a>> {
    let message = |(part, message): (&'a Part, Message)| {
        // Names and numbers can always be written; what is empty SQS would refuse.
        let body = serde_json::to_string(&message).unwrap_or_default();
        (part, Outgoing { body, delay_s: part.delay_s }, String::new())
    };
    let mut left: Vec<(&Part, Outgoing, String)> = plan.parts.iter().zip(plan.messages()).map(message).collect();
    for _ in 0..TRIES {
        let mut refused = Vec::new();
        for batch in batches(left) {
            let messages: Vec<Outgoing> = batch.iter().map(|(_, message, _)| message.clone()).collect();
            let call = ports.send_messages(queue_url, &messages);
            let whys: Vec<Option<String>> = match deadline.bound_write("SendMessageBatch", call).await {
                Ok(named) => {
                    let why =
                        |index| named.iter().find(|refused| refused.index == index).map(|named| named.why.clone());
                    (0..batch.len()).map(why).collect()
                }
                Err(error) => vec![Some(error.to_string()); batch.len()],
            };
            let still = batch.into_iter().zip(whys).filter_map(|((part, message, _), why)| Some((part, message, why?)));
            refused.extend(still);
        }
        left = refused;
        if left.is_empty() {
            break;
        }
    }
    left.into_iter().map(|(part, _, why)| Refused { part, why }).collect()
}

/// As many messages to a call as SQS takes.
fn batches(messages: Vec<(&Part, Outgoing, String)>) -> Vec<Vec<(&Part, Outgoing, String)>> {
    let mut batches: Vec<Vec<(&Part, Outgoing, String)>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let length = message.1.body.len();
        let fits = |batch: &&mut Vec<_>| batch.len() < MESSAGES_PER_CALL && bytes + length <= BYTES_PER_CALL;
        if let Some(batch) = batches.last_mut().filter(fits) {
            bytes += length;
            batch.push(message);
        } else {
            bytes = length;
            batches.push(vec![message]);
        }
    }
    batches
}
