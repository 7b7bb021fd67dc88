//! REST with JSON: what Lambda says of a function without invoking it.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use crate::world::World;

/// What a path and its query call, and about which function.
pub(super) fn operation(path: &str, query: &str) -> Option<(&'static str, String)> {
    let decoded = |name: &str| {
        let pair = format!("name={name}");
        form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, name)| name.into_owned())
    };
    if let Some(name) = path.strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/configuration"))
    {
        return Some(("GetFunctionConfiguration", decoded(name)));
    }
    if let Some(name) = path.strip_prefix("/2019-09-30/functions/").and_then(|rest| rest.strip_suffix("/concurrency")) {
        return Some(("GetFunctionConcurrency", decoded(name)));
    }
    let mut asked = form_urlencoded::parse(query.as_bytes());
    let name = asked.find(|(key, _)| key == "FunctionName").map(|(_, name)| name.into_owned());
    (path == "/2015-03-31/event-source-mappings").then(|| ("ListEventSourceMappings", name.unwrap_or_default()))
}

pub(super) fn answer(operation: &str, function: &str, world: &World) -> Result<Vec<u8>, Refusal> {
    let account = world.lock();
    let own = &account.deployed;
    let name = function.rsplit(':').next().unwrap_or(function);
    let gone = || {
        let message = format!("Function not found: {function}");
        Refusal { status: StatusCode::NOT_FOUND, ..Refusal::new("ResourceNotFoundException", message) }
    };
    let found = own.functions.get(name).ok_or_else(gone)?;
    let output: Value = match operation {
        "GetFunctionConcurrency" => json!({"ReservedConcurrentExecutions": own.reserved.get(name)}),
        "ListEventSourceMappings" => {
            let all = own.sources.get(name).into_iter().flatten();
            let mapping = all.map(|one| {
                json!({"EventSourceArn": one.arn, "State": one.state, "StateTransitionReason": one.why, "UUID": "1"})
            });
            json!({"EventSourceMappings": mapping.collect::<Vec<_>>()})
        }
        _ => {
            let environment = match &found.variables {
                Some(variables) => json!({"Variables": variables}),
                None => json!({"Error": {"ErrorCode": "KMSAccessDeniedException", "Message": "no"}}),
            };
            json!({
                "FunctionName": name, "State": found.state, "LastUpdateStatus": found.last_update,
                "LastUpdateStatusReason": found.why, "Environment": environment, "Runtime": "provided.al2023",
                "LoggingConfig": {
                    "LogFormat": "JSON", "ApplicationLogLevel": found.log_level, "LogGroup": found.log_group,
                },
            })
        }
    };
    Ok(output.to_string().into_bytes())
}
