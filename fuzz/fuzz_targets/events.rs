//! Any JSON, read as an event by every function.

#![no_main]

tidegate_fuzz::json_values!(tidegate_fuzz::checks::events::events);
