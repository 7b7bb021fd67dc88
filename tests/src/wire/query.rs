//! awsQuery with XML: SNS.

use crate::world::World;

pub(super) fn error(code: &str, message: &str) -> Vec<u8> {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
        .into_bytes()
}

/// The operation that a form asks for.
pub(super) fn operation(body: &[u8]) -> String {
    field(body, "Action")
}

pub(super) fn answer(operation: &str, body: &[u8], world: &World) -> Result<Vec<u8>, (String, String)> {
    if operation != "Publish" {
        return Err(("InvalidAction".to_owned(), format!("{operation} is not known here")));
    }
    let subject = field(body, "Subject");
    if subject.len() > 100 || !subject.is_ascii() {
        return Err(("InvalidParameter".to_owned(), "Invalid parameter: Subject".to_owned()));
    }
    world.lock().publish(&field(body, "TopicArn"), &subject, &field(body, "Message"));
    let id = "<MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId>";
    Ok(format!("<PublishResponse><PublishResult>{id}</PublishResult></PublishResponse>").into_bytes())
}

fn field(body: &[u8], name: &str) -> String {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
}
