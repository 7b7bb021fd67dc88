//! What matters in a message: the name of the image, the secret or the log group that it is about.

/// Longest text of AWS that a sentence takes in; all of it stands beside the sentence.
const MOST: usize = 300;

/// Values by the names that the texts of [`super::Class`] have for them.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(&'static str, String)>);

impl Values {
    /// With one more value, on one line as the sentence that takes it in; an empty one is none. The first of a name
    /// counts.
    pub(super) fn with(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        let value = value.map(|value| value.into().replace(char::is_control, " "));
        self.0.extend(value.map(|value| (name, value)).filter(|(_, value)| !value.is_empty()));
        self
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// What can be read from a message of AWS.
    pub(super) fn of(said: &str) -> Self {
        let subnet =
            after(said, "subnet '").or_else(|| word_with(said, "subnet-")).map(|name| format!("subnet {name}"));
        Self::default()
            .with("said", Some(shortened(said)))
            .with("image", image(said))
            .with("secret", secret(said))
            .with("action", after(said, "not authorized to perform: "))
            .with("log_group", after(said, ":log-group:").or_else(|| after(said, "log group ").and_then(named)))
            .with("file_system", word_with(said, "fs-"))
            .with("subnet", subnet)
            .with("resource", resource(said))
            .with("role", after(said, "assume the role '").or_else(|| word_with(said, ":role/")))
            .with("target_group", after(said, "target-group ").map(|name| format!(" in {}", last_of_arn(name))))
            .with("codes", codes(said))
            .with("answered", codes(said).map(|codes| format!(", which answered {codes}")))
    }
}

/// A text with its values, or the words that stand for those that nobody knows.
pub(super) fn filled(text: &str, values: &Values) -> String {
    let mut parts = text.split('{');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').unwrap_or((part, ""));
        let (name, words) = place.split_once('|').unwrap_or((place, ""));
        all.push_str(values.get(name).unwrap_or(words));
        all.push_str(rest);
    }
    all
}

fn shortened(said: &str) -> String {
    match said.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", said.get(..at).unwrap_or_default()),
        None => said.to_owned(),
    }
}

/// The word that follows.
fn after<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(what)?;
    let rest = rest.trim_start_matches(is_quote);
    let ends = |c: char| c.is_whitespace() || is_quote(c) || matches!(c, ')' | ',' | ';');
    // An ARN of a log stream goes on behind its log group.
    let end = |c: char| ends(c) || (what == ":log-group:" && c == ':');
    let word = rest.split(end).next()?.trim_end_matches([':', '.']);
    (!word.is_empty()).then_some(word)
}

/// A word that is a name and no part of a sentence.
fn named(word: &str) -> Option<&str> {
    word.contains(['/', '-', '_']).then_some(word)
}

/// The first word with this in it.
fn word_with<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    let mut words = text.split(|c: char| c.is_whitespace() || is_quote(c) || matches!(c, '(' | ')' | ',' | '[' | ']'));
    let word = words.find(|word| word.contains(what))?;
    Some(word.trim_end_matches([':', '.', ';']))
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '‘' | '’' | '“' | '”')
}

fn image(said: &str) -> Option<&str> {
    // A friendly message has it in quotes, that of the runtime behind `ref`.
    let quoted =
        after(said, "cannot pull ").or_else(|| after(said, "can't pull ")).or_else(|| after(said, "can’t pull "));
    let quoted = quoted.filter(|_| said.contains("from the Amazon ECR repository"));
    let named = after(said, "failed to resolve ref ").or_else(|| after(said, "failed to pull image "));
    quoted.or_else(|| named.filter(|word| word.contains(['/', ':', '.'])))
}

fn secret(said: &str) -> Option<&str> {
    let arn = word_with(said, ":secretsmanager:").or_else(|| word_with(said, ":ssm:"));
    let arn = arn.filter(|word| word.starts_with("arn:"));
    // An error of Systems Manager has names, and those of more than one.
    arn.or_else(|| after(said, "invalid parameters: ")).or_else(|| after(said, "InvalidParameters: "))
}

/// What follows `RESOURCE:`, in words.
fn resource(said: &str) -> Option<String> {
    let word = |(_, rest): (&str, &str)| {
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
    };
    if let Some(named) = said.split_once("RESOURCE:").map(word) {
        return Some(match named.as_str() {
            "CPU" | "GPU" => named,
            "MEMORY" => "memory".to_owned(),
            "FARGATE" => "Fargate capacity".to_owned(),
            other => format!("{other} (RESOURCE:{other})"),
        });
    }
    let lower = said.to_lowercase();
    let known = [
        ("insufficient cpu", "CPU"),
        ("insufficient memory", "memory"),
        ("insufficient gpu", "GPU"),
        ("fargate_spot", "Fargate Spot capacity"),
        ("spot capacity", "Spot capacity"),
        ("capacity is unavailable", "Fargate capacity"),
    ];
    known.iter().find(|(text, _)| lower.contains(text)).map(|(_, words)| (*words).to_owned())
}

/// Status codes, as in `with these codes: [502]`.
fn codes(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("codes: [")?;
    let (codes, _) = rest.split_once(']')?;
    Some(codes.to_owned())
}

fn last_of_arn(name: &str) -> &str {
    // arn:aws:elasticloadbalancing:region:account:targetgroup/name/id
    match name.split_once(":targetgroup/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => name,
    }
}
