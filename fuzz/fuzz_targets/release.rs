//! Any text, read as minutes of a release.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::figures::release);
