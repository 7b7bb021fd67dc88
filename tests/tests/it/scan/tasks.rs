//! Tasks that belong to no service.

use tidegate_tests::scanning::{ALL_ON, Scanning, WRITES};
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::tasks::RunTask;

use super::{NONE, bad, clean, shop};

fn batch(scanning: &Scanning, tagged: bool) -> String {
    let definition = TaskDefinition::of("batch").container("app", "shop:v2");
    let definition = if tagged { definition.tag("scan", "on") } else { definition };
    scanning.world.register(definition)
}

#[tokio::test(start_paused = true)]
async fn a_task_that_runs_a_blocked_image_is_stopped_and_told_why() {
    let mut scanning = Scanning::under(NONE);
    scanning.world.push(clean("v2").finds([bad()]));
    let definition = batch(&scanning, true);
    let task = scanning.world.run_task(RunTask::of(&definition, "prod")).expect("it starts");
    scanning.run_for(1).await;
    let task = scanning.world.task(&task);
    assert_eq!(task.desired_status, "STOPPED");
    let reason = task.stopped_reason.expect("it says why");
    assert!(reason.starts_with("Tidegate: shop:v2@") && reason.contains("CVE-2026-1001"), "{reason}");
    assert_eq!(scanning.steps(), ["stop_task: done"]);
    scanning.never_called(&["UpdateImageStorageClass", "StopServiceDeployment"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_enrols_by_its_own_tag_or_its_definitions_and_its_own_wins() {
    for (on_definition, on_task, stopped) in
        [(false, Some("on"), true), (true, None, true), (true, Some("off"), false), (false, None, false)]
    {
        let mut scanning = Scanning::under(NONE);
        scanning.world.push(clean("v2").finds([bad()]));
        let definition = batch(&scanning, on_definition);
        let wanted = RunTask::of(&definition, "prod");
        let wanted = if let Some(mode) = on_task { wanted.tag("scan", mode) } else { wanted };
        let task = scanning.world.run_task(wanted).expect("it starts");
        scanning.run_for(1).await;
        let is = scanning.world.task(&task).desired_status;
        assert_eq!(is == "STOPPED", stopped, "definition {on_definition}, task {on_task:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_clean_image_runs_and_one_whose_scan_is_not_over_is_looked_at_again() {
    let mut scanning = Scanning::under(NONE);
    scanning.world.push(clean("v2").in_progress_for(5).finds([bad()]));
    let definition = batch(&scanning, true);
    let task = scanning.world.run_task(RunTask::of(&definition, "prod")).expect("it starts");
    scanning.run_for(2).await;
    assert_eq!(scanning.world.task(&task).desired_status, "RUNNING");
    assert!(scanning.queued() > 0);
    scanning.run_for(15).await;
    assert_eq!(scanning.world.task(&task).desired_status, "STOPPED");
}

#[tokio::test(start_paused = true)]
async fn stopping_tasks_has_a_switch_of_its_own() {
    let variables = ALL_ON.map(|(name, value)| (name, if name == "TIDEGATE_STOP_TASKS" { "shadow" } else { value }));
    let mut scanning = Scanning::with(&variables, NONE);
    scanning.world.push(clean("v2").finds([bad()]));
    let definition = batch(&scanning, true);
    let task = scanning.world.run_task(RunTask::of(&definition, "prod")).expect("it starts");
    scanning.run_for(1).await;
    assert_eq!(scanning.world.task(&task).desired_status, "RUNNING");
    assert!(scanning.steps().iter().all(|step| step == "stop_task: shadow"));
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn tasks_of_services_are_left_to_their_deployments() {
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    super::deploy(&scanning, "v2");
    scanning.run_for(5).await;
    scanning.never_called(&["StopTask"]);
    assert_eq!(scanning.calls("StopServiceDeployment"), 1);
}
