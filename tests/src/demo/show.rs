//! What the demo prints of the day, and its page with the pictures.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::Value;
use tidegate::report::{Chart, Mark, Page, Section, Series, Style, Summary, Table};
use tidegate::text::{percent, table, usd};
use tidegate_core::prices::{AS_OF, Architecture, Prices, Purchase, TaskSize};

use super::cast::{Expectation, MIDNIGHT};
use super::day::{Day, Part};
use super::push::Push;
use super::release::Release;
use super::{scans, verdicts};
use crate::world::REGION;

/// A service's changes are printed as far as they fit on a screen: the first ones, and the last.
const CHANGES_SHOWN: usize = 6;

/// As wide as a terminal that is set up for more than letters.
const COLUMNS: usize = 100;

/// What one task costs for an hour: every service of the demo has the same size.
fn task_hour_usd() -> f64 {
    let size = TaskSize { cpu_units: 1024, memory_mib: 2048, storage_gib: 0, architecture: Architecture::X86_64 };
    Prices::new(REGION, Vec::new()).task_hour_usd(&size, Purchase::OnDemand).expect("the region is in the table")
}

/// Prints the day.
///
/// # Errors
/// Where it can't be written.
pub fn print(out: &mut impl Write, day: &Day) -> io::Result<()> {
    for part in &day.parts {
        writeln!(out, "{}: {}", part.id, part.story)?;
        for line in story(part) {
            paragraph(out, &line)?;
        }
        writeln!(out)?;
    }
    let (head, rows) = bill(day);
    writeln!(out, "{}", table(&head, &rows))?;
    let calls: u32 = day.calls.values().sum();
    writeln!(out, "\n1440 runs made {calls} calls to AWS and cost {} (Lambda and CloudWatch).", usd(day.runs_usd))?;
    writeln!(out, "\nThe daily digest:\n{}", indent(&day.digest))
}

/// Prints what came of everything.
///
/// # Errors
/// Where it can't be written.
pub fn sum_up(out: &mut impl Write, pushes: &[Push], releases: &[Release], day: &Day) -> io::Result<()> {
    let (head, rows) = summary(pushes, releases, day);
    writeln!(out, "{}\n", table(&head, &rows))?;
    paragraph(out, SUMMED_UP)
}

/// What stands below the summary.
const SUMMED_UP: &str = "served: requests to the new version. lost: requests that nothing answered, to either version.";

fn summary(pushes: &[Push], releases: &[Release], day: &Day) -> ([&'static str; 7], Vec<Vec<String>>) {
    let head = ["", "by", "at", "why", "ended", "served", "lost"];
    let acts = pushes.iter().map(scans::summary).chain(releases.iter().map(verdicts::summary));
    let mut rows: Vec<Vec<String>> = acts.map(Vec::from).collect();
    let (services, well) = (day.parts.len(), day.parts.iter().filter(|part| part.unexpected().is_none()).count());
    let changes: usize = day.parts.iter().map(Part::acted).sum();
    let day = [
        "Day of services",
        "cost-scaler",
        "every minute",
        &format!("{changes} changes"),
        &format!("{well} of {services}"),
        "",
        "",
    ];
    rows.push(day.map(str::to_owned).into());
    (head, rows)
}

/// Prints a line of a story.
///
/// # Errors
/// Where it can't be written.
pub fn paragraph(out: &mut impl Write, text: &str) -> io::Result<()> {
    // What goes on goes on below the words, not below the time.
    wrapped(out, text, 2, 8)
}

/// Prints a line, broken where a terminal of a hundred columns ends: it begins at the one column, and goes on at the other.
///
/// # Errors
/// Where it can't be written.
pub fn wrapped(out: &mut impl Write, text: &str, begin: usize, further: usize) -> io::Result<()> {
    // A number and its percent sign stay together.
    let text = text.replace(" %", "\u{a0}%");
    let mut line = " ".repeat(begin);
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            writeln!(out, "{}", line.replace('\u{a0}', " "))?;
            line = " ".repeat(further);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{}", line.replace('\u{a0}', " ").trim_end())
}

/// Hours and minutes of a moment.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.to_string().get(11..16).unwrap_or("?").to_owned()
}

/// What became of a service, change by change.
fn story(part: &Part) -> Vec<String> {
    let line = |same: &[Value]| {
        let record = &same[0];
        let at = record["at"].as_str().and_then(|at| at.get(11..16)).unwrap_or("?");
        let text = |key: &str| record[key].as_str().unwrap_or("?").to_owned();
        let would = if record["acted"] == true { "" } else { "would " };
        let again = if same.len() > 1 { format!(" (and {} times more)", same.len() - 1) } else { String::new() };
        format!("{at} {would}{} ({}): {}{again}", text("verdict"), text("reason"), text("why"))
    };
    // In shadow nothing changes, and the same is found every minute.
    let mut lines: Vec<String> = part.changes.chunk_by(|a, b| a["action"] == b["action"]).map(line).collect();
    if lines.len() > CHANGES_SHOWN {
        let hidden = lines.len() - CHANGES_SHOWN;
        lines.splice(CHANGES_SHOWN / 2..CHANGES_SHOWN / 2 + hidden, [format!("... {hidden} more changes")]);
    }
    let mut reasons: Vec<(&String, &u32)> = part.reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let reasons: Vec<String> = reasons.into_iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    if !reasons.is_empty() {
        lines.push(format!("else left as it was: {}", reasons.join(", ")));
    }
    lines
}

fn bill(day: &Day) -> ([&'static str; 7], Vec<Vec<String>>) {
    let head = ["", "tasks for the peak", "without", "with", "saved", "work unmet", "changes"];
    let hour = task_hour_usd();
    let (mut without_all, mut with_all) = (0.0, 0.0);
    let mut rows = Vec::new();
    for part in &day.parts {
        let with = part.task_hours * hour;
        // What was never touched costs the same with and without.
        let scaled = matches!(part.expects, Expectation::Scaled { .. });
        let without = if scaled { f64::from(part.peak_tasks) * 24.0 * hour } else { with };
        without_all += without;
        with_all += with;
        let peak = if scaled { part.peak_tasks.to_string() } else { String::new() };
        rows.push(vec![
            part.id.clone(),
            peak,
            usd(without),
            usd(with),
            saved(without, with),
            percent(part.unmet()),
            part.acted().to_string(),
        ]);
    }
    let (without, with, saving) = (usd(without_all), usd(with_all), saved(without_all, with_all));
    let unmet: f64 = day.parts.iter().map(|part| part.unmet_work).sum();
    let work: f64 = day.parts.iter().map(|part| part.work).sum();
    let nothing = String::new;
    rows.push(vec!["a day".to_owned(), nothing(), without, with, saving, percent(unmet / work), nothing()]);
    (head, rows)
}

fn saved(without: f64, with: f64) -> String {
    if without > with { format!("{:.0} %", (1.0 - with / without) * 100.0) } else { String::new() }
}

fn indent(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

/// The page.
#[must_use]
pub fn page(pushes: &[Push], releases: &[Release], day: &Day) -> Page {
    let (head, rows) = bill(day);
    let overview = Section {
        title: "The bill".to_owned(),
        text: vec![
            "Without: as many tasks as the busiest minute needs at 70 %, all day. With: what was billed, by the second; \
             what is never touched costs the same. A saving counts only beside the work that was left unmet."
                .to_owned(),
        ],
        table: Some(Table { head: head.map(str::to_owned).into(), highlight: Some(rows.len() - 1), rows }),
        ..Section::default()
    };
    let (head, rows) = summary(pushes, releases, day);
    let mut sections = vec![Section {
        title: "What came of everything".to_owned(),
        text: vec![SUMMED_UP.to_owned()],
        table: Some(Table { head: head.map(str::to_owned).into(), rows, highlight: None }),
        ..Section::default()
    }];
    sections.extend(pushes.iter().map(scans::section));
    sections.extend(releases.iter().map(verdicts::section));
    sections.push(overview);
    sections.extend(day.parts.iter().map(section));
    Page {
        title: "Two pushes, six releases, and a day of seven services".to_owned(),
        subtitle: "In the local world: the real binaries of scan-gate, deploy-hook, canary-gate and cost-scaler"
            .to_owned(),
        generated: None,
        footer: format!("tidegate {}, prices of {AS_OF}", env!("CARGO_PKG_VERSION")),
        sections,
    }
}

fn section(part: &Part) -> Section {
    let begin = MIDNIGHT.as_second();
    let seconds = |minute: usize| begin + i64::try_from(minute * 60).unwrap_or(0);
    let x = (0..part.minutes.len()).map(seconds).collect();
    let series = |label: &str, style, value: &dyn Fn(&(f64, u32)) -> f64| Series {
        label: label.to_owned(),
        style,
        values: part.minutes.iter().map(|minute| Some(value(minute))).collect(),
    };
    let mark = |record: &Value| {
        let at: Timestamp = record["at"].as_str()?.parse().ok()?;
        let label = format!("{}: {}", record["verdict"].as_str()?, record["why"].as_str()?);
        Some(Mark { x: at.as_second(), label, name: None })
    };
    let chart = Chart::Time {
        title: format!("{}: work, and the tasks that serve it", part.id),
        unit: "tasks".to_owned(),
        x,
        series: vec![
            series("work, in full tasks", Style::Area, &|(load, _)| *load),
            series("tasks", Style::Step, &|(_, tasks)| f64::from(*tasks)),
        ],
        sync: "day".to_owned(),
        summary: Summary::Mean,
        log_y: None,
        marks: part.changes.chunk_by(|a, b| a["action"] == b["action"]).filter_map(|same| mark(&same[0])).collect(),
    };
    let (title, text) = (part.id.clone(), vec![part.story.to_owned()]);
    Section { title, text, charts: vec![chart], ..Section::default() }
}
