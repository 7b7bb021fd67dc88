//! What limits the memory of a container.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>

use crate::hook::judgement::Finding;
use crate::hook::rule::Rule;

use super::Looked;

pub(super) fn check(looked: &Looked<'_>) -> Vec<Finding> {
    if looked.definition.memory.is_none() {
        return looked.each(Rule::NoMemoryLimit, |container| {
            let is_limited = container.memory.is_some_and(|mib| mib > 0);
            let why = "neither it nor its task has a memory limit: it may take all memory of the instance";
            (!is_limited).then(|| (why.to_owned(), "set memory, in MiB, for the container or for the task".to_owned()))
        });
    }
    let Some(task) = looked.definition.memory_mib() else { return Vec::new() };
    let fix = "raise the memory of the task, or promise its containers less";
    let mut findings = looked.each(Rule::ContainerMemory, |container| {
        let own = container.memory.filter(|mib| *mib > task)?;
        Some((format!("its memory is {own} MiB, and that of its task {task} MiB"), fix.to_owned()))
    });
    // What is set aside is the soft limit, and the hard one where there is none.
    let reserved =
        |own: &crate::task_definition::Container| own.memory_reservation.filter(|mib| *mib > 0).or(own.memory);
    let promised: u64 = looked.containers().filter_map(reserved).map(u64::from).sum();
    if findings.is_empty() && promised > u64::from(task) {
        let why = format!("its containers are promised {promised} MiB, and the task has {task} MiB");
        findings.push(Finding::broken(Rule::ContainerMemory, why).fix(fix));
    }
    findings
}
