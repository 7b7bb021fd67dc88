//! What is accepted for a while, and breaking the glass.

use jiff::Timestamp;

use crate::break_glass::BreakGlass;
use crate::yaml::{Fault, Faults, Fields, Node, Value};

use super::super::pattern::Pattern;
use super::super::policy::Exception;
use super::values;

const KEYS: [&str; 6] = ["id", "repositories", "packages", "until", "only_while_unfixed", "reason"];

/// The exceptions of a document.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Vec<Exception> {
    let Value::List(items) = &node.value else {
        faults.add(node.fault("must be a list of exceptions"));
        return Vec::new();
    };
    let mut read: Vec<(Exception, usize)> = Vec::new();
    for item in items {
        let Some(exception) = exception(item, faults) else { continue };
        match read.iter().find(|(other, _)| same(other, &exception)) {
            Some((_, line)) => {
                let rule = format!("accepts the same as the one in line {line}: must be said once");
                faults.add(item.about(None, rule));
            }
            None => read.push((exception, item.line)),
        }
    }
    read.into_iter().map(|(exception, _)| exception).collect()
}

fn exception(node: &Node, faults: &mut Faults) -> Option<Exception> {
    let fields = Fields::of(node, &KEYS, faults)?;
    let id = faults.keep(fields.need("id").and_then(values::vulnerability));
    let mut names = |key, read: fn(&Node) -> Result<Pattern, Fault>| match fields.get(key) {
        Some(node) => patterns(node, read, faults),
        None => Some(Vec::new()),
    };
    let repositories = names("repositories", values::repository);
    let packages = names("packages", values::package);
    let until = faults.keep(fields.need("until").and_then(values::until));
    let mut only_while_unfixed = false;
    faults.set(&mut only_while_unfixed, fields.get("only_while_unfixed").map(values::truth));
    let reason = faults.keep(fields.need("reason").and_then(values::reason));
    Some(Exception {
        id: id?.to_owned(),
        repositories: repositories?,
        packages: packages?,
        until: until?,
        only_while_unfixed,
        reason: reason?.to_owned(),
    })
}

/// Names and patterns of names. An empty list is a fault: it might mean all of them as well as none.
pub(super) fn patterns(
    node: &Node,
    read: impl Fn(&Node) -> Result<Pattern, Fault>,
    faults: &mut Faults,
) -> Option<Vec<Pattern>> {
    let items = faults.keep(values::list(node))?;
    let read: Vec<Option<Pattern>> = items.iter().map(|item| faults.keep(read(item))).collect();
    read.into_iter().collect()
}

/// Whether two exceptions accept the same, so that only one of them can be meant.
fn same(one: &Exception, other: &Exception) -> bool {
    let sorted = |patterns: &[Pattern]| {
        let mut patterns = patterns.to_vec();
        patterns.sort();
        patterns
    };
    let of = |exception: &Exception| (sorted(&exception.repositories), sorted(&exception.packages));
    one.id == other.id && of(one) == of(other)
}

/// Breaking the glass, for all repositories.
pub(super) fn break_glass(node: &Node, now: Timestamp, faults: &mut Faults) -> Option<BreakGlass> {
    let fields = Fields::of(node, &["until", "reason"], faults)?;
    let reason = faults.keep(fields.need("reason").and_then(values::reason));
    let until = fields.need("until").and_then(|node| Ok((node, values::moment(node)?)));
    let (node, until) = faults.keep(until)?;
    let broken = BreakGlass::until(until, reason?, now).map_err(|rule| node.fault(rule));
    faults.keep(broken)
}
