//! How counts are told.

/// A count with its noun, whose plural ends in s.
///
/// ```
/// use tidegate_core::words::counted;
/// assert_eq!([counted(1_u32, "task"), counted(0_u32, "task")], ["1 task", "0 tasks"]);
/// ```
#[must_use]
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
