//! What was found, for people and as JSON.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, ColumnConstraint, Table};
use jiff::Timestamp;
use serde::Serialize;
use tidegate_core::hook::judgement::Finding;
use tidegate_core::hook::policy::Level;

use super::checked::Checked;
use crate::text::table;

/// Prints it as a table, what blocks first, with what to do below it.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print(out: &mut impl Write, checked: &Checked) -> Result<()> {
    let judgement = &checked.judgement;
    let (verdict, reason) = (judgement.verdict.as_str().to_uppercase(), judgement.reason.code());
    writeln!(out, "{verdict} ({reason}), {}: {}", checked.name(), judgement.why)?;
    if !judgement.findings.is_empty() {
        writeln!(out, "\n{}", findings(&judgement.findings).trim_fmt())?;
        let lines = to_do(&judgement.findings);
        if !lines.is_empty() {
            writeln!(out, "\nWhat to do:")?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    let unread = checked.facts.unreadable.iter().map(|unreadable| format!("it could not be read: {}", unreadable.why));
    let notes: Vec<String> = unread.chain(checked.notes.iter().cloned()).collect();
    if !notes.is_empty() {
        writeln!(out, "\nNotes:")?;
    }
    notes.iter().try_for_each(|note| writeln!(out, "  {note}"))?;
    Ok(())
}

/// A finding with what its rule says of itself.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    meaning: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    known_as: &'a str,
}

impl<'a> Told<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self { finding, meaning: finding.rule.meaning(), known_as: finding.rule.known_as() }
    }
}

/// Prints it as one line of JSON.
///
/// # Errors
/// Where nothing can be written any more.
pub fn print_json(out: &mut impl Write, checked: &Checked) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        task_definition: &'a str,
        at: Timestamp,
        verdict: &'a str,
        reason: &'a str,
        why: &'a str,
        findings: Vec<Told<'a>>,
        unreadable: Vec<&'a str>,
        notes: &'a [String],
    }
    let judgement = &checked.judgement;
    let line = Line {
        task_definition: checked.name(),
        at: checked.at,
        verdict: judgement.verdict.as_str(),
        reason: judgement.reason.code(),
        why: &judgement.why,
        findings: judgement.findings.iter().map(Told::of).collect(),
        unreadable: checked.facts.unreadable.iter().map(|unreadable| unreadable.why.as_str()).collect(),
        notes: &checked.notes,
    };
    writeln!(out, "{}", serde_json::to_string(&line)?)?;
    Ok(())
}

fn findings(findings: &[Finding]) -> Table {
    let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
    let mut table = table(&["level", "rule", "container", "what"], &rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(CellAlignment::Left);
        // What is typed into a policy is on one line.
        if index < 3 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

fn row(finding: &Finding) -> Vec<String> {
    let level = match finding.level {
        Level::Block if finding.waits.is_some() => "waits",
        Level::Block => "blocks",
        Level::Warn => "warns",
        Level::Off => "off",
    };
    let subject = finding.subject.clone().unwrap_or_default();
    vec![level.to_owned(), finding.rule.code().to_owned(), subject, finding.why.clone()]
}

/// What mends it, once for each rule, with what the rule is known as elsewhere.
fn to_do(findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let known_as = finding.rule.known_as();
        let known_as = if known_as.is_empty() { String::new() } else { format!(" ({known_as})") };
        let line = format!("{}: {fix}{known_as}", finding.rule.code());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tidegate_core::hook::Rule;

    use super::*;

    #[test]
    fn in_a_terminal_of_a_hundred_columns_only_what_was_found_wraps() {
        let why = "in the clear: the variable DB_URL, which looks like a URL with a password, --token in command and the \
                   label deploy.token";
        let secret = Finding::broken(Rule::PlainSecret, why).about("web");
        let size = Finding::broken(Rule::FargateSize, "Fargate has no task with cpu 256 and memory 4096");
        let root = Finding { level: Level::Warn, ..Finding::broken(Rule::RootUser, "user is 0: it runs as root") };
        let mut table = findings(&[size, secret, root.about("xray-daemon")]);
        table.set_width(100);
        expect![[r"
            level   rule          container    what
            ────────────────────────────────────────────────────────────────────────────────────────────────────
            blocks  fargate_size               Fargate has no task with cpu 256 and memory 4096
            blocks  plain_secret  web          in the clear: the variable DB_URL, which looks like a URL with a
                                               password, --token in command and the label deploy.token
            warns   root_user     xray-daemon  user is 0: it runs as root
        "]]
        .assert_eq(&format!("{}\n", table.trim_fmt()));
    }
}
