//! CloudWatch Logs: lines of a log group.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::bare::Ask;
use crate::error::{PortError, unless_gone};
use crate::sdk::Aws;

/// The calls that are used.
pub trait LogEvents {
    /// `FilterLogEvents` from one moment up to another: the lines that a pattern matches, oldest first, as far as `pages`
    /// pages go, and whether there are more. None where there is no such log group.
    ///
    /// Pattern syntax: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
    async fn log_events(
        &self,
        group: &str,
        pattern: &str,
        between: (Timestamp, Timestamp),
        pages: usize,
    ) -> Result<Option<Lines>, PortError>;
}

/// Lines of a log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// What was logged, oldest first.
    pub lines: Vec<String>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Option<Vec<Event>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    message: Option<String>,
}

impl LogEvents for Aws {
    async fn log_events(
        &self,
        group: &str,
        pattern: &str,
        (from, to): (Timestamp, Timestamp),
        pages: usize,
    ) -> Result<Option<Lines>, PortError> {
        let mut question = json!({
            "logGroupName": group, "filterPattern": pattern, "startTime": from.as_millisecond(),
            "endTime": to.as_millisecond(),
        });
        let mut lines = Vec::new();
        for _ in 0..pages {
            let ask = Ask::rpc("Logs_20140328.FilterLogEvents", &question);
            let Some(page) = unless_gone(self.logs.json::<Page>("FilterLogEvents", ask).await)? else {
                return Ok(None);
            };
            // A page may be empty, and yet not the last.
            lines.extend(page.events.unwrap_or_default().into_iter().filter_map(|event| event.message));
            let Some(next) = page.next_token.filter(|token| !token.is_empty()) else {
                return Ok(Some(Lines { lines, more: false }));
            };
            question["nextToken"] = next.into();
        }
        Ok(Some(Lines { lines, more: true }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;
    use crate::error::Kind;

    const HOUR: (Timestamp, Timestamp) = (Timestamp::constant(1_795_251_600, 0), Timestamp::constant(1_795_255_200, 0));

    #[tokio::test]
    async fn lines_are_read_page_by_page_an_empty_one_is_not_the_last() {
        let answers = [
            (200, r#"{"events": [], "nextToken": "a"}"#),
            (200, r#"{"events": [{"message": "one", "timestamp": 1}], "nextToken": "b"}"#),
            (200, r#"{"events": [{"message": "two"}]}"#),
        ];
        let (aws, canned) = Canned::aws(answers).await;
        let found = aws.log_events("/aws/lambda/gate", "{ $.why = \"*\" }", HOUR, 9).await;
        assert_eq!(found, Ok(Some(Lines { lines: vec!["one".to_owned(), "two".to_owned()], more: false })));
        let asked = canned.asked();
        let first = r#"{"endTime":1795255200000,"filterPattern":"{ $.why = \"*\" }","logGroupName":"/aws/lambda/gate","startTime":1795251600000}"#;
        assert_eq!((&*asked[0].operation, &*asked[0].body), ("FilterLogEvents", first));
        assert!(asked[2].body.contains(r#""nextToken":"b""#));
    }

    #[tokio::test]
    async fn what_goes_beyond_the_bound_is_said_and_what_is_gone_is_none() {
        let more = r#"{"events": [{"message": "one"}], "nextToken": "a"}"#;
        let gone = r#"{"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}"#;
        let denied = r#"{"__type": "AccessDeniedException", "message": "logs:FilterLogEvents"}"#;
        let (aws, canned) = Canned::aws([(200, more), (200, more), (400, gone), (400, denied)]).await;
        let found = aws.log_events("a", "", HOUR, 2).await.expect("lines").expect("a group");
        assert_eq!((found.lines.len(), found.more, canned.asked().len()), (2, true, 2));
        assert_eq!(aws.log_events("a", "", HOUR, 2).await, Ok(None));
        assert_eq!(aws.log_events("a", "", HOUR, 2).await.map_err(|error| error.kind), Err(Kind::Denied));
    }
}
