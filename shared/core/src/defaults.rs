//! Fields that records leave out where they say nothing.

/// Whether a field is what it would be were it left out; for `#[serde(skip_serializing_if)]`.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
