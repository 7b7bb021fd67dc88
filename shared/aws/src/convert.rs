//! From the SDK's types to ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// A time.
pub(crate) fn time(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
