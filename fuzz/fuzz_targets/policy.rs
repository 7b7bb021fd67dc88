//! Any text, read as a policy document.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use tidegate_fuzz::checks;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    checks::policy(text);
    Corpus::Keep
});
