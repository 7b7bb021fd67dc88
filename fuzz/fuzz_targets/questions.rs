//! JSON and what is left of it, read as questions to the decisions.

#![no_main]

tidegate_fuzz::json_texts!(tidegate_fuzz::checks::records::questions);
