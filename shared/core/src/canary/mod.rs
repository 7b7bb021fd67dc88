//! Whether a new version is worse than the old one, judged on live traffic: the decision of `canary-gate` and of
//! `tidegate judge`.
//!
//! [`judge()`] takes [`Facts`], a [`Policy`] and now, and answers with a [`Judgement`]. It is made of:
//!
//! - [`minutes`]: which minutes count, and for what
//! - [`guards`]: what stops a release without statistics, and a split that makes the counts void
//! - [`ceilings`]: fixed limits, where there is no concurrent baseline
//! - [`classes`]: the evidence of each class of events; [`evidence`] is the arithmetic, [`mod@dispersion`] how much events
//!   come in clumps
//! - [`reason`]: every reason code there is
//!
//! Beside the judgement stand [`enrolment`] (what tags and hook details ask for), [`queries`] (what to ask CloudWatch)
//! and [`edge`] (whether a judgement is news).

pub mod ceilings;
pub mod classes;
pub mod dispersion;
pub mod edge;
pub mod enrolment;
pub mod evidence;
pub mod facts;
pub mod guards;
pub mod judgement;
pub mod minutes;
pub mod policy;
pub mod queries;
pub mod reason;

mod judge;
mod sanity;

pub use facts::Facts;
pub use judge::judge;
pub use judgement::{Action, CanaryRecord, Judgement};
pub use policy::Policy;
pub use reason::Reason;

/// A count as a float: exact up to 2^53, more requests than anybody has in a minute.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// A count from arithmetic: the fraction falls off, what is below zero or not a number is zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is what is wanted")]
pub(crate) fn whole(count: f64) -> u64 {
    count as u64
}

/// A share as percent, with as many decimals as a small share needs.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 1.0 => format!("{percent:.3} %"),
        percent if percent < 10.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.1} %"),
    }
}
