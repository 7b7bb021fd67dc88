//! From the SDK's types to ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// A time.
pub(crate) fn time(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

/// A time that JSON has in seconds since 1970.
#[cfg(any(feature = "codedeploy", feature = "ecs", feature = "images", feature = "inspector"))]
pub(crate) fn seconds(at: f64) -> Option<Timestamp> {
    time(&DateTime::from_secs_f64(at))
}
