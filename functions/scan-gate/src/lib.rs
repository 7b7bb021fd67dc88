//! scan-gate: whether an image may run, judged on what its scans found.
//!
//! An event is read ([`event`]), and what the events of a batch are about is collapsed ([`work`]): images, tasks,
//! deployments. What a deployment brings is told ([`brings`]), each image is looked at once and judged ([`look`], which
//! asks [`tidegate_core::scan`]), and about a blocked one is done what its modes allow: its deployments are stopped
//! ([`act`]), and where nobody needs it ([`in_use`]) it is put out of reach ([`quarantine`], [`archive`]). Everything is
//! reported
//! ([`report`]) and printed ([`log`]). [`handler`] is the doors and [`run`] the order of these; [`settings`] is the
//! environment.

pub mod act;
pub mod archive;
pub mod brings;
pub mod event;
pub mod handler;
pub mod in_use;
pub mod log;
pub mod look;
pub mod quarantine;
pub mod report;
pub mod run;
pub mod settings;
pub mod work;
