//! A text as a tree of keys and values, each with its line: the part of YAML that our documents need, and no more.
//!
//! It is made of the parser's events rather than of its values: those have lost anchors and aliases (by which a few lines
//! can stand for gigabytes) and what was quoted.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::fault::{Fault, Faults, short, shown};

/// A document is at most this long, in bytes. Parameter Store takes a sixteenth of it.
pub(crate) const LONGEST: usize = 64 * 1024;

/// What is in more lists and mappings than this is none of ours.
const DEEPEST: usize = 12;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    /// The line of its key, or of itself where it has none.
    pub(crate) line: usize,
    /// Such as `thresholds.fixable`; empty for the document itself.
    pub(crate) path: String,
    /// What it is.
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Value {
    /// Letters, and whether they stand there without quotes.
    Text { text: String, plain: bool },
    /// Values in their order.
    List(Vec<Node>),
    /// Values by their keys, each once, in their order.
    Mapping(Vec<(String, Node)>),
    /// An alias of something else.
    Alias,
}

impl Node {
    /// A fault of this value.
    pub(crate) fn fault(&self, rule: impl Into<String>) -> Fault {
        let value = match &self.value {
            Value::Text { text, plain: true } if text.is_empty() => "empty".to_owned(),
            Value::Text { text, .. } => shown(text),
            Value::List(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
            Value::Alias => "an alias".to_owned(),
        };
        self.about(Some(value), rule)
    }

    /// A fault of this place, whatever the value is.
    pub(crate) fn about(&self, value: Option<String>, rule: impl Into<String>) -> Fault {
        Fault { line: self.line, path: self.path.clone(), value, rule: rule.into() }
    }
}

/// The tree of a text; None where the faults say that there is none. For an empty one they say what it has to have.
pub(crate) fn tree(text: &str, least: &str, faults: &mut Faults) -> Option<Node> {
    let read =
        check(text, least).and_then(|()| Reader { parser: Parser::new_from_str(text), least, faults }.document());
    faults.keep(read)
}

/// What the parser would not see.
fn check(text: &str, least: &str) -> Result<(), Fault> {
    if text.len() > LONGEST {
        return Err(Fault::of_document(1, format!("has {} bytes: must be at most {LONGEST}", text.len())));
    }
    let mut content = 0;
    for (line, text) in (1..).zip(text.split('\n')) {
        // YAML has no control characters, and the parser takes some of them for the end.
        let control = |letter: &char| letter.is_control() && !matches!(letter, '\t' | '\r' | '\u{85}');
        if let Some(letter) = text.chars().find(control) {
            return Err(Fault::of_document(line, format!("has the control character {}", letter.escape_unicode())));
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        if content == 0 && !text.is_empty() && !text.starts_with('#') {
            content = line;
            // The parser keeps them to itself, and one may say that `on` is a boolean.
            if text.starts_with('%') {
                return Err(Fault::of_document(line, format!("has the directive {}: must have none", shown(text))));
            }
        }
    }
    if content == 0 { Err(Fault::of_document(1, format!("is empty: {least}"))) } else { Ok(()) }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    least: &'a str,
    faults: &'a mut Faults,
}

impl<'a> Reader<'a> {
    /// The only document of the text.
    fn document(mut self) -> Result<Node, Fault> {
        let mut root = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, span) => {
                    return root.ok_or_else(|| Fault::of_document(line(span), format!("is empty: {}", self.least)));
                }
                (Event::DocumentStart(_), span) if root.is_some() => {
                    return Err(Fault::of_document(line(span), "has another one behind it: must be one only"));
                }
                (Event::DocumentStart(_), _) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, line(span), String::new(), 1)?);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        let broken =
            |error: &ScanError| Fault::of_document(error.marker().line(), format!("is no YAML: {}", error.info()));
        match self.parser.next_event() {
            Some(event) => event.map_err(|error| broken(&error)),
            None => Err(Fault::of_document(1, "ends too early")),
        }
    }

    /// The value that begins with an event.
    fn node(&mut self, event: Event<'a>, line: usize, path: String, depth: usize) -> Result<Node, Fault> {
        if depth > DEEPEST {
            return Err(Fault::of_document(line, format!("is too deep: must have at most {DEEPEST} levels")));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) | Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.as_ref())
            }
            _ => (0, None),
        };
        let tag = tag.map(|tag| short(&format!("{}{}", tag.handle, tag.suffix)));
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Text { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => self.list(&path, depth)?,
            Event::MappingStart(..) => self.mapping(&path, depth)?,
            _ => Value::Alias,
        };
        let node = Node { line, path, value };
        if matches!(node.value, Value::Alias) {
            self.faults.add(node.fault("aliases are not taken; write it out"));
        } else if anchor != 0 {
            self.faults.add(node.about(None, "has an anchor, which is not taken; write it out where it is used"));
        } else if let Some(tag) = tag {
            self.faults.add(node.about(None, format!("has the tag {tag:?}, which is not taken; leave it out")));
        }
        Ok(node)
    }

    fn list(&mut self, path: &str, depth: usize) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => {
                    let place = format!("{path}[{}]", items.len());
                    items.push(self.node(event, line(span), place, depth + 1)?);
                }
            }
        }
    }

    fn mapping(&mut self, path: &str, depth: usize) -> Result<Value, Fault> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (key, at) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Mapping(entries)),
                (event, span) => (self.node(event, line(span), join(path, "?"), depth + 1)?, line(span)),
            };
            let (event, _) = self.next()?;
            let Value::Text { text: name, .. } = key.value else {
                self.node(event, at, key.path.clone(), depth + 1)?;
                self.faults.add(key.fault("a key must be a word"));
                continue;
            };
            let node = self.node(event, at, join(path, &name), depth + 1)?;
            match entries.iter().find(|(other, _)| *other == name) {
                Some((_, first)) => {
                    let rule = format!("stands in line {} already: must be said once", first.line);
                    self.faults.add(node.about(None, rule));
                }
                None => entries.push((name, node)),
            }
        }
    }
}

/// A path, one key longer.
pub(crate) fn join(path: &str, key: &str) -> String {
    let key = short(key).escape_debug().to_string();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn line(span: Span) -> usize {
    span.start.line()
}
