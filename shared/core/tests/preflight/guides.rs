//! Task definitions in the shapes of public guides: what is found, and that nothing of it blocks that does not have to.

use std::fs;
use std::path::PathBuf;

use tidegate_core::hook::policy::{Level, Preflight};
use tidegate_core::hook::rule::Weight;
use tidegate_core::hook::{Facts, Finding};
use tidegate_core::task_definition::{Described, TaskDefinition};

use crate::definitions::{about, found, image_user, told};

fn guide(name: &str) -> TaskDefinition {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/preflight/fixtures").join(name).with_extension("json");
    let json = fs::read_to_string(file).expect("a fixture");
    serde_json::from_str::<Described>(&json).expect("a task definition").task_definition
}

/// A guide's task definition on its way into an account in which its log groups are there.
fn on_its_way(name: &str) -> Facts {
    let definition = guide(name);
    assert_eq!(definition.faults(), Vec::<String>::new());
    let mut facts = about(definition);
    facts.surroundings.log_groups =
        ["orders", "catalogue", "intranet"].map(|group| (format!("/ecs/{group}"), true)).to_vec();
    facts
}

/// What blocks where nothing is said about it.
fn blocking(facts: &Facts) -> Vec<&'static str> {
    let blocks = |own: &Finding| Preflight::default().level(own.rule, own.subject.as_deref()) == Level::Block;
    found(facts).iter().filter(|own| blocks(own)).map(|own| own.rule.code()).collect()
}

fn assert_warns(facts: &Facts, expected: &[&str]) {
    assert_eq!(told(facts), expected);
    assert_eq!(blocking(facts), Vec::<&str>::new());
    assert!(found(facts).iter().all(|own| own.rule.weight() != Weight::CannotStart));
}

#[test]
fn a_privileged_sidecar_warns() {
    let mut facts = on_its_way("privileged_sidecar");
    image_user(&mut facts, "host-agent", Some("root"));
    let of_agent = [
        "docker_socket@host-agent",
        "host_path@host-agent",
        "no_logging@host-agent",
        "privileged@host-agent",
        "root_user@host-agent",
        "root_user@orders",
        "writable_root@host-agent",
        "writable_root@orders",
    ];
    assert_warns(&facts, &of_agent);
}

#[test]
fn the_proxy_of_app_mesh_warns() {
    let mut facts = on_its_way("app_mesh");
    image_user(&mut facts, "catalogue", Some("node"));
    let writable = ["no_logging@xray", "writable_root@catalogue", "writable_root@envoy", "writable_root@xray"];
    assert_warns(&facts, &writable);
}

#[test]
fn the_x_ray_daemon_warns() {
    let mut facts = on_its_way("xray_daemon");
    image_user(&mut facts, "checkout", Some(""));
    let both = [
        "mutable_tag@xray-daemon",
        "no_logging@checkout",
        "no_logging@xray-daemon",
        "no_memory_limit@checkout",
        "no_memory_limit@xray-daemon",
        "root_user@checkout",
        "root_user@xray-daemon",
        "writable_root@checkout",
        "writable_root@xray-daemon",
    ];
    assert_warns(&facts, &both);
}

#[test]
fn firelens_warns_of_the_router_that_does_not_log_itself() {
    let routed = [
        "no_logging@log_router",
        "root_user@log_router",
        "root_user@search",
        "writable_root@log_router",
        "writable_root@search",
    ];
    assert_warns(&on_its_way("firelens"), &routed);
}

#[test]
fn a_gpu_on_an_instance_warns() {
    assert_warns(&on_its_way("gpu"), &["no_logging@gpu", "root_user@gpu", "writable_root@gpu"]);
}

#[test]
fn windows_is_held_to_nothing_of_linux() {
    assert_warns(&on_its_way("windows"), &["windows_administrator@iis"]);
}

#[test]
fn efs_warns_of_the_one_volume_in_the_clear() {
    let facts = on_its_way("efs");
    let expected = ["efs_in_the_clear@gallery", "no_logging@gallery", "root_user@gallery", "writable_root@gallery"];
    assert_warns(&facts, &expected);
    let why = found(&facts).into_iter().find(|own| own.rule.code() == "efs_in_the_clear").expect("a finding").why;
    assert_eq!(why, "transitEncryption is not ENABLED for uploads");
}

#[test]
fn the_first_steps_on_fargate_warn() {
    assert_warns(&on_its_way("fargate_web"), &["mutable_tag@site", "root_user@site", "writable_root@site"]);
}

#[test]
fn what_could_not_start_blocks() {
    let mut facts = on_its_way("cannot_start");
    facts.surroundings.log_groups = vec![("/ecs/reports".to_owned(), false)];
    let expected = [
        "added_capabilities@reports",
        "container_memory@reports",
        "fargate_parameter@reports",
        "fargate_size",
        "log_group_missing@reports",
        "no_execution_role@reports",
    ];
    assert_eq!(told(&facts), expected);
    assert_eq!(
        blocking(&facts),
        ["log_group_missing", "no_execution_role", "fargate_size", "fargate_parameter", "container_memory"]
    );
}
