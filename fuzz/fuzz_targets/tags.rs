//! Any text, read as tags and details of hooks.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::enrolment::tags);
