//! SNS: telling people.

use crate::error::PortError;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Notifications {
    /// `Publish` to a topic.
    async fn publish(&self, topic_arn: &str, message: &Message) -> Result<(), PortError>;
}

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    subject: String,
    /// The body.
    pub body: String,
}

/// SNS takes no longer subjects.
const LONGEST_SUBJECT: usize = 100;

impl Message {
    /// A message whose subject SNS will take: printable ASCII, at most 100 characters, not beginning with a space.
    pub fn new(subject: &str, body: impl Into<String>) -> Self {
        let printable = subject.chars().map(|letter| if matches!(letter, ' '..='~') { letter } else { '?' });
        let subject: String = printable.collect::<String>().trim().chars().take(LONGEST_SUBJECT).collect();
        Self { subject, body: body.into() }
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl Notifications for Aws {
    async fn publish(&self, topic_arn: &str, message: &Message) -> Result<(), PortError> {
        let publish = self.sns.publish().topic_arn(topic_arn).subject(message.subject()).message(&message.body);
        publish.send().await.map(drop).map_err(PortError::of("Publish"))
    }
}
