//! Lambda: going on in a further invocation, and asking another function.

use std::time::Duration;

use aws_smithy_types::timeout::TimeoutConfig;

use crate::bare::{Answer, Ask, Service, escaped};
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Functions {
    /// `Invoke` with the type `Event`: the function is invoked later, and nobody waits for its answer.
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError>;
}

/// A function that is asked, and answers.
pub trait Asked {
    /// `Invoke` with the type `RequestResponse`: what the function answered, as JSON. A function that failed is an error
    /// with its own words in it.
    async fn invoke(&self, function: &str, payload: &str) -> Result<String, PortError>;
}

/// The HTTP status of an invocation that Lambda has taken on.
const ACCEPTED: u16 = 202;

/// The HTTP status of an invocation that was answered, by a failure too.
const ANSWERED: u16 = 200;

/// So long a function is waited for that is asked: it may have to start, and to wait itself. A call of the usual length
/// would be made again while the function still works.
const ASKED: Duration = Duration::from_mins(1);

pub(crate) const SERVICE: Service = Service { id: "Lambda", host: "lambda", signed_for: "lambda" };

const OPERATION: &str = "Invoke";

impl Functions for Aws {
    async fn invoke_later(&self, function: &str, payload: &str) -> Result<(), PortError> {
        let answer = self.lambda.ask(OPERATION, invocation("Event", function, payload)).await?;
        // The body can be anything, so nothing else would tell a wrong answer.
        expect(ACCEPTED, &answer)
    }
}

impl Asked for Aws {
    async fn invoke(&self, function: &str, payload: &str) -> Result<String, PortError> {
        let patience = TimeoutConfig::builder().operation_attempt_timeout(ASKED).operation_timeout(ASKED).build();
        let ask = Ask { patience: Some(patience), ..invocation("RequestResponse", function, payload) };
        let answer = self.lambda.ask(OPERATION, ask).await?;
        expect(ANSWERED, &answer)?;
        if let Some(error) = answer.headers.get("x-amz-function-error") {
            return Err(PortError::new(OPERATION, Kind::Unavailable, failed(function, error, &answer.body)));
        }
        let no_text = |_| PortError::new(OPERATION, Kind::Garbled, format!("{function} answered with what is no text"));
        String::from_utf8(answer.body).map_err(no_text)
    }
}

fn invocation(kind: &str, function: &str, payload: &str) -> Ask {
    let headers = vec![("content-type", "application/json".to_owned()), ("x-amz-invocation-type", kind.to_owned())];
    let path = format!("/2015-03-31/functions/{}/invocations", escaped(function));
    Ask { method: "POST", path, headers, body: payload.as_bytes().to_vec(), ..Ask::default() }
}

fn expect(status: u16, answer: &Answer) -> Result<(), PortError> {
    if answer.status == status {
        return Ok(());
    }
    Err(PortError::new(OPERATION, Kind::Garbled, format!("status {} in the place of {status}", answer.status)))
}

/// How a function failed, in the words that it has for it.
fn failed(function: &str, error: &str, body: &[u8]) -> String {
    // What a function prints when it fails can be a page.
    let said: String = String::from_utf8_lossy(body).chars().take(LONGEST_FAILURE).collect();
    format!("{function} failed ({error}): {said}")
}

/// So many characters of a function's failure are told.
const LONGEST_FAILURE: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Canned, Prepared};

    fn answer(status: u16, body: &str) -> Prepared {
        (status, body).into()
    }

    #[tokio::test]
    async fn what_goes_on_later_is_not_waited_for() {
        let (aws, canned) = Canned::aws([answer(202, ""), answer(200, "")]).await;
        assert_eq!(aws.invoke_later("gate", "{}").await, Ok(()));
        assert_eq!(aws.invoke_later("gate", "{}").await.map_err(|error| error.kind), Err(Kind::Garbled));
        let asked = canned.asked();
        assert_eq!(asked[0].headers.get("x-amz-invocation-type").map(String::as_str), Some("Event"));
    }

    #[tokio::test]
    async fn a_function_that_is_asked_answers() {
        let (aws, canned) = Canned::aws([answer(200, r#"{"status": 200}"#), answer(202, "")]).await;
        assert_eq!(aws.invoke("gate-prober", r#"{"to": 1}"#).await.as_deref(), Ok(r#"{"status": 200}"#));
        assert_eq!(aws.invoke("gate-prober", "{}").await.map_err(|error| error.kind), Err(Kind::Garbled));
        let asked = canned.asked();
        assert_eq!(asked[0].operation, "2015-03-31/functions/gate-prober/invocations");
        assert_eq!(asked[0].body, r#"{"to": 1}"#);
        assert_eq!(asked[0].headers.get("x-amz-invocation-type").map(String::as_str), Some("RequestResponse"));
    }

    #[tokio::test]
    async fn a_function_that_failed_is_no_answer() {
        let body = r#"{"errorType": "Panic", "errorMessage": "out of range"}"#;
        let failed = Prepared { headers: vec![("x-amz-function-error", "Unhandled")], ..answer(200, body) };
        let (aws, _) = Canned::aws([failed]).await;
        let error = aws.invoke("gate-prober", "{}").await.expect_err("an error");
        assert_eq!((error.kind, error.message), (Kind::Unavailable, format!("gate-prober failed (Unhandled): {body}")));
    }

    #[tokio::test]
    async fn a_function_that_may_not_be_asked_names_the_action() {
        let said = "User: gate is not authorized to perform: lambda:InvokeFunction on resource: gate-prober";
        let denied = format!(r#"{{"Message": "{said}"}}"#);
        let denied = Prepared { headers: vec![("x-amzn-errortype", "AccessDeniedException")], ..answer(403, &denied) };
        let (aws, _) = Canned::aws([denied]).await;
        let error = aws.invoke("gate-prober", "{}").await.expect_err("an error");
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.message.contains("lambda:InvokeFunction"), "{error}");
    }
}
