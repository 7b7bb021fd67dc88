//! SNS.

use super::{Refusal, field, text};
use crate::world::Account;

pub(super) fn publish(account: &mut Account, body: &[u8]) -> Result<String, Refusal> {
    let subject = field(body, "Subject");
    if subject.len() > 100 || !subject.is_ascii() {
        return Err(Refusal::new("InvalidParameter", "Invalid parameter: Subject"));
    }
    account.publish(&field(body, "TopicArn"), &subject, &field(body, "Message"));
    Ok(text("MessageId", "94f20ce6-13c5-43a0-9a9e-ca52d816e90b"))
}
