//! Any text, read as what a scan found.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use tidegate_fuzz::{checks, mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate::json(data, size, max_size, seed) });

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    checks::findings(text);
    Corpus::Keep
});
