//! SNS: telling people.

use std::time::Duration;

use aws_smithy_types::timeout::TimeoutConfig;

use crate::bare::{Ask, Service};
use crate::error::{Kind, PortError};
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

/// SNS answers within a fraction of this. A run tells people in the two seconds that are kept for it at its end, and with the
/// usual time-out the first answer that is late would use them up.
const ATTEMPT: Duration = Duration::from_millis(600);

/// Whoever has more time than a run at its end waits no longer than for any other call.
const IN_ALL: Duration = Duration::from_secs(10);

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

pub(crate) const SERVICE: Service = Service { id: "SNS", host: "sns", signed_for: "sns" };

impl Notifications for Aws {
    async fn publish(&self, topic_arn: &str, message: &Message) -> Result<(), PortError> {
        const OPERATION: &str = "Publish";
        let fields = [("TopicArn", topic_arn), ("Subject", message.subject()), ("Message", &message.body)];
        let patience = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(IN_ALL).build();
        let ask = Ask { patience: Some(patience), ..Ask::form(OPERATION, "2010-03-31", &fields) };
        let answer = self.sns.ask(OPERATION, ask).await?;
        // What is no answer of SNS's, a proxy's page for one, says nothing of the message.
        if !String::from_utf8_lossy(&answer.body).contains("<PublishResponse") {
            return Err(PortError::new(OPERATION, Kind::Garbled, "it is no answer of SNS's"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:gates";

    #[tokio::test]
    async fn a_message_is_published_whole() {
        let (aws, canned) = Canned::aws([(200, "<PublishResponse/>"), (200, "<html/>")]).await;
        let message = Message::new("Failed: shop", "50 % & more\nünd = so on");
        assert_eq!(aws.publish(TOPIC, &message).await, Ok(()));
        assert_eq!(aws.publish(TOPIC, &message).await.map_err(|error| error.kind), Err(Kind::Garbled));
        let body = "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A111122223333%3Agates\
            &Subject=Failed%3A%20shop&Message=50%20%25%20%26%20more%0A%C3%BCnd%20%3D%20so%20on";
        assert_eq!(canned.asked()[0].body, body);
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_not_publish_is_told_so_in_snss_words() {
        let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>\
            <Message>User: gate is not authorized to perform: SNS:Publish on resource: &quot;gates&quot;</Message>\
            </Error><RequestId>1</RequestId></ErrorResponse>";
        let throttled =
            "<ErrorResponse><Error><Code>Throttled</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
        let mut answers = vec![(403, denied)];
        answers.extend([(400, throttled); 9]);
        let (aws, canned) = Canned::aws(answers).await;
        let message = Message::new("a", "b");
        let error = aws.publish(TOPIC, &message).await.expect_err("an error");
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.message.ends_with("perform: SNS:Publish on resource: \"gates\""), "{error}");
        assert_eq!(canned.asked().len(), 1, "it is not tried again");
        assert_eq!(aws.publish(TOPIC, &message).await.map_err(|error| error.kind), Err(Kind::Throttled));
    }
}
