//! Any text, read as AppSpecs.

#![no_main]

tidegate_fuzz::texts!(tidegate_fuzz::checks::deployments::app_spec);
