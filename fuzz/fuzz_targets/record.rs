//! JSON and what is left of it, read as decision records.

#![no_main]

tidegate_fuzz::json_texts!(tidegate_fuzz::checks::records::record);
