//! What is done about a blocked image, each under its own switch.

use tidegate_aws::images::{By, Repository};
use tidegate_tests::scanning::{ALL_ON, Scanning, WRITES};
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::{ACCOUNT, REGION};

use super::{EVERY, NONE, bad, clean, deploy, shop};

/// A bad image that no service runs, and two task definitions that name it beside one that does not.
fn unused(scanning: &Scanning) -> (String, Vec<String>) {
    let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    scanning.world.push(clean("v1"));
    let by_tag = TaskDefinition::of("batch").container("app", "shop:v2");
    let by_digest = TaskDefinition::of("report").container("app", &format!("shop@{digest}"));
    let other = TaskDefinition::of("other").container("app", "shop:v1");
    let definitions = [by_tag, by_digest, other].map(|definition| scanning.world.register(definition));
    (digest, definitions.to_vec())
}

fn active(scanning: &Scanning, definitions: &[String]) -> Vec<bool> {
    let account = scanning.world.lock();
    definitions.iter().map(|arn| account.definition(arn).expect("it is there").active).collect()
}

#[tokio::test(start_paused = true)]
async fn a_bad_image_that_nobody_needs_is_deregistered_and_archived() {
    let mut scanning = Scanning::under(EVERY);
    let (digest, definitions) = unused(&scanning);
    scanning.run_for(2).await;
    assert_eq!(active(&scanning, &definitions), [false, false, true]);
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
    let told = scanning.world.lock().published.pop().expect("it is told");
    assert!(
        told.body.contains(&format!("tidegate scan release {ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop@{digest}"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_goes_further_than_a_deployment_is_only_shadowed_until_it_is_switched_on() {
    let mut scanning = Scanning::with(&[], EVERY);
    let (digest, definitions) = unused(&scanning);
    scanning.run_for(2).await;
    let shadowed =
        ["deregister_task_definition: shadow", "deregister_task_definition: shadow", "archive_image: shadow"];
    assert_eq!(scanning.steps(), shadowed);
    assert_eq!(active(&scanning, &definitions), [true, true, true]);
    assert_eq!(scanning.world.storage(&digest), "ACTIVE");
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn each_switch_is_its_own() {
    for (off, steps) in [
        ("TIDEGATE_DEREGISTER", vec!["archive_image: done"]),
        ("TIDEGATE_ARCHIVE", vec!["deregister_task_definition: done", "deregister_task_definition: done"]),
    ] {
        let variables = ALL_ON.map(|(name, value)| (name, if name == off { "off" } else { value }));
        let mut scanning = Scanning::with(&variables, EVERY);
        unused(&scanning);
        scanning.run_for(2).await;
        assert_eq!(scanning.steps(), steps, "without {off}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_both_switched_off_nobody_is_asked_who_needs_it() {
    let mut scanning = Scanning::with(&[("TIDEGATE_DEREGISTER", "off"), ("TIDEGATE_ARCHIVE", "off")], EVERY);
    unused(&scanning);
    scanning.run_for(2).await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    scanning.never_called(&["ListClusters", "ListTasks", "ListTaskDefinitions"]);
}

#[tokio::test(start_paused = true)]
async fn the_least_of_all_modes_counts() {
    // The service's tag.
    let mut scanning = Scanning::under(NONE);
    shop(&scanning, "shadow");
    scanning.world.push(clean("v2").finds([bad()]));
    let deployment = deploy(&scanning, "v2");
    scanning.run_for(40).await;
    assert_eq!(scanning.world.status(&deployment), "SUCCESSFUL");
    assert_eq!(scanning.steps()[0], "stop_deployment: shadow");
    assert_eq!(
        scanning.world.subjects(),
        ["Tidegate: prod/shop: the deployment would have been stopped (vulnerable)"],
        "once, however often it is looked at"
    );
    scanning.never_called(&WRITES);
    // The repository's mode.
    let mut scanning = Scanning::under("version: 1\nmode: shadow\n");
    unused(&scanning);
    scanning.run_for(2).await;
    assert_eq!(scanning.steps().last().map(String::as_str), Some("archive_image: shadow"));
    scanning.never_called(&WRITES);
    // The installation's.
    let mut scanning = Scanning::with(&[&ALL_ON[..], &[("TIDEGATE_MODE", "shadow")]].concat(), EVERY);
    unused(&scanning);
    scanning.run_for(2).await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_stopped_once_whatever_else_it_brings() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "on");
    scanning.world.push(clean("v2").finds([bad()]));
    scanning.world.push(Image::new("sidecar", "v1").finds([bad()]));
    let definition = TaskDefinition::of("shop").container("app", "shop:v2").container("proxy", "sidecar:v1");
    let arn = scanning.world.register(definition);
    scanning.world.deploy("prod/shop", tidegate_tests::world::version::Version::new("v2").task_definition(&arn));
    scanning.run_for(1).await;
    assert_eq!(scanning.calls("StopServiceDeployment"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_quarantine_is_undone_with_one_command_and_holds_with_an_exception_only() {
    let mut scanning = Scanning::under(EVERY);
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64").in_progress_for(1).finds([bad()]));
    let digest = scanning.world.push(index);
    let platform = scanning.world.platform_of(&digest, "linux/amd64");
    scanning.run_for(3).await;
    assert_eq!([&digest, &platform].map(|of| scanning.world.storage(of)), ["ARCHIVED", "ARCHIVED"]);
    let excepted = format!(
        "{EVERY}exceptions:\n- id: {}\n  repositories: [shop]\n  until: 2027-12-31\n  reason: not reachable\n",
        bad().id
    );
    let policy = tidegate_tests::scanning::POLICY.to_owned();
    scanning.world.lock().parameters.insert(policy, excepted);
    let repository = Repository { account: ACCOUNT.to_owned(), region: REGION.to_owned(), name: "shop".to_owned() };
    let mut told = Vec::new();
    let by = By::Digest(&digest);
    let released =
        scan_gate::archive::release(&scanning.world, &repository, &by, |line| told.push(line.to_owned())).await;
    assert_eq!(released.expect("it comes back"), [digest.clone(), platform.clone()]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!([&digest, &platform].map(|of| scanning.world.storage(of)), ["ACTIVE", "ACTIVE"]);
    scanning.run_for(40).await;
    assert_eq!([&digest, &platform].map(|of| scanning.world.storage(of)), ["ACTIVE", "ACTIVE"]);
    assert_eq!(scanning.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_needs_fifty_images_is_asked_once() {
    let mut scanning = Scanning::under(EVERY);
    shop(&scanning, "on");
    let definition = scanning.world.register(TaskDefinition::of("batch").container("app", "tool:v1"));
    let bad = |n: u32| Image::new("tool", &format!("v{n}")).in_progress_for(1).finds([bad()]);
    let digests: Vec<String> = (1..=50).map(|n| scanning.world.push(bad(n))).collect();
    scanning.world.pass(2);
    scanning.deliver().await;
    assert!(digests.iter().all(|digest| scanning.world.storage(digest) == "ARCHIVED"));
    assert_eq!(active(&scanning, &[definition]), [false]);
    assert_eq!(["ListClusters", "ListServices", "ListTasks"].map(|operation| scanning.calls(operation)), [1, 1, 1]);
    // Each task definition is read once: it never changes.
    assert!(scanning.calls("DescribeTaskDefinition") <= 2, "{}", scanning.calls("DescribeTaskDefinition"));
}

#[tokio::test(start_paused = true)]
async fn an_image_of_another_registry_is_not_put_out_of_reach() {
    let scanning = Scanning::under(EVERY);
    let digest = scanning.world.push(Image::new("shop", "v2").in_account("999999999999").finds([bad()]));
    let uri = scanning.world.lock().registry.image(&digest).uri();
    scanning.run(&serde_json::json!({"image": uri})).await;
    assert_eq!(scanning.steps(), ["deregister_task_definition: left_alone", "archive_image: left_alone"]);
    scanning.never_called(&WRITES);
}

#[tokio::test(start_paused = true)]
async fn an_index_is_judged_once_for_all_events_of_its_platforms() {
    let mut scanning = Scanning::under(EVERY);
    let index = Index::new("shop", "v2")
        .with(Image::of("linux/amd64").in_progress_for(1).finds([bad()]))
        .with(Image::of("linux/arm64").in_progress_for(2).finds([bad()]));
    let digest = scanning.world.push(index);
    scanning.world.pass(3);
    scanning.deliver().await;
    assert_eq!(scanning.records(), ["fail vulnerable"]);
    assert_eq!(scanning.world.full_records().len(), 1);
    assert_eq!(scanning.steps(), ["archive_image: done"; 3]);
    assert_eq!(scanning.calls("UpdateImageStorageClass"), 3, "the index and its two platforms");
    assert_eq!((scanning.world.storage(&digest), scanning.queued()), ("ARCHIVED", 0));
}

#[tokio::test(start_paused = true)]
async fn what_failed_halfway_is_done_later() {
    let mut scanning = Scanning::under(EVERY);
    let (digest, definitions) = unused(&scanning);
    scanning.world.lock().faults.add("DeregisterTaskDefinition", Fault::Throttle, Times::First(1));
    scanning.run_for(2).await;
    assert_eq!(scanning.world.storage(&digest), "ACTIVE", "in the archive it would not be judged again");
    scanning.run_for(4).await;
    assert_eq!(active(&scanning, &definitions), [false, false, true]);
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
}

#[tokio::test(start_paused = true)]
async fn who_needs_it_is_asked_again_just_before_where_looking_for_task_definitions_took_long() {
    let mut scanning = Scanning::under(EVERY);
    let (digest, definitions) = unused(&scanning);
    scanning.world.pass(2);
    // The run takes so long that what it knew of who needs it is old.
    scanning.world.lock().faults.add(
        "ListTaskDefinitions",
        Fault::Delay(std::time::Duration::from_secs(40)),
        Times::First(1),
    );
    scanning.deliver().await;
    assert_eq!(scanning.calls("ListClusters"), 2, "it is asked again just before");
    assert_eq!(active(&scanning, &definitions), [false, false, true]);
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
}
