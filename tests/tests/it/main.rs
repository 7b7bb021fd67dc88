//! Everything that is proved in the local world, in one binary, so that the SDK is linked once.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod binary;
mod canary;
mod documents;
mod scenarios;
mod template;
mod wire;
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;

use cost_scaler::settings::Settings;

/// The variables that the scaler reads, but for the clock, which is the local world's only.
fn variables() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let settings = Settings::read(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert!(settings.is_ok(), "an empty environment will do");
    let mut asked = asked.into_inner();
    asked.remove("TIDEGATE_CLOCK");
    asked
}
