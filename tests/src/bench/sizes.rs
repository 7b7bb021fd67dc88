//! What runs cost over few services and over many, where nothing is to be changed.

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;

use super::Line;
use super::functions::{Age, Function, Services};
use super::measure::{milliseconds, started};
use super::process::{cpu, peak_memory_mb};
use crate::scene::{TEN, scheduled};

/// How many services accounts have, beside the thousand that is budgeted.
const OTHERS: [usize; 3] = [10, 100, 5000];

/// A run over a thousand services in ten clusters, 20 ms a call.
///
/// # Errors
/// Where it fails.
pub async fn thousand_services(function: &Function, services: &Services) -> Result<Vec<Line>, Box<dyn Error>> {
    let years = run(function, services, 1000, Age::Years).await?;
    let new = run(function, services, 1000, Age::New).await?;
    Ok(vec![
        Line::at_most("1,000 services at rest, API calls", services.calls, f64::from(years.calls), ""),
        Line::at_most("1,000 services at rest, 20 ms a call", 6.0, years.wall.as_secs_f64(), "s"),
        Line::at_most("1,000 services at rest, CPU", 100.0, milliseconds(years.cpu), "ms"),
        Line::told("  the same without service events to read", format!("{:.0} ms", milliseconds(new.cpu))),
        Line::told("1,000 services at rest, peak memory", format!("{:.1} MB", years.peak_mb)),
    ])
}

/// The same over fewer, and over more than are budgeted.
///
/// # Errors
/// Where it fails.
pub async fn other_sizes(function: &Function, services: &Services) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut lines = Vec::new();
    for count in OTHERS {
        let run = run(function, services, count, Age::Years).await?;
        let (seconds, cpu) = (run.wall.as_secs_f64(), milliseconds(run.cpu));
        let measured = format!("{} calls, {seconds:.1} s, {cpu:.0} ms CPU, {:.1} MB", run.calls, run.peak_mb);
        let thousands = if count < 1000 { count.to_string() } else { format!("{},{:03}", count / 1000, count % 1000) };
        lines.push(Line::told(format!("  the same over {thousands} services"), measured));
    }
    Ok(lines)
}

struct Run {
    calls: u32,
    wall: Duration,
    cpu: Duration,
    peak_mb: f64,
}

async fn run(function: &Function, services: &Services, count: usize, age: Age) -> Result<Run, Box<dyn Error>> {
    let world = (services.at_rest)(count, age);
    world.lock().latency = Duration::from_millis(20);
    let (_server, mut lambda) = started(function, world.clone()).await;
    lambda.started().await;
    let pid = lambda.pid().ok_or("the function is gone")?;
    let before = cpu(pid)?;
    let began = Instant::now();
    let summary = lambda.invoke(scheduled(TEN), 120).await.map_err(|error| error.to_string())?;
    let wall = began.elapsed();
    let cpu = cpu(pid)?.saturating_sub(before);
    if !(services.rested)(&summary, count) {
        return Err(format!("not every service was seen and left alone: {summary}").into());
    }
    let calls = world.lock().calls.values().sum();
    let peak_mb = peak_memory_mb(pid)?;
    lambda.stop().await;
    Ok(Run { calls, wall, cpu, peak_mb })
}
