//! REST with JSON: Lambda's `Invoke`.

use serde_json::{Value, json};

use super::Refusal;
use crate::world::World;

/// The name of the code's header; the body holds the message only.
pub(super) const ERROR_TYPE: &str = "x-amzn-errortype";

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    let whose = if refusal.status.is_server_error() { "Service" } else { "User" };
    json!({"Type": whose, "Message": refusal.message}).to_string().into_bytes()
}

/// The function that `/2015-03-31/functions/name/invocations` invokes.
pub(super) fn function(path: &str) -> Option<String> {
    let name = path.strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")?;
    // An ARN is percent-encoded, as a value of a form is.
    form_urlencoded::parse(format!("name={name}").as_bytes()).next().map(|(_, name)| name.into_owned())
}

pub(super) fn invoke(function: &str, kind: &str, body: &[u8], world: &World) -> Result<Vec<u8>, Refusal> {
    let refused = |message: &str| Refusal::new("InvalidRequestContentException", message);
    if kind != "Event" {
        return Err(refused("nothing here should wait for an answer"));
    }
    let payload = std::str::from_utf8(body).ok().filter(|body| serde_json::from_str::<Value>(body).is_ok());
    let payload = payload.ok_or_else(|| refused("Could not parse request body into json"))?;
    world.lock().invoke_later(function, payload);
    Ok(Vec::new())
}
