//! JSON and what is left of it, read as what scans found.

#![no_main]

tidegate_fuzz::json_texts!(tidegate_fuzz::checks::images::findings);
