//! Fields that say nothing: left out of records, and missing or null in what AWS writes.

use serde::{Deserialize, Deserializer};

/// Whether a field is what it would be were it left out; for `#[serde(skip_serializing_if)]`.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Null is the default, as a missing field is; for `#[serde(deserialize_with)]`.
pub(crate) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
