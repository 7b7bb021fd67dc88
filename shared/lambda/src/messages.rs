//! Telling people: messages to the installation's topic, in the format that it wants.

use std::time::Duration;

use serde_json::json;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::PortError;
use tidegate_aws::notifications::{Message, Notifications};

use crate::settings::Common;

/// What a message may take of the time that is kept for a run's report.
const TO_PUBLISH: Duration = Duration::from_secs(2);

/// What messages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFormat {
    /// For mail.
    Text,
    /// For chat channels, as Amazon Q Developer in chat applications (AWS Chatbot) reads it.
    Chatbot,
}

/// Tells people what a run did. What can't be told is logged; what was done stands either way.
pub async fn tell(ports: &impl Notifications, common: &Common, subject: &str, body: String) {
    if let Err(error) = publish(ports, common, subject, body).await {
        tracing::warn!(%error, "a message could not be published");
    }
}

/// Tells people, in the time that is kept for it. Without a topic there is nobody to tell.
///
/// # Errors
/// Where the message could not be published.
pub async fn publish(
    ports: &impl Notifications,
    common: &Common,
    subject: &str,
    body: String,
) -> Result<(), PortError> {
    let Some(topic_arn) = &common.topic_arn else { return Ok(()) };
    let message = message(subject, body, common.message_format);
    Deadline::within(TO_PUBLISH).bound("Publish", ports.publish(topic_arn, &message)).await
}

/// Subject and body of a message about news, each a headline with its story; None where there is none. `many` says what
/// several are, as in `3 deployments judged`.
#[must_use]
pub fn about(news: &[(String, String)], many: impl FnOnce(usize) -> String) -> Option<(String, String)> {
    let subject = match news {
        [] => return None,
        [(headline, _)] => format!("Tidegate: {headline}"),
        more => format!("Tidegate: {}", many(more.len())),
    };
    let body = news.iter().map(|(headline, story)| format!("{headline}\n{story}"));
    Some((subject, body.collect::<Vec<_>>().join("\n\n")))
}

/// What SNS takes of a body is 256 KB; a format adds to it.
const LONGEST_BODY: usize = 200_000;

/// As much of a body as SNS takes.
fn shortened(mut body: String) -> String {
    if body.len() > LONGEST_BODY {
        let end = (0..=LONGEST_BODY).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
        body.truncate(end);
        body.push_str("\n(cut: the logs have the rest)");
    }
    body
}

/// A message in the format that the installation wants.
#[must_use]
pub fn message(subject: &str, body: String, format: MessageFormat) -> Message {
    let body = shortened(body);
    let body = match format {
        MessageFormat::Text => body,
        MessageFormat::Chatbot => chatbot(subject, &body),
    };
    Message::new(subject, body)
}

/// A custom notification of Amazon Q Developer in chat applications, which was AWS Chatbot.
///
/// Source: <https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>
fn chatbot(title: &str, text: &str) -> String {
    let content = json!({"textType": "client-markdown", "title": title, "description": text});
    json!({"version": "1.0", "source": "custom", "content": content}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_sns_would_refuse_is_cut_between_letters() {
        let told = message("subject", "\u{e9}".repeat(150_000), MessageFormat::Text);
        assert!(told.body.len() < 256 * 1024 && told.body.ends_with("the logs have the rest)"));
        assert_eq!(message("subject", "short".to_owned(), MessageFormat::Text).body, "short");
    }
}
