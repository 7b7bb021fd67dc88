//! What Fargate does not take is said only of tasks that run there.

use proptest::prelude::*;
use tidegate_core::hook::{Facts, Rule};

use crate::definitions::{clean, definition, found, told, web};

fn for_both(facts: &mut Facts) {
    definition(facts).requires_compatibilities = vec!["EC2".to_owned(), "FARGATE".to_owned()];
    web(facts).privileged = Some(true);
}

#[test]
fn a_definition_for_both_that_runs_on_ec2_is_not_held_to_fargate() {
    let mut facts = clean();
    for_both(&mut facts);
    for runs_on in [Some(false), None] {
        facts.surroundings.on_fargate = runs_on;
        assert_eq!(told(&facts), ["privileged@web"]);
    }
    facts.surroundings.on_fargate = Some(true);
    assert_eq!(told(&facts), ["fargate_parameter@web", "privileged@web"]);
}

#[test]
fn what_is_known_counts_more_than_what_the_definition_says() {
    let mut facts = clean();
    definition(&mut facts).requires_compatibilities.clear();
    definition(&mut facts).cpu = Some("300".to_owned());
    assert_eq!(told(&facts), Vec::<String>::new());
    facts.surroundings.on_fargate = Some(true);
    assert_eq!(told(&facts), ["fargate_size"]);
}

#[test]
fn everything_that_fargate_does_not_take_is_named_at_once() {
    let mut facts = clean();
    let whole = definition(&mut facts);
    whole.network_mode = "bridge".to_owned();
    whole.ipc_mode = "task".to_owned();
    whole.pid_mode = "host".to_owned();
    whole.placement_constraints = 1;
    whole.volumes[0].docker_volume_configuration = true;
    let own = web(&mut facts);
    own.linux_parameters.capabilities.add = vec!["CAP_SYS_PTRACE".to_owned(), "NET_ADMIN".to_owned()];
    own.linux_parameters.tmpfs = 1;
    own.linux_parameters.swappiness = Some(60);
    own.dns_servers = vec!["10.0.0.2".to_owned()];
    own.log_configuration.as_mut().expect("logs").log_driver = "fluentd".to_owned();
    let whys =
        found(&facts).into_iter().filter(|finding| finding.rule == Rule::FargateParameter).map(|finding| finding.why);
    assert_eq!(
        whys.collect::<Vec<_>>(),
        [
            "Fargate does not take networkMode bridge, ipcMode task, pidMode host, placementConstraints and \
             dockerVolumeConfiguration of the volume scratch",
            "Fargate does not take dnsServers, linuxParameters.swappiness, linuxParameters.tmpfs, the capability NET_ADMIN \
             and the logDriver fluentd",
        ]
    );
}

/// The published table, spelled out: CPU units, and memory in MiB.
fn published() -> Vec<(u32, u32)> {
    let steps = |cpu: u32, from: u32, to: u32, step: usize| (from..=to).step_by(step).map(move |gb| (cpu, gb * 1024));
    let mut sizes = vec![(256, 512), (256, 1024), (256, 2048), (32768, 61440), (32768, 122_880), (32768, 249_856)];
    sizes.extend(steps(512, 1, 4, 1));
    sizes.extend(steps(1024, 2, 8, 1));
    sizes.extend(steps(2048, 4, 16, 1));
    sizes.extend(steps(4096, 8, 30, 1));
    sizes.extend(steps(8192, 16, 60, 4));
    sizes.extend(steps(16384, 32, 120, 8));
    sizes
}

fn of_size(cpu: &str, memory: &str, family: &str) -> Vec<String> {
    let mut facts = clean();
    let definition = definition(&mut facts);
    (definition.cpu, definition.memory) = (Some(cpu.to_owned()), Some(memory.to_owned()));
    definition.runtime_platform.operating_system_family = family.to_owned();
    definition.container_definitions.clear();
    told(&facts)
}

#[test]
fn every_published_size_passes_in_either_spelling() {
    for (cpu, memory) in published() {
        let (vcpu, gb) = (f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0);
        assert_eq!(of_size(&cpu.to_string(), &memory.to_string(), "LINUX"), Vec::<String>::new(), "{cpu} {memory}");
        assert_eq!(of_size(&format!("{vcpu} vCPU"), &format!("{gb}GB"), ""), Vec::<String>::new(), "{vcpu} {gb}");
    }
}

#[test]
fn windows_has_only_sizes_of_one_to_four_cpus() {
    for (cpu, memory) in published() {
        let expected: &[&str] = if (1024..=4096).contains(&cpu) { &[] } else { &["fargate_size"] };
        assert_eq!(
            of_size(&cpu.to_string(), &memory.to_string(), "WINDOWS_SERVER_2022_CORE"),
            expected,
            "{cpu} {memory}"
        );
    }
}

proptest! {
    #[test]
    fn no_other_size_passes(cpu in prop_oneof![(0_u32..40_000), prop::sample::select(vec![256, 512, 1024, 8192, 32768])],
                            memory in prop_oneof![0_u32..300_000, (0_u32..300).prop_map(|gb| gb * 1024)]) {
        let passes = of_size(&cpu.to_string(), &memory.to_string(), "LINUX").is_empty();
        prop_assert_eq!(passes, published().contains(&(cpu, memory)));
    }
}
