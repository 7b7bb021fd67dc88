//! JSON and what is left of it, read as tasks that stopped.

#![no_main]

tidegate_fuzz::json_texts!(tidegate_fuzz::checks::deployments::stopped);
