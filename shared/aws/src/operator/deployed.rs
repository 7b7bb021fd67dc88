//! Lambda and EventBridge: how a function is deployed, and what wakes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::MOST_PAGES;
use crate::bare::{Ask, escaped};
use crate::error::{Kind, PortError, unless_gone};
use crate::pages::all;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Deployed {
    /// `GetFunctionConfiguration`. None where there is no such function.
    async fn function(&self, name: &str) -> Result<Option<Function>, PortError>;

    /// `GetFunctionConcurrency`: what is reserved, which is also the most. None where nothing is.
    async fn reserved_concurrency(&self, name: &str) -> Result<Option<u32>, PortError>;

    /// `ListEventSourceMappings` of a function, all pages.
    async fn event_sources(&self, name: &str) -> Result<Vec<EventSource>, PortError>;

    /// `DescribeRule` on the default bus: whether it is enabled. None where there is no such rule.
    async fn rule_is_enabled(&self, name: &str) -> Result<Option<bool>, PortError>;
}

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// `Active`, `Pending`, `Inactive` or `Failed`, as Lambda writes it.
    pub state: String,
    /// `Successful`, `InProgress` or `Failed`, as Lambda writes it.
    pub last_update: String,
    /// Why one of the two is as it is, where Lambda says so.
    pub why: Option<String>,
    /// Its environment. None where Lambda could not decrypt it.
    pub variables: Option<BTreeMap<String, String>>,
    /// `INFO` and its like; None where it logs plain text.
    pub log_level: Option<String>,
    /// Where it logs.
    pub log_group: Option<String>,
}

/// A queue that wakes a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSource {
    /// The queue's ARN.
    pub arn: String,
    /// `Enabled`, `Disabled` and their like, as Lambda writes it.
    pub state: String,
    /// Why, where Lambda says so.
    pub why: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    state: Option<String>,
    state_reason: Option<String>,
    last_update_status: Option<String>,
    last_update_status_reason: Option<String>,
    environment: Option<Environment>,
    logging_config: Option<Logging>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: Option<BTreeMap<String, String>>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Logging {
    application_log_level: Option<String>,
    log_group: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Concurrency {
    reserved_concurrent_executions: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sources {
    event_source_mappings: Option<Vec<Source>>,
    next_marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Source {
    event_source_arn: Option<String>,
    state: Option<String>,
    state_transition_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    state: Option<String>,
}

impl Deployed for Aws {
    async fn function(&self, name: &str) -> Result<Option<Function>, PortError> {
        const OPERATION: &str = "GetFunctionConfiguration";
        let ask = get(format!("/2015-03-31/functions/{}/configuration", escaped(name)));
        let Some(found) = unless_gone(self.lambda.json::<Configuration>(OPERATION, ask).await)? else {
            return Ok(None);
        };
        let logging = found.logging_config.unwrap_or(Logging { application_log_level: None, log_group: None });
        let variables = match found.environment {
            Some(own) if own.error.is_some() => None,
            own => Some(own.and_then(|own| own.variables).unwrap_or_default()),
        };
        Ok(Some(Function {
            state: found.state.unwrap_or_default(),
            last_update: found.last_update_status.unwrap_or_default(),
            why: found.last_update_status_reason.or(found.state_reason),
            variables,
            log_level: logging.application_log_level,
            log_group: logging.log_group,
        }))
    }

    async fn reserved_concurrency(&self, name: &str) -> Result<Option<u32>, PortError> {
        let ask = get(format!("/2019-09-30/functions/{}/concurrency", escaped(name)));
        let answer: Concurrency = self.lambda.json("GetFunctionConcurrency", ask).await?;
        Ok(answer.reserved_concurrent_executions)
    }

    async fn event_sources(&self, name: &str) -> Result<Vec<EventSource>, PortError> {
        const OPERATION: &str = "ListEventSourceMappings";
        all(OPERATION, MOST_PAGES, async |next: Option<String>| {
            let marker = next.map_or_else(String::new, |marker| format!("&Marker={}", in_query(&marker)));
            let path = format!("/2015-03-31/event-source-mappings?FunctionName={}{marker}", in_query(name));
            let page: Sources = self.lambda.json(OPERATION, get(path)).await?;
            let sources = page.event_source_mappings.unwrap_or_default().into_iter().map(|source| EventSource {
                arn: source.event_source_arn.unwrap_or_default(),
                state: source.state.unwrap_or_default(),
                why: source.state_transition_reason,
            });
            Ok((sources.collect(), page.next_marker))
        })
        .await
    }

    async fn rule_is_enabled(&self, name: &str) -> Result<Option<bool>, PortError> {
        const OPERATION: &str = "DescribeRule";
        let ask = Ask::rpc("AWSEvents.DescribeRule", &json!({"Name": name}));
        let found = unless_gone(self.operator.events.json::<Rule>(OPERATION, ask).await)?;
        let Some(rule) = found else { return Ok(None) };
        let state = rule.state.ok_or_else(|| PortError::new(OPERATION, Kind::Garbled, "it says no state"))?;
        Ok(Some(state.starts_with("ENABLED")))
    }
}

fn get(path: String) -> Ask {
    Ask { method: "GET", path, ..Ask::default() }
}

/// As it stands behind a question mark, where a slash is none of ours.
fn in_query(text: &str) -> String {
    escaped(text).replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Canned, Prepared};

    #[tokio::test]
    async fn a_function_is_read_as_it_is_deployed() {
        let body = r#"{"FunctionName": "tidegate-cost-scaler", "State": "Active", "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": "no image", "Timeout": 60, "Environment": {"Variables": {"TIDEGATE_MODE": "on"}},
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": "/aws/lambda/x"}}"#;
        let broken = r#"{"State": "Active", "Environment": {"Error": {"ErrorCode": "KMSAccessDeniedException"}}}"#;
        let (aws, canned) = Canned::aws([(200, body), (200, broken), (200, "{}")]).await;
        let found = aws.function("tidegate-cost-scaler").await.expect("an answer").expect("a function");
        assert_eq!((&*found.state, &*found.last_update, found.why.as_deref()), ("Active", "Failed", Some("no image")));
        assert_eq!(found.variables, Some([("TIDEGATE_MODE".to_owned(), "on".to_owned())].into()));
        assert_eq!((found.log_level.as_deref(), found.log_group.as_deref()), (Some("INFO"), Some("/aws/lambda/x")));
        let broken = aws.function("a").await.expect("an answer").expect("a function");
        assert_eq!(broken.variables, None, "what can't be decrypted is not an empty environment");
        let bare = aws.function("b").await.expect("an answer").expect("a function");
        assert_eq!(bare.variables, Some(BTreeMap::new()));
        assert_eq!(canned.asked()[0].operation, "2015-03-31/functions/tidegate-cost-scaler/configuration");
    }

    #[tokio::test]
    async fn what_is_not_there_is_none_and_what_may_not_be_read_is_an_error() {
        let error = |code, status| Prepared { headers: vec![("x-amzn-errortype", code)], ..(status, "{}").into() };
        let gone: Prepared = (400, r#"{"__type": "ResourceNotFoundException"}"#).into();
        let answers =
            [error("ResourceNotFoundException", 404), error("AccessDeniedException", 403), gone, (200, "{}").into()];
        let (aws, _) = Canned::aws(answers).await;
        assert_eq!(aws.function("a").await, Ok(None));
        assert_eq!(aws.function("a").await.map_err(|error| error.kind), Err(Kind::Denied));
        assert_eq!(aws.rule_is_enabled("a").await, Ok(None));
        assert_eq!(aws.rule_is_enabled("a").await.map_err(|error| error.kind), Err(Kind::Garbled));
    }

    #[tokio::test]
    async fn what_wakes_a_function_is_read() {
        let first = r#"{"NextMarker": "a/b", "EventSourceMappings": [{"EventSourceArn": "arn:aws:sqs:a", "State": "Enabled"}]}"#;
        let second = r#"{"EventSourceMappings": [{"EventSourceArn": "arn:aws:sqs:b", "State": "Disabled", "StateTransitionReason": "USER_INITIATED"}]}"#;
        let answers = [
            (200, first),
            (200, second),
            (200, r#"{"ReservedConcurrentExecutions": 5}"#),
            (200, "{}"),
            (200, r#"{"State": "ENABLED"}"#),
            (200, r#"{"State": "DISABLED"}"#),
        ];
        let (aws, canned) = Canned::aws(answers).await;
        let sources = aws.event_sources("gate").await.expect("sources");
        assert_eq!(sources.iter().map(|one| &*one.state).collect::<Vec<_>>(), ["Enabled", "Disabled"]);
        assert_eq!(aws.reserved_concurrency("gate").await, Ok(Some(5)));
        assert_eq!(aws.reserved_concurrency("gate").await, Ok(None));
        assert_eq!(aws.rule_is_enabled("rule").await, Ok(Some(true)));
        assert_eq!(aws.rule_is_enabled("rule").await, Ok(Some(false)));
        let asked: Vec<String> = canned.asked().into_iter().map(|call| call.operation).collect();
        assert_eq!(asked[1], "2015-03-31/event-source-mappings?FunctionName=gate&Marker=a%2Fb");
        assert_eq!((&*asked[2], &*asked[4]), ("2019-09-30/functions/gate/concurrency", "DescribeRule"));
    }
}
