//! What people read of a judgement: one sentence, a message, and the exception to paste.

use jiff::{SignedDuration, Timestamp};

use crate::verdict::Verdict;

use super::facts::{Facts, Image};
use super::finding::Package;
use super::judge::{by_severity, findings};
use super::judgement::{Blocking, Judgement};

/// Findings that a message names; the rest is counted.
const MOST: usize = 20;

/// Findings that a sentence names.
const IN_A_SENTENCE: usize = 2;

/// How long an exception is proposed for.
const PROPOSED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What blocks, as in `2 findings that block: CVE-... (...) and CVE-... (...)`.
pub(super) fn blocked(blocking: &[Blocking]) -> String {
    let named: Vec<String> = blocking.iter().take(IN_A_SENTENCE).map(in_short).collect();
    let more = blocking.len().saturating_sub(IN_A_SENTENCE);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let verb = if blocking.len() == 1 { "blocks" } else { "block" };
    format!("{} that {verb}: {}{more}", findings(blocking.len()), named.join(", "))
}

/// What else there is, as in `; 3 are accepted; found in all: 1 CRITICAL, 5 LOW`.
pub(super) fn others(judgement: &Judgement) -> String {
    let accepted = match judgement.accepted.len() {
        0 => String::new(),
        1 => "; 1 finding that would block is accepted".to_owned(),
        more => format!("; {more} findings that would block are accepted"),
    };
    let all = if judgement.found.is_empty() {
        String::new()
    } else {
        format!("; found in all: {}", by_severity(&judgement.found))
    };
    format!("{accepted}{all}")
}

fn in_short(blocking: &Blocking) -> String {
    let packages: Vec<String> = blocking.packages.iter().map(package).collect();
    let packages = if packages.is_empty() { String::new() } else { format!(", {}", packages.join(", ")) };
    format!("{} ({}{packages})", blocking.id, blocking.severity.as_str())
}

/// `openssl 3.0.1, fixed in 3.0.2`.
#[must_use]
pub fn package(package: &Package) -> String {
    let installed = package.installed.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let fixed = package.fixed.as_ref().map_or_else(String::new, |version| format!(", fixed in {version}"));
    format!("{}{installed}{fixed}", package.name)
}

/// A judgement over several lines: what was judged, each finding that blocks with its packages, what was done about it,
/// and the exceptions to paste.
#[must_use]
pub fn message(facts: &Facts, judgement: &Judgement, done: &[String], now: Timestamp) -> String {
    let mut lines = vec![judgement.why.clone()];
    let tags = facts.image.tags.join(", ");
    let tags = if tags.is_empty() { String::new() } else { format!(", tagged {tags}") };
    lines.push(format!("  image {}/{}{tags}", facts.image.registry, facts.image.id()));
    for blocking in judgement.blocking.iter().take(MOST) {
        lines.push(format!("  {} {}: {}", blocking.severity.as_str(), blocking.id, blocking.why));
        lines.extend(blocking.packages.iter().map(|found| format!("    {}{}", package(found), where_it_is(found))));
        if facts.platforms.len() > 1 {
            lines.push(format!("    on {}", blocking.platforms.join(", ")));
        }
        lines.extend(blocking.url.iter().map(|url| format!("    {url}")));
    }
    let more = judgement.blocking.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
        .extend(judgement.warnings.iter().filter(|warning| **warning != judgement.why).map(|w| format!("  also: {w}")));
    lines.extend(
        judgement
            .stale_exceptions
            .iter()
            .map(|stale| format!("  the exception for {} accepts nothing any more: {}", stale.id, stale.why)),
    );
    lines.extend(done.iter().map(|line| format!("  {line}")));
    if judgement.verdict == Verdict::Fail && !judgement.blocking.is_empty() {
        lines.push("To accept this for a while, add to the exceptions of the policy, with a reason:".to_owned());
        lines.push(exceptions(&facts.image, &judgement.blocking, now));
    }
    lines.join("\n")
}

fn where_it_is(package: &Package) -> String {
    let path = package.path.as_ref().map(|path| format!(" in {path}"));
    let layer = package.layer.as_ref().map(|layer| format!(" (layer {})", layer.get(..19).unwrap_or(layer)));
    [path, layer].into_iter().flatten().collect()
}

/// The exceptions that would accept what blocks, as the policy document has them. Their reason is for a person to give:
/// without one the document is refused.
#[must_use]
pub fn exceptions(image: &Image, blocking: &[Blocking], now: Timestamp) -> String {
    // A date counts through its end.
    let until = (now + PROPOSED).strftime("%Y-%m-%d").to_string();
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let one = |blocking: &Blocking| {
        let mut names: Vec<String> = blocking.packages.iter().map(|package| quoted(&package.name)).collect();
        names.dedup();
        let packages = if names.is_empty() { String::new() } else { format!("\n  packages: [{}]", names.join(", ")) };
        format!(
            "- id: {}\n  repositories: [{}]{packages}\n  until: {until}\n  reason: \"\"",
            blocking.id,
            quoted(&image.repository)
        )
    };
    blocking.iter().take(MOST).map(one).collect::<Vec<_>>().join("\n")
}
