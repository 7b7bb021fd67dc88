//! The time that an invocation has left.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Kind, PortError};

/// A write is not begun with less time than this: it would end in an answer that nobody waits for.
const FOR_A_WRITE: Duration = Duration::from_secs(2);

/// When the work of an invocation has to be done, with time left to report it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    began: Instant,
    work_until: Instant,
}

impl Deadline {
    /// The work may take so long from now.
    #[must_use]
    pub fn within(work: Duration) -> Self {
        let began = Instant::now();
        Self { began, work_until: began + work }
    }

    /// The deadline of an earlier part of the work: what is not begun by then is not begun at all, so that what is begun
    /// can be finished.
    #[must_use]
    pub fn share(&self, share: f64) -> Self {
        let work = self.work_until.duration_since(self.began);
        Self { work_until: self.began + work.mul_f64(share), ..*self }
    }

    /// Whether it is past.
    #[must_use]
    pub fn is_past(&self) -> bool {
        Instant::now() >= self.work_until
    }

    /// Waits for a call, but not past the deadline.
    ///
    /// # Errors
    /// The call's own, or [`Kind::NoTime`].
    pub async fn bound<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        if self.is_past() {
            return Err(no_time(operation));
        }
        tokio::time::timeout_at(self.work_until, call).await.unwrap_or_else(|_| Err(no_time(operation)))
    }

    /// Waits for a call that changes something. It is begun only where there is time for it.
    ///
    /// # Errors
    /// The call's own, [`Kind::NoTime`] where it was not begun, or [`Kind::TimedOut`] where nobody knows what came of it.
    pub async fn bound_write<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        if Instant::now() + FOR_A_WRITE > self.work_until {
            return Err(no_time(operation));
        }
        let unknown = "no answer before the invocation's deadline; it may have been made all the same";
        let unanswered = |_| Err(PortError::new(operation, Kind::TimedOut, unknown));
        tokio::time::timeout_at(self.work_until, call).await.unwrap_or_else(unanswered)
    }
}

fn no_time(operation: &'static str) -> PortError {
    PortError::new(operation, Kind::NoTime, "the invocation's deadline is near")
}
