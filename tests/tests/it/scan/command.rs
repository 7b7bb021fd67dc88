//! `tidegate scan IMAGE` and `tidegate scan release IMAGE`: the gate's verdict for whoever asks, and nothing changed unasked.

use std::process::ExitCode;

use clap::Parser;
use expect_test::expect_file;
use scan_gate::settings::Settings;
use serde_json::Value;
use tidegate::scan::{Args, run};
use tidegate_tests::scanning::{POLICY, Scanning, WRITES};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::findings::high;
use tidegate_tests::world::registry::image::{Image, Index};
use tidegate_tests::world::{REGION, World};

use super::{EVERY, bad, clean};

const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// What was printed, what was told meanwhile, and the exit code.
struct Ran {
    out: String,
    told: Vec<String>,
    code: ExitCode,
}

/// What it is refused with.
async fn try_scan(world: &World, arguments: &[&str]) -> Result<Ran, String> {
    let args = Args::try_parse_from([&["scan"], arguments].concat()).map_err(|error| error.to_string())?;
    let settings = Settings::read(|_| None).expect("there are none");
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let code = run(world, &settings, REGION, &args, &mut out, |line| told.push(line.to_owned())).await;
    let code = code.map_err(|error| format!("{error:#}"))?;
    Ok(Ran { out: String::from_utf8(out).expect("UTF-8"), told, code })
}

async fn scan(world: &World, arguments: &[&str]) -> Ran {
    try_scan(world, arguments).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refused(world: &World, arguments: &[&str]) -> String {
    try_scan(world, arguments).await.map(|ran| ran.out).expect_err("it is refused")
}

/// The reason, and what is to be known beside it.
async fn said(world: &World, arguments: &[&str]) -> (ExitCode, String, String) {
    let ran = scan(world, &[arguments, &["--json"]].concat()).await;
    let line: Value = serde_json::from_str(&ran.out).expect("a line of JSON");
    (ran.code, line["reason"].as_str().expect("a reason").to_owned(), line["notes"].to_string())
}

fn unchanged(world: &World) {
    for operation in WRITES.iter().chain(&["StartImageScan", "Publish"]) {
        assert_eq!(world.calls(operation), 0, "{operation}");
    }
}

const PASSES: ExitCode = ExitCode::SUCCESS;

fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}

#[tokio::test(start_paused = true)]
async fn an_image_is_judged_as_the_gate_does_and_nothing_is_changed() {
    let world = World::new(TEN);
    world.scans_enhanced();
    world.lock().parameters.insert(POLICY.to_owned(), EVERY.to_owned());
    let amd64 = Image::of("linux/amd64").finds([bad(), high("CVE-2026-1002").in_package("zlib1g", "1.2.13")]);
    let arm64 = Image::of("linux/arm64").finds([bad()]);
    world.push(Index::new("team-a/shop", "v2").with(amd64).with(arm64).attested());
    world.push(clean("v1"));
    let ran = scan(&world, &["team-a/shop:v2", "--policy-parameter", POLICY]).await;
    assert_eq!(ran.code, code(1));
    expect_file!["../../golden/scan.txt"].assert_eq(&ran.out);
    world.pass(15);
    let ran = scan(&world, &["shop:v1", "--policy-parameter", POLICY]).await;
    assert_eq!((ran.code, ran.told.len()), (PASSES, 0));
    assert!(ran.out.starts_with("PASS (clean): shop:v1@sha256:"), "{}", ran.out);
    assert!(!ran.out.contains("Notes"), "{}", ran.out);
    unchanged(&world);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_a_host_is_in_the_accounts_own_registry() {
    let world = World::new(TEN);
    let digest = world.push(clean("v2").finds([bad()]));
    world.push(clean("v2").in_account("210987654321"));
    world.pass(15);
    for name in
        ["shop:v2", &format!("shop@{digest}"), &format!("{REGISTRY}/shop:v2"), &format!("{REGISTRY}/shop:v9@{digest}")]
    {
        assert_eq!(said(&world, &[name]).await.1, "vulnerable", "{name}");
    }
    let elsewhere = format!("{}/shop:v2", REGISTRY.replace("123456789012", "210987654321"));
    assert_eq!(said(&world, &[&elsewhere]).await.1, "clean");
    // A tag that nobody wrote is `latest`.
    let (code, reason, _) = said(&world, &["shop"]).await;
    assert_eq!((code, reason.as_str()), (self::code(1), "image_missing"));
    // As in a task definition, of which nothing is known here.
    assert_eq!(said(&world, &["ghcr.io/team-a/shop:v2"]).await.1, "passed_with_warning");
    world.lock().faults.add("GetRegistryScanningConfiguration", Fault::Denied, Times::Always);
    let error = refused(&world, &["shop:v2"]).await;
    assert!(error.contains(&format!("the whole name says it, as in {REGISTRY}/shop:v2")), "{error}");
    assert!(error.contains("GetRegistryScanningConfiguration"), "{error}");
    assert_eq!(said(&world, &[&format!("{REGISTRY}/shop:v2")]).await.1, "vulnerable");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_image_is_refused() {
    let world = World::new(TEN);
    let digest = format!("sha256:{}", "a".repeat(64));
    for (arguments, why) in [
        (vec![digest.as_str()], "a digest alone is in no repository: say which, as in shop@sha256:..."),
        (vec!["shop@sha256:12"], "a digest is sha256: and 64 hexadecimal digits"),
        (vec!["shop:v1 "], "it is empty, or has spaces"),
        (vec!["shop", "--findings", "findings.json"], "cannot be used with"),
        (vec!["shop", "--wait=0"], "0 is not in 1..=1440"),
        (vec!["shop", "--wait", "--now", "2026-11-27T14:00:00Z"], "cannot be used with"),
        (vec!["shop", "--pushed-at", "2026-11-27T14:00:00Z"], "cannot be used with"),
        (vec!["--findings", "findings.json", "--wait"], "cannot be used with"),
        (vec!["shop", "--architecture", "riscv64"], "possible values: amd64, arm64"),
        (vec!["shop", "--policy", "a.yaml", "--policy-parameter", "/a"], "cannot be used with"),
        (vec!["shop", "--policy-parameter", "a b"], "must be the name of an SSM parameter"),
        (vec!["release"], "required arguments were not provided"),
        (vec![], "required arguments were not provided"),
    ] {
        let error = refused(&world, &arguments).await;
        assert!(error.contains(why), "{arguments:?}: {error}");
    }
    assert!(world.lock().calls.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_platform_has_to_pass_unless_one_is_named() {
    let world = World::new(TEN);
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64")).with(Image::of("linux/arm64").finds([bad()]));
    world.push(index);
    world.push(clean("v3"));
    world.pass(15);
    for (arguments, said_code, said_reason) in [
        (vec!["shop:v2"], code(1), "vulnerable"),
        (vec!["shop:v2", "--architecture", "amd64"], PASSES, "clean"),
        (vec!["shop:v2", "--architecture", "arm64"], code(1), "vulnerable"),
    ] {
        let (code, reason, _) = said(&world, &arguments).await;
        assert_eq!((code, reason.as_str()), (said_code, said_reason), "{arguments:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_is_that_of_the_parameter_or_of_the_file_or_the_built_in_one() {
    let world = World::new(TEN);
    world.push(clean("v2").finds([high("CVE-2026-7")]));
    let parameter = ["shop:v2", "--policy-parameter", POLICY];
    assert!(refused(&world, &parameter).await.contains("the SSM parameter /tidegate/scan-policy does not exist"));
    let write = |text: &str| world.lock().parameters.insert(POLICY.to_owned(), text.to_owned());
    write("version: 1\nthresholds: {fixable: HIHG}\n");
    let error = refused(&world, &parameter).await;
    assert!(error.contains("line 2") && error.contains("did you mean HIGH?"), "{error}");
    write("version: 1\nmode: on\nthresholds: {unfixable: HIGH}\n");
    let (code, reason, notes) = said(&world, &parameter).await;
    assert_eq!((code, reason.as_str(), notes.as_str()), (self::code(1), "vulnerable", "null"));
    // Who is not enrolled is judged all the same.
    write("version: 1\nthresholds: {unfixable: HIGH}\n");
    let (code, _, notes) = said(&world, &parameter).await;
    assert_eq!(code, self::code(1));
    assert!(notes.contains("the policy's mode for shop is off"), "{notes}");
    let (code, _, notes) = said(&world, &["shop:v2"]).await;
    assert_eq!(code, PASSES);
    assert!(notes.contains("the built-in policy"), "{notes}");
    // The function's own variable.
    let settings =
        Settings::read(|name| (name == "TIDEGATE_SCAN_POLICY").then(|| POLICY.to_owned())).expect("settings");
    let args = Args::parse_from(["scan", "shop:v2"]);
    let code = run(&world, &settings, REGION, &args, &mut Vec::new(), |_| {}).await.expect("a verdict");
    assert_eq!(code, self::code(1));
    // A file is nearer than a variable.
    let file = std::env::temp_dir().join(format!("tidegate-rules-of-an-image-{}.yaml", std::process::id()));
    std::fs::write(&file, "version: 1\nmode: on\n").expect("a file");
    let args = Args::parse_from(["scan", "shop:v2", "--policy", file.to_str().expect("a path")]);
    let code = run(&world, &settings, REGION, &args, &mut Vec::new(), |_| {}).await.expect("a verdict");
    std::fs::remove_file(&file).expect("it was written");
    assert_eq!(code, PASSES);
}

#[tokio::test(start_paused = true)]
async fn an_image_can_be_judged_as_of_the_day_that_its_exception_ends() {
    let world = World::new(TEN);
    world.push(clean("v2").finds([bad()]));
    let policy = format!("{EVERY}exceptions:\n- {{id: {}, until: 2026-12-01, reason: ticket 7}}\n", bad().id);
    world.lock().parameters.insert(POLICY.to_owned(), policy);
    let arguments = ["shop:v2", "--policy-parameter", POLICY];
    assert_eq!(said(&world, &arguments).await.1, "clean");
    let later = [&arguments[..], &["--now", "2026-12-02T00:00:00Z"]].concat();
    assert_eq!(said(&world, &later).await.1, "vulnerable");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_scanned_yet_has_its_own_exit_code_and_no_scan_is_begun() {
    let world = World::new(TEN);
    let digest = world.push(clean("v2").never_scanned());
    let (code, reason, notes) = said(&world, &["shop:v2"]).await;
    assert_eq!((code, reason.as_str()), (self::code(3), "waiting_for_scan"));
    assert!(!notes.contains("start-image-scan"), "it may begin by itself: {notes}");
    world.pass(60);
    let (code, reason, notes) = said(&world, &["shop:v2"]).await;
    assert_eq!((code, reason.as_str()), (self::code(3), "waiting_for_scan"));
    let begin = format!(
        "aws ecr start-image-scan --region eu-west-1 --registry-id 123456789012 --repository-name shop --image-id \
         imageDigest={digest}"
    );
    assert!(notes.contains(&begin), "{notes}");
    // Inspector can't be asked for one.
    world.scans_enhanced();
    let (code, reason, _) = said(&world, &["shop:v2"]).await;
    assert_eq!((code, reason.as_str()), (self::code(1), "not_scanned"));
    unchanged(&world);
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_can_wait_for_the_verdict_on_what_it_has_pushed() {
    for (image, exit_code, verdict) in [
        (clean("v2").pending_for(2).in_progress_for(1).finds([bad()]), code(1), "FAIL (vulnerable)"),
        (clean("v2").pending_for(2).in_progress_for(1), PASSES, "PASS (clean)"),
    ] {
        let world = World::new(TEN);
        world.push(image);
        assert_eq!(said(&world, &["shop:v2"]).await.0, code(3), "nobody waits who does not ask to");
        assert_eq!(world.lock().now, TEN);
        let ran = scan(&world, &["shop:v2", "--wait"]).await;
        assert_eq!(ran.code, exit_code, "{}", ran.out);
        assert!(ran.out.starts_with(verdict), "{}", ran.out);
        assert!(world.lock().now < TEN + jiff::SignedDuration::from_mins(15), "no longer than it has to");
        let first = &ran.told[0];
        assert!(first.starts_with("inconclusive (waiting_for_scan): shop:v2@sha256:"), "{first}");
        assert!(
            first.ends_with("the scan is about to begin; looking again in 30 seconds, for at most 30 more minutes"),
            "{first}"
        );
        unchanged(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_was_said() {
    let world = World::new(TEN);
    world.push(clean("v2").pending_for(20).finds([bad()]));
    let ran = scan(&world, &["shop:v2", "--wait=2"]).await;
    assert_eq!((ran.code, ran.told.len()), (code(3), 4));
    assert!(ran.out.contains("there was no verdict within 2 minutes"), "{}", ran.out);
    assert_eq!(world.lock().now, TEN + jiff::SignedDuration::from_mins(2));
}

#[tokio::test(start_paused = true)]
async fn what_is_throttled_is_waited_for_and_what_may_not_be_read_is_not() {
    let throttled = World::new(TEN);
    throttled.push(clean("v2").finds([bad()]));
    throttled.lock().faults.add("DescribeImageScanFindings", Fault::Throttle, Times::First(2));
    let ran = scan(&throttled, &["shop:v2", "--wait"]).await;
    assert_eq!((ran.code, ran.told.len()), (code(1), 2));
    let denied = World::new(TEN);
    denied.push(clean("v2"));
    denied.lock().faults.add("DescribeImageScanFindings", Fault::Denied, Times::Always);
    let ran = scan(&denied, &["shop:v2", "--wait"]).await;
    assert_eq!((ran.code, ran.told.len()), (code(2), 2));
    assert!(ran.out.contains("DescribeImageScanFindings") && ran.out.contains("not authorized"), "{}", ran.out);
    // What only an empty scan needs is told beside the verdict.
    let covered = World::new(TEN);
    covered.scans_enhanced();
    covered.push(clean("v2"));
    covered.lock().faults.add("ListCoverage", Fault::Denied, Times::Always);
    let (_, reason, notes) = said(&covered, &["shop:v2"]).await;
    assert_eq!(reason, "settling");
    assert!(notes.contains("it could not be read: ListCoverage"), "{notes}");
}

/// A bad index that the gate has put into the archive, with its platform.
async fn archived() -> (Scanning, String, String) {
    let mut scanning = Scanning::under(EVERY);
    scanning.world.scans_enhanced();
    let index = Index::new("shop", "v2").with(Image::of("linux/amd64").in_progress_for(1).finds([bad()]));
    let digest = scanning.world.push(index);
    let platform = scanning.world.platform_of(&digest, "linux/amd64");
    scanning.run_for(3).await;
    assert_eq!([&digest, &platform].map(|of| scanning.world.storage(of)), ["ARCHIVED", "ARCHIVED"]);
    (scanning, digest, platform)
}

#[tokio::test(start_paused = true)]
async fn an_image_in_the_archive_fails_and_comes_back_with_one_command() {
    let (mut scanning, digest, platform) = archived().await;
    let (code, reason, notes) = said(&scanning.world, &["shop:v2"]).await;
    assert_eq!((code, reason.as_str()), (self::code(1), "image_archived"));
    let command = format!("tidegate scan release {REGISTRY}/shop@{digest}");
    assert!(notes.contains(&format!("to bring it back: {command}")), "{notes}");
    let arguments: Vec<&str> = command.split(' ').skip(2).collect();
    let ran = scan(&scanning.world, &arguments).await;
    assert_eq!(ran.code, PASSES);
    assert_eq!([&digest, &platform].map(|of| scanning.world.storage(of)), ["ACTIVE", "ACTIVE"]);
    let short = |digest: &str| digest[..19].to_owned();
    let expected = format!(
        "shop:v2@{} is out of the archive and can be pulled\n  shop@{digest} came back\n  shop@{platform} came back\n\
         Once it is scanned the gate will archive it again, unless the policy has an exception for what blocks it.\n",
        short(&digest)
    );
    assert_eq!(ran.out, expected);
    assert_eq!(ran.told.len(), 2, "{:?}", ran.told);
    // As it said.
    scanning.run_for(40).await;
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_the_archive_is_let_be() {
    let world = World::new(TEN);
    let digest = world.push(clean("v2").finds([bad()]));
    let ran = scan(&world, &["release", "shop:v2"]).await;
    assert_eq!(ran.code, PASSES);
    assert_eq!(ran.out, format!("shop:v2@{} is not in the archive: nothing was done\n", &digest[..19]));
    assert!(ran.told.is_empty());
    unchanged(&world);
    for (name, why) in [
        ("shop:v9", "there is no image shop:v9 in 123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        ("ghcr.io/team-a/shop:v2", "only ECR has an archive to come back from"),
    ] {
        assert!(refused(&world, &["release", name]).await.contains(why), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_comes_back_already_is_waited_for() {
    let (scanning, digest, platform) = archived().await;
    let world = &scanning.world;
    let repository = tidegate_tests::world::registry::Repository::named("shop");
    world.lock().update_image_storage_class(&repository, &digest, "STANDARD").expect("it comes back");
    let (code, reason, _) = said(world, &["shop:v2"]).await;
    assert_eq!((code, reason.as_str()), (self::code(3), "activating"));
    let ran = scan(world, &["release", "shop:v2"]).await;
    assert!(ran.told[0].contains("coming back out of the archive already"), "{:?}", ran.told);
    assert!(ran.out.contains(&format!("shop@{platform} came back")), "{}", ran.out);
    assert_eq!(world.storage(&platform), "ACTIVE");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_can_not_be_brought_back_is_an_error() {
    let (scanning, digest, _) = archived().await;
    scanning.world.lock().faults.add("UpdateImageStorageClass", Fault::Denied, Times::Always);
    let error = refused(&scanning.world, &["release", "shop:v2"]).await;
    assert!(error.contains("UpdateImageStorageClass") && error.contains("not authorized"), "{error}");
    assert_eq!(scanning.world.storage(&digest), "ARCHIVED");
}
