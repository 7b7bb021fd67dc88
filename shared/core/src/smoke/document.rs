//! The long form: a list of requests in YAML, as an SSM parameter holds it.

use std::collections::BTreeMap;

use crate::yaml::values::letters;
use crate::yaml::{Fault, Faults, Fields, Node, Value, tree};

use super::parts;
use super::request::{Expected, Request};

/// More requests than this are a test of their own, and would outlast the hook.
pub const MOST_REQUESTS: usize = 10;

/// A body that is sent is at most this long, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

const KEYS: [&str; 6] = ["method", "path", "host", "headers", "body", "expect"];

const RULE: &str = "must be a list of requests, each with a method and a path at least";

/// Reads the requests.
///
/// # Errors
/// Every fault, in the order of their lines. There are no requests then.
pub fn read_document(text: &str) -> Result<Vec<Request>, Vec<Fault>> {
    let mut faults = Faults::default();
    let root = tree(text, RULE, &mut faults);
    let requests = root.map(|root| requests(&root, &mut faults)).unwrap_or_default();
    faults.finish(text, requests)
}

fn requests(root: &Node, faults: &mut Faults) -> Vec<Request> {
    match &root.value {
        Value::List(items) if items.len() > MOST_REQUESTS => {
            let count = items.len();
            faults.add(root.about(None, format!("has {count} requests: must have at most {MOST_REQUESTS}")));
            Vec::new()
        }
        Value::List(items) if !items.is_empty() => items.iter().filter_map(|item| request(item, faults)).collect(),
        _ => {
            faults.add(root.about(None, RULE));
            Vec::new()
        }
    }
}

fn request(node: &Node, faults: &mut Faults) -> Option<Request> {
    let fields = Fields::of(node, &KEYS, faults)?;
    let method = faults.keep(fields.need("method").and_then(|node| part(node, parts::method)));
    let path = faults.keep(fields.need("path").and_then(|node| part(node, parts::path)));
    let host = fields.get("host").and_then(|node| faults.keep(part(node, parts::host)));
    let headers = fields.get("headers").map(|node| headers(node, faults)).unwrap_or_default();
    let body = fields.get("body").and_then(|node| faults.keep(body(node)));
    let bodiless = method.as_deref() == Some("HEAD");
    let expected = fields.get("expect").and_then(|node| expected(node, bodiless, faults)).unwrap_or_default();
    Some(Request { method: method?, path: path?, host, headers, body, expected })
}

fn headers(node: &Node, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    let Value::Mapping(entries) = &node.value else {
        faults.add(node.fault("must be a mapping of headers to their values"));
        return read;
    };
    for (name, node) in entries {
        let name = faults.keep(parts::header_name(name).map_err(|rule| node.about(None, rule)));
        let value = faults.keep(part(node, parts::header_value));
        let (Some(name), Some(value)) = (name, value) else { continue };
        if read.insert(name, value).is_some() {
            faults.add(node.about(None, "differs from another header in its case only: must be said once"));
        }
    }
    read
}

fn body(node: &Node) -> Result<String, Fault> {
    let text = letters(node, "must be a text; put JSON in quotes, or below a |")?;
    if text.len() > LONGEST_BODY {
        return Err(node.fault(format!("must be at most {LONGEST_BODY} bytes long")));
    }
    Ok(text.to_owned())
}

fn expected(node: &Node, bodiless: bool, faults: &mut Faults) -> Option<Expected> {
    let fields = Fields::of(node, &["status", "within", "text", "json"], faults)?;
    let mut expected = Expected::default();
    faults.set(&mut expected.status, fields.get("status").map(|node| part(node, parts::status)));
    faults.set(&mut expected.within_ms, fields.get("within").map(|node| part(node, parts::within)));
    expected.text = fields.get("text").and_then(|node| faults.keep(value(node).map(str::to_owned)));
    if let Some(node) = fields.get("json") {
        expected.json = json(node, faults);
    }
    for node in ["text", "json"].iter().filter_map(|key| fields.get(key)).filter(|_| bodiless) {
        faults.add(node.about(None, "can't be kept: a HEAD is answered without a body"));
    }
    Some(expected)
}

fn json(node: &Node, faults: &mut Faults) -> BTreeMap<String, String> {
    let Value::Mapping(entries) = &node.value else {
        faults.add(node.fault("must be a mapping of JSON pointers to values, such as /status: ok"));
        return BTreeMap::new();
    };
    let entry = |(pointer, node): &(String, Node), faults: &mut Faults| {
        let pointer = faults.keep(parts::pointer(pointer).map_err(|rule| node.about(None, rule)));
        let value = faults.keep(value(node));
        Some((pointer?, value?.to_owned()))
    };
    entries.iter().filter_map(|one| entry(one, faults)).collect()
}

/// A text to compare with: what stands there, in quotes or not.
fn value(node: &Node) -> Result<&str, Fault> {
    let rule = "must be a text to compare with";
    match letters(node, rule)? {
        "" => Err(node.fault(rule)),
        text => Ok(text),
    }
}

fn part<T>(node: &Node, read: fn(&str) -> Result<T, String>) -> Result<T, Fault> {
    letters(node, "must be a text").and_then(|text| read(text).map_err(|rule| node.fault(rule)))
}
