//! What the fuzz targets share.
//!
//! - [`checks`]: what has to hold, whatever the text; the tests of the workspace hold the fixtures to it as well
//! - [`mutate`]: JSON, changed so that it stays JSON

pub mod checks;
pub mod mutate;
