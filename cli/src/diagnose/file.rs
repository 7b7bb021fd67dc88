//! Tasks that somebody saved: events, what `aws ecs describe-tasks` prints, or one task of it.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Deserializer, Value};
use tidegate_core::diagnosis::Task;

use crate::input;

use super::looked::Looked;

/// Reads a file, or standard input, and tells what is in it.
///
/// # Errors
/// Where it can't be read, or something in it is no task.
pub fn looked(file: &Path, input: impl Read) -> Result<Looked> {
    let input::Input { name, text } = input::read(file, input)?;
    let mut found = Found::default();
    for document in Deserializer::from_str(&text).into_iter::<Value>() {
        let document = document.with_context(|| format!("{name} is no JSON"))?;
        found.take(document).with_context(|| format!("{name} can't be understood"))?;
    }
    ensure!(found.documents > 0, "{name} is empty");
    Ok(Looked::at_tasks(name, &found.tasks).with_events(found.events))
}

#[derive(Default)]
struct Found {
    documents: usize,
    tasks: Vec<Task>,
    events: Vec<(Option<Timestamp>, String)>,
}

impl Found {
    /// Takes what a document holds, whatever is around it.
    fn take(&mut self, document: Value) -> Result<()> {
        self.documents += 1;
        let mut fields = match document {
            Value::Array(all) => return all.into_iter().try_for_each(|one| self.take(one)),
            Value::Object(fields) => fields,
            other => bail!("{other} is no task"),
        };
        if let Some(detail) = fields.remove("detail") {
            return match fields.get("detail-type").and_then(Value::as_str) {
                Some("ECS Service Action") => self.action(&detail),
                Some("ECS Task State Change") | None => self.take(detail),
                Some(other) => bail!("an event \"{other}\" tells nothing of a task"),
            };
        }
        let around = ["tasks", "task"].into_iter().find_map(|name| fields.remove(name));
        if let Some(tasks) = around {
            // What ECS did not find it lists beside.
            return self.take(tasks);
        }
        self.task(Value::Object(fields))
    }

    fn task(&mut self, mut value: Value) -> Result<()> {
        let is_task = ["lastStatus", "stoppedReason", "stopCode"].iter().any(|name| value.get(name).is_some());
        ensure!(is_task, "there is no task in it: no lastStatus, stoppedReason or stopCode");
        for time in ["createdAt", "startedAt", "stoppingAt", "stoppedAt"] {
            if let Some(time) = value.get_mut(time) {
                *time = readable(time.take());
            }
        }
        self.tasks.push(serde_json::from_value(value).context("it is no task")?);
        Ok(())
    }

    fn action(&mut self, detail: &Value) -> Result<()> {
        let field = |name: &str| detail.get(name).and_then(Value::as_str);
        let name = field("eventName").context("an \"ECS Service Action\" has an eventName")?;
        let message = field("reason").map_or_else(|| name.to_owned(), |reason| format!("{name} {reason}"));
        let at = field("createdAt").and_then(|at| at.parse().ok());
        self.events.push((at, message));
        Ok(())
    }
}

/// The API has times as seconds since 1970, the AWS CLI and events as text.
fn readable(time: Value) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any year that ECS knows")]
    let milliseconds = |seconds: f64| (seconds * 1000.0).round() as i64;
    let moment = time.as_f64().and_then(|seconds| Timestamp::from_millisecond(milliseconds(seconds)).ok());
    moment.map_or(time, |moment| Value::String(moment.to_string()))
}
