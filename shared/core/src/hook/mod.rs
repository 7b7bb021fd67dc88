//! Whether a deployment may take its next step: the decision of `deploy-hook` and of `tidegate preflight`.
//!
//! [`judge()`] takes [`Facts`], a [`Policy`] and now, and answers with a [`Judgement`]. It is made of:
//!
//! - [`stage`]: the stages, and the table of what is looked at in each
//! - [`rule`]: every rule there is
//! - [`checks`]: the rules themselves, each a pure function of the facts
//! - [`reason`]: every other reason
//! - [`tell`]: what people read

pub mod checks;
pub mod enrolment;
pub mod facts;
mod judge;
pub mod judgement;
pub mod policy;
pub mod reason;
pub mod rule;
pub mod stage;
pub mod tell;

pub use facts::Facts;
pub use judge::{LOOK_AGAIN_S, judge, plain};
pub use judgement::{Action, Finding, HookRecord, Judgement};
pub use policy::Policy;
pub use reason::{Other, Reason};
pub use rule::Rule;
pub use stage::{Check, Stage};
