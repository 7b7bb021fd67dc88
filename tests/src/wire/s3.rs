//! S3: one object by its path, which the bucket's name begins.

use super::Refusal;
use crate::world::World;
use crate::world::codedeploy::BUCKET;

pub(super) fn error(refusal: &Refusal) -> Vec<u8> {
    let Refusal { code, message, .. } = refusal;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    .into_bytes()
}

/// The key that a path leads to, in the bucket that there is.
pub(super) fn key(path: &str) -> Option<String> {
    let key = path.strip_prefix(&format!("/{BUCKET}/"))?;
    // As a value of a form, but for `+`, which stays one.
    let form = format!("key={}", key.replace('+', "%2B"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, key)| key.into_owned())
}

pub(super) fn get_object(key: &str, world: &World) -> Result<Vec<u8>, Refusal> {
    let account = world.lock();
    let text = account.get_object(key)?;
    Ok(text.as_bytes().to_vec())
}
