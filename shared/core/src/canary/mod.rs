//! Whether a new version is worse than the old one, judged on live traffic: the decision of `canary-gate` and of
//! `tidegate judge`.
//!
//! [`judge()`] takes [`Facts`], a [`Policy`] and now, and answers with a [`Judgement`].

pub mod enrolment;
pub mod facts;
pub mod judgement;
pub mod policy;
pub mod reason;

pub use facts::Facts;
pub use judgement::{Action, CanaryRecord, Judgement};
pub use policy::Policy;
pub use reason::Reason;
