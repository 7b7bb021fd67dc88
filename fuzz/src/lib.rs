//! What the fuzz targets share.
//!
//! - [`checks`]: what has to hold, whatever the text; the tests of the workspace hold the fixtures to it as well
//! - [`mutate`]: JSON, changed so that it stays JSON
//! - [`texts!`](crate::texts), [`json_texts!`](crate::json_texts), [`json_values!`](crate::json_values): a target of a check

pub mod checks;
pub mod mutate;

#[doc(hidden)]
pub use libfuzzer_sys;
#[doc(hidden)]
pub use serde_json;

/// A target that has a check read any text.
#[macro_export]
macro_rules! texts {
    ($check:path) => {
        use $crate::libfuzzer_sys;

        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| -> $crate::libfuzzer_sys::Corpus {
            let Ok(text) = std::str::from_utf8(data) else { return $crate::libfuzzer_sys::Corpus::Reject };
            $check(text);
            $crate::libfuzzer_sys::Corpus::Keep
        });
    };
}

/// A target that has a check read texts which are mostly JSON.
#[macro_export]
macro_rules! json_texts {
    ($check:path) => {
        $crate::texts!($check);
        $crate::changed_as_json!();
    };
}

/// A target that has a check read JSON, of any shape.
#[macro_export]
macro_rules! json_values {
    ($check:path) => {
        use $crate::libfuzzer_sys;

        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| -> $crate::libfuzzer_sys::Corpus {
            let Ok(value) = $crate::serde_json::from_slice(data) else {
                return $crate::libfuzzer_sys::Corpus::Reject;
            };
            $check(&value);
            $crate::libfuzzer_sys::Corpus::Keep
        });
        $crate::changed_as_json!();
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! changed_as_json {
    () => {
        $crate::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate::json(data, size, max_size, seed)
        });
    };
}
