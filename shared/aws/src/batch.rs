//! Calls about several things at once, some of which may be gone.

use std::slice;

use crate::error::{Kind, PortError, unless_gone};

/// Asks about things, so many at once. Where a call fails because something is gone, it asks about each alone, so that
/// the others are found all the same. It never asks about nothing: AWS would take that for everything.
pub(crate) async fn those_there<T>(
    ids: &[String],
    per_call: usize,
    ask: impl AsyncFn(&[String]) -> Result<Vec<T>, PortError>,
) -> Result<Vec<T>, PortError> {
    let mut found = Vec::new();
    for ids in ids.chunks(per_call) {
        match ask(ids).await {
            Err(error) if error.kind == Kind::NotFound && ids.len() > 1 => {
                for id in ids {
                    found.extend(unless_gone(ask(slice::from_ref(id)).await)?.unwrap_or_default());
                }
            }
            answer => found.extend(unless_gone(answer)?.unwrap_or_default()),
        }
    }
    Ok(found)
}
