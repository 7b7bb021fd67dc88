//! Any JSON, read as an event by every function.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use tidegate_fuzz::{checks, mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate::json(data, size, max_size, seed) });

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(event) = serde_json::from_slice(data) else { return Corpus::Reject };
    checks::events(&event);
    Corpus::Keep
});
