//! How people's documents are read: strictly, every fault told at once, with its line, its value and the rule.
//!
//! - [`mod@tree`]: a text as a tree of keys and values with their lines, without what YAML has beyond that
//! - [`fields`]: a mapping of which every key is known
//! - [`values`]: what single values mean
//! - [`fault`]: what is wrong, and where

mod fault;
mod fields;
mod tree;
pub(crate) mod values;

pub use fault::Fault;
pub(crate) use fault::{Faults, short};
pub(crate) use fields::Fields;
pub(crate) use tree::{Node, Value, tree};
