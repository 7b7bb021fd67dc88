//! JSON and what is left of it, read as task definitions.

#![no_main]

tidegate_fuzz::json_texts!(tidegate_fuzz::checks::deployments::definition);
