//! Any text, read as smoke requests, in a tag and in a document.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::deployments::smoke);
