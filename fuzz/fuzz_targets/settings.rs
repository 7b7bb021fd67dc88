//! Any text, read as variables of every function.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::enrolment::settings);
