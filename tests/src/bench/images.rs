//! What images with many findings cost the scan gate.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::deadline::Deadline;
use tidegate_core::scan::finding::Severity;
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::scan::{Facts, Policy, judge};
use tidegate_core::verdict::Verdict;
use tidegate_lambda::images::Looking;

use super::Line;
use super::functions::Function;
use super::measure::{milliseconds, one_of, started};
use super::process::{cpu, peak_memory_mb};
use crate::queue::Queue;
use crate::scanning::POLICY;
use crate::scene::TEN;
use crate::world::balancer::Balancer;
use crate::world::native::DeploymentConfiguration;
use crate::world::registry::findings::Finding;
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;
use crate::world::{ACCOUNT, REGION, World};

/// As many as a bad day brings.
const FINDINGS: usize = 10_000;

/// Events about the one image.
const EVENTS: usize = 1000;

/// An image that a deployment in progress brings, and the batch that tells of its scan: what the gate sees most days.
#[must_use]
pub fn brought() -> (World, Value) {
    let world = account("version: 1\n");
    world.push(Image::new("shop", "v1"));
    world.add(Service::new("prod/shop", 4, TEN).image("shop:v1").tag("scan", "on"));
    world.balance(Balancer::application("prod/shop").requests(|_| 1000.0).serving(Version::new("v1"), 4));
    let configuration = DeploymentConfiguration::canary(10.0, 60);
    world.lock().native.configurations.insert("prod/shop".to_owned(), configuration);
    drop(world.take_events());
    world.push(Image::new("shop", "v2"));
    world.deploy("prod/shop", Version::new("v2").image("shop:v2"));
    world.pass(20);
    let events = world.take_events_of("ECR Image Scan");
    let batch = batch(&world, &events);
    (world, batch)
}

/// Everything that is measured of them.
///
/// # Errors
/// Where an invocation fails.
pub async fn measured(function: &Function) -> Result<Vec<Line>, Box<dyn Error>> {
    let blocked = one_image(function, Severity::Critical, 1).await?;
    let passed = one_image(function, Severity::Low, 1).await?;
    let flood = one_image(function, Severity::Critical, EVENTS).await?;
    let peak = blocked.peak_mb.max(passed.peak_mb).max(flood.peak_mb);
    Ok(vec![
        Line::at_most("10,000 findings that block, API calls", 20.0, f64::from(blocked.calls), ""),
        Line::told("10,000 findings that block, CPU", format!("{:.0} ms", milliseconds(blocked.cpu))),
        Line::at_most("10,000 findings of which none blocks, API calls", 1020.0, f64::from(passed.calls), ""),
        Line::told("10,000 findings of which none blocks, CPU", format!("{:.0} ms", milliseconds(passed.cpu))),
        Line::at_most("1,000 events about that image, API calls", 20.0, f64::from(flood.calls), ""),
        Line::at_most("peak memory of these invocations", 64.0, peak, "MB"),
        verdict().await?,
    ])
}

/// One verdict.
async fn verdict() -> Result<Line, Box<dyn Error>> {
    const VERDICTS: u32 = 100;
    let (facts, policy) = (facts_of_an_image().await?, Policy::default());
    let each = one_of(VERDICTS, &|| drop(black_box(judge(black_box(&facts), &policy, TEN))))?;
    Ok(Line::at_most("one verdict on 10,000 findings, CPU", 20.0, milliseconds(each), "ms"))
}

/// What is known of an image with so many findings, half of which block.
async fn facts_of_an_image() -> Result<Facts, Box<dyn Error>> {
    let (world, _) = found_in_one_image(|n| if n % 2 == 0 { Severity::Critical } else { Severity::Low });
    let deadline = Deadline::within(Duration::from_mins(10));
    let looking = Looking::new(&world, &deadline, 8, false, TEN);
    let name = ImageName::read(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:v1"))?;
    let (facts, judgement) = looking.judge(&name, None, &Policy::default()).await.map_err(|no_image| no_image.0)?;
    if judgement.verdict != Verdict::Fail || judgement.blocking.len() != FINDINGS / 2 {
        return Err(format!("half of them should block: {}", judgement.why).into());
    }
    Ok(facts)
}

/// What an invocation cost.
struct Cost {
    calls: u32,
    cpu: Duration,
    peak_mb: f64,
}

/// One batch of so many events about an image in which all findings are of this severity.
async fn one_image(function: &Function, severity: Severity, events: usize) -> Result<Cost, Box<dyn Error>> {
    let (world, found) = found_in_one_image(|_| severity);
    let batch = batch(&world, &found[..events]);
    let (_server, mut lambda) = started(function, world.clone()).await;
    lambda.started().await;
    let pid = lambda.pid().ok_or("the function is gone")?;
    let before = cpu(pid)?;
    lambda.invoke(batch, 120).await.map_err(|error| error.to_string())?;
    let cpu = cpu(pid)?.saturating_sub(before);
    let peak_mb = peak_memory_mb(pid)?;
    lambda.stop().await;
    let read = world.calls("DescribeImageScanFindings");
    if read != u32::try_from(FINDINGS / 1000)? {
        return Err(format!("not every page was read, or some twice: {read}, {:?}", world.records()).into());
    }
    let calls = world.lock().calls.values().sum();
    Ok(Cost { calls, cpu, peak_mb })
}

/// An image in a repository that is enrolled, and the event about each of its findings.
fn found_in_one_image(severity: impl Fn(usize) -> Severity) -> (World, Vec<Value>) {
    let world = account("version: 1\nmode: on\n");
    world.scans_enhanced();
    let finding = |n: usize| {
        let package = format!("package-{n}");
        Finding::new(&format!("CVE-2026-{n:05}"), severity(n)).in_package(&package, "1.2.3-4").fixed_in("1.2.4-1")
    };
    world.push(Image::new("shop", "v1").finds((0..FINDINGS).map(finding)));
    world.pass(20);
    let events = world.take_events_of("Inspector2 Finding");
    (world, events)
}

/// An account with this policy, twenty minutes before ten.
fn account(policy: &str) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(20));
    world.lock().parameters.insert(POLICY.to_owned(), policy.to_owned());
    world
}

/// The queue's batch of these events.
fn batch(world: &World, events: &[Value]) -> Value {
    let (mut queue, now) = (Queue::default(), world.lock().now);
    for event in events {
        queue.send(event, now);
    }
    queue.receive(now).unwrap_or_else(|| json!({"Records": []}))
}
