//! The policy document: which repositories are enrolled, and by which rules.
//!
//! It is read strictly. Whatever in it is not understood is a [`Fault`] with its line, nothing is skipped, and all faults
//! are told at once. A document with a fault is no document: nothing passes by it.
//!
//! How it is read is in [`crate::yaml`]; here is what it means:
//!
//! - [`values`]: what single values mean
//! - [`rules`]: the rules, for all repositories or anew for some
//! - [`exceptions`]: what is accepted for a while, and breaking the glass

mod exceptions;
mod rules;
mod values;

use jiff::Timestamp;

use crate::mode::Mode;
pub use crate::yaml::Fault;
use crate::yaml::{Faults, Fields, Node, Value, tree};

use super::pattern::Pattern;
use super::policy::Policy;

/// A policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The rules of repositories that are named nowhere below.
    pub rules: Policy,
    /// The rules of those that are.
    pub repositories: Vec<RepositoryRules>,
}

/// The rules of some repositories.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryRules {
    /// Which.
    pub names: Vec<Pattern>,
    /// Their rules, whole: what the entry does not say is as for all others.
    pub policy: Policy,
}

impl Default for Document {
    /// The built-in document, which is that of `version: 1` alone: the rules of [`Policy::default`], and no repository is
    /// enrolled.
    fn default() -> Self {
        Self { rules: Policy { mode: Mode::Off, ..Policy::default() }, repositories: Vec::new() }
    }
}

impl Document {
    /// The policy of a repository: of the first entry that names it, or else of all others. Exceptions and a broken glass
    /// are in each of them.
    #[must_use]
    pub fn policy(&self, repository: &str) -> Policy {
        let names = |entry: &&RepositoryRules| entry.names.iter().any(|name| name.matches(repository));
        self.repositories.iter().find(names).map_or(&self.rules, |entry| &entry.policy).clone()
    }
}

/// Reads a document.
///
/// # Errors
/// Every fault, in the order of their lines. There is no document then.
pub fn read(text: &str, now: Timestamp) -> Result<Document, Vec<Fault>> {
    let mut faults = Faults::default();
    let root = tree(text, EMPTY, &mut faults);
    let document = root.and_then(|root| document(&root, now, &mut faults)).unwrap_or_default();
    faults.finish(text, document)
}

/// What a document has to say at least.
const EMPTY: &str = "must have version: 1 at least";

/// The keys of a document beside those of rules.
const KEYS: [&str; 4] = ["version", "repositories", "exceptions", "break_glass"];

fn document(root: &Node, now: Timestamp, faults: &mut Faults) -> Option<Document> {
    let [version, own @ ..] = KEYS;
    let known = [&[version], rules::KEYS.as_slice(), &own].concat();
    let fields = Fields::of(root, &known, faults)?;
    let version = fields.need(version).and_then(check_version);
    faults.keep(version);
    let mut base = Document::default().rules;
    base.exceptions = fields.get("exceptions").map(|node| exceptions::read(node, faults)).unwrap_or_default();
    base.break_glass = fields.get("break_glass").and_then(|node| exceptions::break_glass(node, now, faults));
    let rules = rules::read(fields, &base, faults);
    let repositories = fields.get("repositories").map(|node| repositories(node, &rules, faults)).unwrap_or_default();
    Some(Document { rules, repositories })
}

fn check_version(node: &Node) -> Result<(), Fault> {
    match &node.value {
        Value::Text { text, plain: true } if text == "1" => Ok(()),
        _ => Err(node.fault("must be 1, without quotes")),
    }
}

fn repositories(node: &Node, base: &Policy, faults: &mut Faults) -> Vec<RepositoryRules> {
    let Value::List(items) = &node.value else {
        faults.add(node.fault("must be a list of repositories with their rules"));
        return Vec::new();
    };
    let known = [&["names"], rules::KEYS.as_slice()].concat();
    let mut read = Vec::new();
    let mut named: Vec<(Pattern, usize)> = Vec::new();
    for item in items {
        let Some(fields) = Fields::of(item, &known, faults) else { continue };
        let policy = rules::read(fields, base, faults);
        let Some(node) = faults.keep(fields.need("names")) else { continue };
        let reached = |node: &Node| reached(node, &named);
        let Some(names) = exceptions::patterns(node, reached, faults) else { continue };
        named.extend(names.iter().map(|name| (name.clone(), node.line)));
        read.push(RepositoryRules { names, policy });
    }
    read
}

/// A name that no entry above has taken already: the first that names a repository has the say.
fn reached(node: &Node, named: &[(Pattern, usize)]) -> Result<Pattern, Fault> {
    let name = values::repository(node)?;
    // A pattern that matches another one to the letter, stars and all, matches whatever that one matches.
    match named.iter().find(|(above, _)| above.matches(name.as_str())) {
        Some((above, line)) => {
            let rule = format!("can't be reached: {:?} in line {line} names it already", above.as_str());
            Err(node.fault(rule))
        }
        None => Ok(name),
    }
}
