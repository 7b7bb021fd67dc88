//! How counts are told, and what somebody may have meant.

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

/// Faults in one sentence.
///
/// ```
/// use tidegate_core::words::faults;
/// assert_eq!(faults(&["a is 1", "b is 2"]), "a is 1; b is 2");
/// ```
#[must_use]
pub fn faults(faults: &[impl ToString]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The share of its letters that a name has to have in common for "did you mean".
const ALIKE: f64 = 0.6;

/// The known name that an unknown one is nearest to; None where it is like none of them.
///
/// ```
/// use tidegate_core::words::nearest;
/// assert_eq!(["mx", "banana"].map(|name| nearest(name, ["min", "max"])), [Some("max"), None]);
/// ```
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.into_iter().map(|known| (strsim::normalized_damerau_levenshtein(known, name), known));
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike >= ALIKE).map(|(_, known)| known)
}
