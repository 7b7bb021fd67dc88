//! REST with JSON: Lambda's `Invoke`.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use crate::world::World;
use crate::world::functions::Answers;

/// The name of the code's header; the body holds the message only.
pub(super) const ERROR_TYPE: &str = "x-amzn-errortype";

/// The name of the header that says that a function failed, which is no error of Lambda's.
pub(super) const FUNCTION_ERROR: &str = "x-amz-function-error";

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

pub(super) async fn invoke(function: &str, kind: &str, body: &[u8], world: &World) -> Result<Vec<u8>, Refusal> {
    let refused = |message: &str| Refusal::new("InvalidRequestContentException", message);
    let payload = std::str::from_utf8(body).ok().filter(|body| serde_json::from_str::<Value>(body).is_ok());
    let payload = payload.ok_or_else(|| refused("Could not parse request body into json"))?;
    match kind {
        "Event" => {
            world.lock().invoke_later(function, payload);
            Ok(Vec::new())
        }
        // What Lambda takes where nobody says otherwise.
        "RequestResponse" | "" => asked(function, payload, world).await,
        _ => Err(refused("this is not how anything here is invoked")),
    }
}

async fn asked(function: &str, payload: &str, world: &World) -> Result<Vec<u8>, Refusal> {
    let gone = || {
        let message = format!("Function not found: {function}");
        Refusal { status: StatusCode::NOT_FOUND, ..Refusal::new("ResourceNotFoundException", message) }
    };
    let answered = match world.ask_function(function, payload) {
        Answers::Does(does) => does(world, payload),
        Answers::Driven(answer) => answer.await.map_err(|_| gone())?,
        // What takes its time can be waited for in process only.
        Answers::Works(_) | Answers::Nobody => return Err(gone()),
    };
    answered.map(String::into_bytes).map_err(|said| Refusal::new(FUNCTION_ERROR, said))
}
