//! Any text, read as traces of a load.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::figures::load);
