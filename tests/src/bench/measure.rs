//! Each measurement: what the design budgets, on the release binary.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::SignedDuration;
use tidegate_core::scaling::decide;
use tokio::time::Instant;

use super::process::{cpu, peak_memory_mb};
use super::{Line, tls};
use crate::lambda::{Lambda, Runtime, Start, binary};
use crate::scene::{TEN, scheduled};
use crate::wire::Server;
use crate::world::World;
use crate::world::service::Service;

/// One file of certificates to trust, as Amazon Linux has it; Debian's folder beside it would be read link by link.
const TRUSTED: (&str, &str) = ("SSL_CERT_FILE", tls::SYSTEM);

/// Runs whose median counts.
const RUNS: usize = 25;

/// The services that the scaler calls, as `AWS_ENDPOINT_URL_...` names them.
const SERVICES: [&str; 4] = ["RESOURCE_GROUPS_TAGGING_API", "ECS", "APPLICATION_AUTO_SCALING", "CLOUDWATCH"];

type Measured = Result<Line, Box<dyn Error>>;

/// The binary, compressed as for an upload.
///
/// # Errors
/// Where it can't be read.
pub fn zipped_size() -> Measured {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(binary("cost-scaler"))?)?;
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let mb = encoder.finish()?.len() as f64 / 1e6;
    Ok(Line::at_most("zipped bootstrap", 4.0, mb, "MB"))
}

/// Process start to the first poll of the Runtime API, beside the same clients in Python.
///
/// # Errors
/// Where a process can't be started.
pub async fn start_up() -> Result<Vec<Line>, Box<dyn Error>> {
    let mut ours = Vec::new();
    let mut python = Vec::new();
    for _ in 0..RUNS {
        let (_world, server, lambda) = started(0, Age::New, Duration::ZERO).await;
        lambda.started().await;
        ours.push(cpu(lambda.pid().ok_or("the function is gone")?)?);
        lambda.stop().await;
        drop(server);
        python.extend(python_start().await?);
    }
    let ours = milliseconds(median(&mut ours));
    let mut lines = vec![Line::at_most("process start to first poll, CPU", 6.0, ours, "ms")];
    if python.is_empty() {
        lines.push(Line {
            what: "  the same in Python with boto3",
            budget: "at least 30 times ours".to_owned(),
            measured: "not measured: tools/install.sh bench installs it".to_owned(),
            within: false,
        });
    } else {
        let python = milliseconds(median(&mut python));
        lines.push(Line {
            what: "  the same in Python with boto3",
            budget: "at least 30 times ours".to_owned(),
            measured: format!("{python:.0} ms, {:.0} times", python / ours),
            within: python >= 30.0 * ours,
        });
    }
    Ok(lines)
}

/// CPU until a Python function with the same four clients polls; None where Python's side is not installed.
async fn python_start() -> Result<Option<Duration>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let python = root.join(".tools/venv-bench/bin/python");
    if !python.exists() {
        return Ok(None);
    }
    let runtime = Runtime::listen().await;
    let mut process = tokio::process::Command::new(python)
        .args(["-m", "awslambdaric", "scaler.handler"])
        .current_dir(root.join("tests/python"))
        .env_clear()
        .envs(runtime.environment())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    runtime.polled().await;
    let used = cpu(process.id().ok_or("the function is gone")?)?;
    process.kill().await?;
    Ok(Some(used))
}

/// The first invocation, with a TLS handshake to each of four endpoints.
///
/// # Errors
/// Where it fails.
pub async fn first_call_over_tls() -> Measured {
    let (config, trusted) = tls::authority()?;
    let mut used = Vec::new();
    for _ in 0..RUNS {
        let world = world_of(1, 1, Age::Years);
        let mut servers = Vec::new();
        let mut variables = vec![("SSL_CERT_FILE".to_owned(), trusted.display().to_string())];
        for service in SERVICES {
            let server = Server::start_tls(world.clone(), config.clone()).await;
            variables.push((format!("AWS_ENDPOINT_URL_{service}"), format!("https://{}", server.address)));
            servers.push(server);
        }
        let clock = Server::start(world.clone()).await;
        let start = Start { binary: binary("cost-scaler"), endpoint: clock.url(), clock: Some(clock.url()), variables };
        let mut lambda = Lambda::start(start, world).await;
        lambda.started().await;
        let pid = lambda.pid().ok_or("the function is gone")?;
        let before = cpu(pid)?;
        let summary = lambda.invoke(scheduled(TEN), 60).await.map_err(|error| error.to_string())?;
        used.push(cpu(pid)?.saturating_sub(before));
        if summary["left_alone"]["on_target"] != 1 {
            return Err(format!("the run over TLS did not decide: {summary}").into());
        }
        lambda.stop().await;
    }
    fs::remove_file(trusted)?;
    Ok(Line::at_most("first invocation over TLS to four endpoints, CPU", 8.0, milliseconds(median(&mut used)), "ms"))
}

/// Peak memory of an invocation over a hundred services.
///
/// # Errors
/// Where it fails.
pub async fn memory_of_100_services() -> Measured {
    let (_world, _server, mut lambda) = started(100, Age::Years, Duration::ZERO).await;
    lambda.invoke(scheduled(TEN), 60).await.map_err(|error| error.to_string())?;
    let peak = peak_memory_mb(lambda.pid().ok_or("the function is gone")?)?;
    lambda.stop().await;
    Ok(Line::at_most("peak memory, 100 services", 24.0, peak, "MB"))
}

/// A run over a thousand services in ten clusters, 20 ms a call, nothing to change.
///
/// # Errors
/// Where it fails.
pub async fn thousand_services() -> Result<Vec<Line>, Box<dyn Error>> {
    let years = thousand(Age::Years).await?;
    let new = thousand(Age::New).await?;
    Ok(vec![
        Line::at_most("1,000 services at rest, API calls", 150.0, f64::from(years.calls), ""),
        Line::at_most("1,000 services at rest, 20 ms a call", 6.0, years.wall.as_secs_f64(), "s"),
        Line::at_most("1,000 services at rest, CPU", 100.0, milliseconds(years.cpu), "ms"),
        Line {
            what: "  the same without service events to read",
            budget: String::new(),
            measured: format!("{:.0} ms", milliseconds(new.cpu)),
            within: true,
        },
        Line {
            what: "1,000 services at rest, peak memory",
            budget: String::new(),
            measured: format!("{:.1} MB", years.peak_mb),
            within: true,
        },
    ])
}

struct Thousand {
    calls: u32,
    wall: Duration,
    cpu: Duration,
    peak_mb: f64,
}

async fn thousand(age: Age) -> Result<Thousand, Box<dyn Error>> {
    let (world, _server, mut lambda) = started(1000, age, Duration::from_millis(20)).await;
    lambda.started().await;
    let pid = lambda.pid().ok_or("the function is gone")?;
    let before = cpu(pid)?;
    let began = Instant::now();
    let summary = lambda.invoke(scheduled(TEN), 60).await.map_err(|error| error.to_string())?;
    let wall = began.elapsed();
    let cpu = cpu(pid)?.saturating_sub(before);
    if summary["left_alone"]["on_target"] != 1000 {
        return Err(format!("not every service was decided: {summary}").into());
    }
    let calls = world.lock().calls.values().sum();
    let peak_mb = peak_memory_mb(pid)?;
    lambda.stop().await;
    Ok(Thousand { calls, wall, cpu, peak_mb })
}

/// One decision for one service.
#[must_use]
pub fn decision() -> Line {
    const DECISIONS: u32 = 20_000;
    let facts = crate::scene::facts_of_a_busy_service();
    let policy = tidegate_core::scaling::Policy { min: Some(2), max: Some(40), ..Default::default() };
    let began = Instant::now();
    for _ in 0..DECISIONS {
        std::hint::black_box(decide(std::hint::black_box(&facts), &policy, TEN));
    }
    let each = began.elapsed().as_secs_f64() / f64::from(DECISIONS);
    Line::at_most("one decision", 0.1, each * 1000.0, "ms")
}

/// How old the services of a world are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// They have no events yet.
    New,
    /// Each has the hundred events that ECS keeps, and that every description of it carries.
    Years,
}

/// Services at rest.
fn world_of(services: usize, clusters: usize, age: Age) -> World {
    let world = World::new(TEN - SignedDuration::from_mins(20));
    for index in 0..services {
        let id = format!("cluster-{}/service-{index}", index % clusters);
        let mut service = Service::new(&id, 20, TEN).enrolled("on", 2, 40).load(|_| 14.0).behind_load_balancer();
        if age == Age::Years {
            service.fill_events(TEN);
        }
        world.add(service);
    }
    world.pass(20);
    world
}

async fn started(services: usize, age: Age, latency: Duration) -> (World, Server, Lambda) {
    let world = world_of(services, 10, age);
    world.lock().latency = latency;
    let server = Server::start(world.clone()).await;
    let binary: PathBuf = binary("cost-scaler");
    let variables = vec![(TRUSTED.0.to_owned(), TRUSTED.1.to_owned())];
    let start = Start { binary, endpoint: server.url(), clock: Some(server.url()), variables };
    let lambda = Lambda::start(start, world.clone()).await;
    (world, server, lambda)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
