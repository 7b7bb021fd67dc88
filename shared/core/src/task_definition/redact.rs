//! A task definition that may be told: no value of which could be a secret, and the rules find the same in it.

use std::collections::{BTreeMap, BTreeSet};

use super::looks::{Look, is_secret_by_name, names_secret};
use super::{Container, TaskDefinition};

/// Log options that are no secrets and that are told as they are.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html>
const PLAIN_OPTIONS: [&str; 6] = ["mode", "max-buffer-size", "max-size", "max-file", "Name", "region"];

/// Whether a log option is told as it is.
#[must_use]
pub fn is_plain_option(name: &str) -> bool {
    name.starts_with("awslogs-") || PLAIN_OPTIONS.contains(&name)
}

/// Why something in a command is a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// It is named so.
    Named(String),
    /// It looks like one.
    Looks(Look),
}

impl TaskDefinition {
    /// The same with words in place of whatever could be a secret: values of variables and labels, words of commands, and
    /// log options that are not known to be plain. What rules find in it is what they find in the original.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        self.container_definitions.iter_mut().for_each(redact);
        self
    }
}

fn redact(container: &mut Container) {
    for variable in &mut container.environment {
        variable.value = value(&variable.value);
    }
    container.docker_labels.values_mut().for_each(|own| *own = value(own));
    for words in [&mut container.command, &mut container.entry_point] {
        *words = command(words).1;
    }
    if let Some(check) = &mut container.health_check {
        check.command = command(&check.command).1;
    }
    let options = container.log_configuration.as_mut().map(|logs| &mut logs.options);
    let options: &mut BTreeMap<String, String> = match options {
        Some(options) => options,
        None => return,
    };
    for (_, own) in options.iter_mut().filter(|(name, _)| !is_plain_option(name)) {
        *own = value(own);
    }
}

/// What stands in for a value.
fn value(text: &str) -> String {
    let secrets = Look::secrets_in(text);
    if secrets.is_empty() { Look::of(text).word().to_owned() } else { joined(&secrets) }
}

fn joined(secrets: &BTreeSet<Look>) -> String {
    secrets.iter().map(|look| look.word()).collect::<Vec<_>>().join(" ")
}

/// The secrets in a command, and the command with words in place of its own. Options and assignments whose names say that
/// they are secret keep their names.
#[must_use]
pub fn command(words: &[String]) -> (BTreeSet<Secret>, Vec<String>) {
    let mut found = BTreeSet::new();
    // The option whose value is the next piece, perhaps in the next word.
    let mut option: Option<String> = None;
    let told = words.iter().map(|word| {
        let secrets = Look::secrets_in(word);
        found.extend(secrets.iter().copied().map(Secret::Looks));
        let mut pieces: Vec<String> = Vec::new();
        for piece in word.split_whitespace().filter(|piece| !is_stand_in(piece)) {
            let piece = piece.trim_matches(['"', '\'']);
            if let Some(name) = option.take().filter(|_| !piece.starts_with('-')) {
                if is_secret_by_name(&name, piece) {
                    found.insert(Secret::Named(name));
                }
                pieces.push(stand_in(piece));
            } else if let Some((name, value)) = assignment(piece) {
                if is_secret_by_name(name.trim_start_matches('-'), value) {
                    found.insert(Secret::Named(name.to_owned()));
                }
                pieces.push(format!("{name}={}", Look::of(value).word()));
            } else if piece.starts_with('-') && is_name(piece) && names_secret(piece) {
                option = Some(piece.to_owned());
                pieces.push(piece.to_owned());
            } else {
                pieces.push(stand_in(piece));
            }
        }
        pieces.extend(secrets.iter().map(|look| look.word().to_owned()));
        pieces.join(" ")
    });
    let told = told.collect();
    (found, told)
}

fn is_stand_in(piece: &str) -> bool {
    Look::ALL.iter().any(|look| look.is_secret() && look.word() == piece)
}

/// `name=value`, where the name says that the value is a secret.
fn assignment(piece: &str) -> Option<(&str, &str)> {
    let (name, value) = piece.split_once('=')?;
    let value = value.trim_matches(['"', '\'']);
    (is_name(name) && names_secret(name)).then_some((name, value))
}

/// Whether it can be told: nothing but a name, and not the secret itself.
fn is_name(text: &str) -> bool {
    let letters = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.');
    text.bytes().all(letters) && Look::secrets_in(text).is_empty()
}

/// A piece stays a piece, and an option an option.
fn stand_in(piece: &str) -> String {
    match Look::of(piece) {
        Look::Empty => "''".to_owned(),
        _ if piece.starts_with('-') => "-".to_owned(),
        look => look.word().to_owned(),
    }
}
