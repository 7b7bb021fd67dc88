//! Whether an image may run: the decision of `scan-gate`, of `deploy-hook` and of `tidegate scan`.
//!
//! [`judge()`] takes [`Facts`], a [`Policy`] and now, and answers with a [`Judgement`]. It is made of:
//!
//! - [`standing`]: what ECR's word for a scan means, a small machine of states
//! - [`weigh`]: whether one finding blocks, and what accepts it
//! - [`reason`]: every reason code there is
//!
//! Beside the judgement stand [`document`] (the policy document, read strictly), [`enrolment`] (what the tags of a
//! service ask for), [`image_name`] (what an image is called), [`manifest`] (what an index is made of), [`news`] (whether
//! a judgement is news), [`condense`] (facts that fit into a log line) and [`tell`] (what people read).

pub mod condense;
pub mod document;
pub mod enrolment;
pub mod facts;
pub mod finding;
pub mod image_name;
mod judge;
pub mod judgement;
pub mod manifest;
pub mod news;
pub mod pattern;
pub mod policy;
pub mod reason;
pub mod standing;
pub mod tell;
pub mod weigh;

pub use facts::Facts;
pub use judge::{judge, plain};
pub use judgement::{Action, Judgement, ScanRecord, Step};
pub use policy::Policy;
pub use reason::Reason;
