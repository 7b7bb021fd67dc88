//! What deployments that begin, and services whose tasks crash, cost the deployment hook.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use deploy_hook::handler::Reply;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_core::hook::{HookRecord, judge};
use tokio::time::Instant;

use super::Line;
use super::functions::Function;
use super::measure::{milliseconds, one_of, started};
use super::process::{cpu, peak_memory_mb};
use crate::hooking::{FUNCTION, Hooking, at};
use crate::queue::Queue;
use crate::scene::TEN;
use crate::world::World;
use crate::world::balancer::Balancer;
use crate::world::codedeploy::DeploymentGroup;
use crate::world::failures::Failure;
use crate::world::native::DeploymentConfiguration;
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;

const SHOP: &str = "prod/shop";
const ALARM: &str = "shop-errors";
const EVENT: &str = "BeforeInstall";

/// Events of a crash loop: as many as one batch holds.
const EVENTS: usize = 1000;

/// The hook of a good version before any of its tasks, under ECS, and its call: everything is read once, and it passes.
#[must_use]
pub fn called() -> (World, Value) {
    let world = account(|service| service);
    let configuration = DeploymentConfiguration::canary(10.0, 10).bake(10).hook(at(&["PRE_SCALE_UP"]));
    world.lock().native.configurations.insert(SHOP.to_owned(), configuration);
    let call = call_of_a_release(&world);
    (world, call)
}

/// The same under CodeDeploy.
fn called_by_code_deploy() -> (World, Value) {
    let world = account(Service::by_code_deploy);
    let group = DeploymentGroup::new(SHOP).canary(10, 10).termination_wait(10).hook(EVENT, FUNCTION);
    world.lock().codedeploy.groups.push(group);
    let call = call_of_a_release(&world);
    (world, call)
}

/// Everything that is measured of them.
///
/// # Errors
/// Where an invocation fails.
pub async fn measured(function: &Function) -> Result<Vec<Line>, Box<dyn Error>> {
    let (world, call) = called_by_code_deploy();
    let look = invocation(function, &world, call).await?;
    let events: Vec<_> = {
        let account = world.lock();
        let deployments = account.codedeploy.deployments.iter();
        deployments.filter_map(|deployment| Some(deployment.event(EVENT)?.status)).collect()
    };
    if events != ["Succeeded"] {
        return Err(format!("a good version should pass: {events:?} {} {:?}", look.answer, world.records()).into());
    }
    let (world, batch) = crash_loop();
    let incident = invocation(function, &world, batch).await?;
    if incident.answer != json!({"batchItemFailures": []}) || world.subjects().len() != 1 {
        return Err(format!("one message should tell of it: {} {:?}", incident.answer, world.subjects()).into());
    }
    Ok(vec![
        Line::at_most("a look before installation, API calls", 25.0, f64::from(look.calls), ""),
        Line::at_most("a look before installation, 20 ms a call", 1.0, look.wall.as_secs_f64(), "s"),
        Line::told("a look before installation, CPU", format!("{:.1} ms", milliseconds(look.cpu))),
        Line::at_most("a look before installation, peak memory", 24.0, look.peak_mb, "MB"),
        Line::at_most("1,000 events of one crash loop, API calls", 20.0, f64::from(incident.calls), ""),
        Line::told("1,000 events of one crash loop, CPU", format!("{:.0} ms", milliseconds(incident.cpu))),
        Line::at_most("1,000 events of one crash loop, peak memory", 24.0, incident.peak_mb, "MB"),
        judgement().await?,
    ])
}

/// What an invocation cost.
struct Cost {
    answer: Value,
    calls: u32,
    wall: Duration,
    cpu: Duration,
    peak_mb: f64,
}

async fn invocation(function: &Function, world: &World, event: Value) -> Result<Cost, Box<dyn Error>> {
    {
        let mut account = world.lock();
        account.latency = Duration::from_millis(20);
        account.calls.clear();
    }
    let (_server, mut lambda) = started(function, world.clone()).await;
    lambda.started().await;
    let pid = lambda.pid().ok_or("the function is gone")?;
    let (before, began) = (cpu(pid)?, Instant::now());
    let answer = lambda.invoke(event, 60).await.map_err(|error| error.to_string())?;
    let wall = began.elapsed();
    let cpu = cpu(pid)?.saturating_sub(before);
    let peak_mb = peak_memory_mb(pid)?;
    lambda.stop().await;
    let calls = world.lock().calls.values().sum();
    Ok(Cost { answer, calls, wall, cpu, peak_mb })
}

/// One judgement.
async fn judgement() -> Result<Line, Box<dyn Error>> {
    let (world, _) = called_by_code_deploy();
    let request = json!({"service": SHOP, "stage": EVENT});
    let record = match Hooking::over(&[], world).invoke(&request).await? {
        Reply::DryRun(record) => *record,
        other => return Err(format!("no dry run: {other:?}").into()),
    };
    let HookRecord { facts: Some(facts), policy: Some(policy), .. } = record else {
        return Err("nothing was judged".into());
    };
    let each = one_of(20_000, &|| drop(black_box(judge(black_box(&facts), &policy, TEN))))?;
    Ok(Line::at_most("one judgement before installation", 0.1, milliseconds(each), "ms"))
}

/// The shop with its images, the hundred events that ECS keeps of it, an alarm and a load balancer.
fn account(controlled: impl FnOnce(Service) -> Service) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(150));
    for tag in ["v1", "v2"] {
        world.push(Image::new("shop", tag).user("1000"));
    }
    let service = Service::new(SHOP, 4, TEN).image("shop:v1").tag("hook", "on").tag("alarms", ALARM);
    let mut service = controlled(service);
    service.fill_events(TEN);
    world.add(service);
    world.balance(Balancer::application(SHOP).test_listener().requests(|_| 1000.0).serving(Version::new("v1"), 4));
    world.lock().set_alarm(ALARM, "OK");
    world.pass(150);
    drop(world.take_events());
    world
}

/// The first call of the next release.
fn call_of_a_release(world: &World) -> Value {
    world.deploy(SHOP, Version::new("v2").image("shop:v2"));
    world.next_call(SignedDuration::from_hours(1)).expect("a call").payload
}

/// A service whose tasks crash again and again, and the batch that tells of it.
fn crash_loop() -> (World, Value) {
    let world = account(|service| service);
    world.crash(SHOP, Failure::exits(1).after(30));
    world.pass(10);
    let stopped = |event: &Value| event["detail"]["lastStatus"] == "STOPPED";
    let stops: Vec<Value> = world.take_events_of("ECS Task State Change").into_iter().filter(stopped).collect();
    let (mut queue, now) = (Queue::default(), world.lock().now);
    // What happened in ten minutes is told as often as a batch can hold.
    for event in stops.iter().cycle().take(EVENTS) {
        queue.send(event, now);
    }
    let batch = queue.receive(now).unwrap_or_else(|| json!({"Records": []}));
    (world, batch)
}
