//! Any text, read as policy documents.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::images::policy);
