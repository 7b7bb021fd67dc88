//! A mapping of which every key is known.

use crate::words::nearest;

use super::fault::{Fault, Faults};
use super::tree::{Node, Value, join};
use super::values::meant;

/// The values of a mapping by their keys.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    node: &'n Node,
    entries: &'n [(String, Node)],
}

impl<'n> Fields<'n> {
    /// The fields of a mapping. Every key that is not among the known ones is a fault; so is what is no mapping at all.
    pub(crate) fn of(node: &'n Node, known: &[&str], faults: &mut Faults) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            faults.add(match node.path.as_str() {
                "" => Fault::of_document(node.line, format!("must be a mapping of {}", known.join(", "))),
                _ => node.fault(format!("must be a mapping of {}", known.join(", "))),
            });
            return None;
        };
        for (key, node) in entries.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            faults.add(unknown(node, key, known));
        }
        Some(Self { node, entries })
    }

    /// A value; None where nothing is said.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// A value that has to be there.
    pub(crate) fn need(&self, key: &str) -> Result<&'n Node, Fault> {
        let Node { line, path, .. } = self.node;
        let missing = || Fault { line: *line, path: join(path, key), value: None, rule: "is missing".to_owned() };
        self.get(key).ok_or_else(missing)
    }

    /// All values with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        self.entries.iter().map(|(key, node)| (key.as_str(), node))
    }
}

fn unknown(node: &Node, key: &str, known: &[&str]) -> Fault {
    let hint = match nearest(key, known.iter().copied()) {
        None => format!("; the keys here are {}", known.join(", ")),
        near => meant(near),
    };
    node.about(None, format!("is no known key{hint}"))
}
