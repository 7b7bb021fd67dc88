//! SQS and SNS: what waits in a queue, and who hears what a topic is told.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{MOST_PAGES, members, query, text};
use crate::bare::Ask;
use crate::error::{Kind, PortError, unless_gone};
use crate::pages::all;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Waiting {
    /// `GetQueueAttributes`: about how many messages can be taken out of a queue. None where there is no such queue.
    async fn messages_waiting(&self, queue_url: &str) -> Result<Option<u64>, PortError>;

    /// `ListSubscriptionsByTopic`, all pages.
    async fn subscriptions(&self, topic_arn: &str) -> Result<Vec<Subscription>, PortError>;
}

/// Who hears what a topic is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// `email`, `sqs` and their like, as SNS writes it.
    pub protocol: String,
    /// An address.
    pub endpoint: String,
    /// Whether it was confirmed; one that was not hears nothing.
    pub confirmed: bool,
}

const WAITING: &str = "ApproximateNumberOfMessages";

/// What stands in the place of the ARN of a subscription that nobody has confirmed.
const UNCONFIRMED: &str = "PendingConfirmation";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    attributes: Option<BTreeMap<String, String>>,
}

impl Waiting for Aws {
    async fn messages_waiting(&self, queue_url: &str) -> Result<Option<u64>, PortError> {
        const OPERATION: &str = "GetQueueAttributes";
        let question = json!({"QueueUrl": queue_url, "AttributeNames": [WAITING]});
        let ask = Ask::older_rpc("AmazonSQS.GetQueueAttributes", &question);
        let answer = match unless_gone(self.sqs.json::<Attributes>(OPERATION, ask).await) {
            Err(error) if error.message.contains("NonExistentQueue") || error.message.contains("QueueDoesNotExist") => {
                return Ok(None);
            }
            answer => answer?,
        };
        let Some(answer) = answer else { return Ok(None) };
        let count = answer.attributes.and_then(|own| own.get(WAITING)?.parse().ok());
        count.map(Some).ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, format!("it has no {WAITING}")))
    }

    async fn subscriptions(&self, topic_arn: &str) -> Result<Vec<Subscription>, PortError> {
        const OPERATION: &str = "ListSubscriptionsByTopic";
        all(OPERATION, MOST_PAGES, async |next: Option<String>| {
            let mut fields = vec![("TopicArn", topic_arn)];
            fields.extend(next.as_deref().map(|token| ("NextToken", token)));
            query(&self.sns, OPERATION, "2010-03-31", &fields, |result| {
                let subscription = |one| {
                    let arn = text(one, "SubscriptionArn")?;
                    Some(Subscription {
                        protocol: text(one, "Protocol").unwrap_or_default(),
                        endpoint: text(one, "Endpoint").unwrap_or_default(),
                        confirmed: arn != UNCONFIRMED,
                    })
                };
                let page = members(result, "Subscriptions").filter_map(subscription).collect();
                Some((page, text(result, "NextToken")))
            })
            .await
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/1/failures";

    #[tokio::test]
    async fn what_waits_in_a_queue_is_counted() {
        let gone = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}"#;
        let older = r#"{"__type": "com.amazonaws.sqs#AWS.SimpleQueueService.NonExistentQueue", "message": "no"}"#;
        let denied = r#"{"__type": "AccessDeniedException", "message": "sqs:getqueueattributes"}"#;
        let answers = [
            (200, r#"{"Attributes": {"ApproximateNumberOfMessages": "3"}}"#),
            (400, gone),
            (400, older),
            (400, denied),
            (200, "{}"),
        ];
        let (aws, canned) = Canned::aws(answers).await;
        assert_eq!(aws.messages_waiting(QUEUE).await, Ok(Some(3)));
        assert_eq!(aws.messages_waiting(QUEUE).await, Ok(None));
        assert_eq!(aws.messages_waiting(QUEUE).await, Ok(None));
        for kind in [Kind::Denied, Kind::Garbled] {
            assert_eq!(aws.messages_waiting(QUEUE).await.map_err(|error| error.kind), Err(kind));
        }
        let asked = &canned.asked()[0];
        assert_eq!(asked.headers["content-type"], "application/x-amz-json-1.0");
        assert_eq!(asked.headers["x-amz-target"], "AmazonSQS.GetQueueAttributes");
        assert_eq!(asked.body, format!(r#"{{"AttributeNames":["{WAITING}"],"QueueUrl":"{QUEUE}"}}"#));
    }

    #[tokio::test]
    async fn who_has_not_confirmed_hears_nothing() {
        let body = "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions>\
            <member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Protocol>email</Protocol>\
            <Endpoint>ops@example.com</Endpoint></member>\
            <member><SubscriptionArn>arn:aws:sns:eu-west-1:1:gates:1</SubscriptionArn><Protocol>sqs</Protocol>\
            <Endpoint>arn:aws:sqs:eu-west-1:1:q</Endpoint></member>\
            </Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>";
        let (aws, canned) = Canned::aws([(200, body), (200, "<html/>")]).await;
        let found = aws.subscriptions("arn:aws:sns:eu-west-1:1:gates").await.expect("subscriptions");
        let told: Vec<_> = found.iter().map(|one| (&*one.protocol, &*one.endpoint, one.confirmed)).collect();
        assert_eq!(told, [("email", "ops@example.com", false), ("sqs", "arn:aws:sqs:eu-west-1:1:q", true)]);
        assert_eq!(aws.subscriptions("a").await.map_err(|error| error.kind), Err(Kind::Garbled));
        let body =
            "Action=ListSubscriptionsByTopic&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Agates";
        assert_eq!(canned.asked()[0].body, body);
    }
}
