//! Each measurement: what the design budgets, on a function's release binary.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::functions::{Function, Services};
use super::process::{cpu, peak_memory_mb};
use super::{Line, memory, tls};
use crate::lambda::{Lambda, Runtime, Start, binary};
use crate::release::FUNCTION;
use crate::scene::{TEN, scheduled};
use crate::wire::Server;
use crate::world::World;

/// One file of certificates to trust, as Amazon Linux has it; Debian's folder beside it would be read link by link.
const TRUSTED: (&str, &str) = ("SSL_CERT_FILE", tls::SYSTEM);

/// Runs whose median counts.
const RUNS: usize = 25;

type Measured = Result<Line, Box<dyn Error>>;

/// The binary, compressed as for an upload.
///
/// # Errors
/// Where it can't be read.
pub fn zipped_size(function: &Function) -> Measured {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(binary(function.name))?)?;
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let mb = encoder.finish()?.len() as f64 / 1e6;
    Ok(Line::at_most("zipped bootstrap", 4.0, mb, "MB"))
}

/// Process start to the first poll of the Runtime API, beside the same clients in Python.
///
/// # Errors
/// Where a process can't be started.
pub async fn start_up(function: &Function) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut ours = Vec::new();
    let mut python = Vec::new();
    for _ in 0..RUNS {
        let (_server, lambda) = started(function, World::new(TEN)).await;
        lambda.started().await;
        ours.push(cpu(lambda.pid().ok_or("the function is gone")?)?);
        lambda.stop().await;
        python.extend(python_start(function).await?);
    }
    let ours = milliseconds(median(&mut ours));
    let mut lines = vec![Line::at_most("process start to first poll, CPU", 6.0, ours, "ms")];
    let python = (!python.is_empty()).then(|| milliseconds(median(&mut python)));
    lines.push(Line {
        what: "  the same in Python with boto3".to_owned(),
        budget: "at least 30 times ours".to_owned(),
        measured: python.map_or_else(
            || "not measured: tools/install.sh bench installs it".to_owned(),
            |python| format!("{python:.0} ms, {:.0} times", python / ours),
        ),
        within: python.is_some_and(|python| python >= 30.0 * ours),
    });
    Ok(lines)
}

/// CPU until a Python function with the same clients polls; None where Python's side is not installed.
async fn python_start(function: &Function) -> Result<Option<Duration>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let python = root.join(".tools/venv-bench/bin/python");
    if !python.exists() {
        return Ok(None);
    }
    let runtime = Runtime::listen().await;
    let mut process = tokio::process::Command::new(python)
        .args(["-m", "awslambdaric", &format!("{}.handler", function.python)])
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

/// The first invocation, with a TLS handshake to each endpoint that it calls, and the same again.
///
/// # Errors
/// Where it fails.
pub async fn first_call_over_tls(function: &Function) -> Result<Vec<Line>, Box<dyn Error>> {
    let (config, trusted) = tls::authority()?;
    let (what, services) = function.first;
    let (mut used, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (world, event) = (function.begin)();
        let mut servers = Vec::new();
        let mut variables = variables(function);
        variables.push(("SSL_CERT_FILE".to_owned(), trusted.display().to_string()));
        for service in services {
            let server = Server::start_tls(world.clone(), config.clone()).await;
            variables.push((format!("AWS_ENDPOINT_URL_{service}"), format!("https://{}", server.address)));
            servers.push(server);
        }
        let clock = Server::start(world.clone()).await;
        let start = Start { binary: binary(function.name), endpoint: clock.url(), clock: Some(clock.url()), variables };
        let mut lambda = Lambda::start(start, world).await;
        lambda.started().await;
        let pid = lambda.pid().ok_or("the function is gone")?;
        let before = cpu(pid)?;
        let answer = lambda.invoke(event.clone(), 60).await.map_err(|error| error.to_string())?;
        let after = cpu(pid)?;
        used.push(after.saturating_sub(before));
        if !(function.began)(&answer) {
            return Err(format!("{what}: {answer}").into());
        }
        lambda.invoke(event, 60).await.map_err(|error| error.to_string())?;
        warm.push(cpu(pid)?.saturating_sub(after));
        lambda.stop().await;
    }
    fs::remove_file(trusted)?;
    let (first, warm) = (median(&mut used), median(&mut warm));
    Ok(vec![
        Line::at_most(what, 8.0, milliseconds(first), "ms"),
        Line::told("  the same again, warm", format!("{:.2} ms", milliseconds(warm))),
        memory::time_of(function, first)?,
    ])
}

/// Peak memory of an invocation over a hundred services.
///
/// # Errors
/// Where it fails.
pub async fn memory_of_100_services(function: &Function, services: &Services) -> Measured {
    let world = (services.hundred)();
    let now = world.lock().now;
    let (_server, mut lambda) = started(function, world).await;
    lambda.invoke(scheduled(now), 60).await.map_err(|error| error.to_string())?;
    let peak = peak_memory_mb(lambda.pid().ok_or("the function is gone")?)?;
    lambda.stop().await;
    Ok(Line::at_most("peak memory, 100 services", 24.0, peak, "MB"))
}

/// One decision for one service.
///
/// # Errors
/// Where the kernel does not tell the time.
pub fn decision(services: &Services) -> Measured {
    let each = one_of(20_000, &(services.decide)())?;
    Ok(Line::at_most(services.decision, 0.1, milliseconds(each), "ms"))
}

/// CPU of one of so many runs of something.
pub(super) fn one_of(runs: u32, run: &dyn Fn()) -> std::io::Result<Duration> {
    let before = cpu(std::process::id())?;
    (0..runs).for_each(|_| run());
    Ok(cpu(std::process::id())?.saturating_sub(before) / runs)
}

fn variables(function: &Function) -> Vec<(String, String)> {
    let ours = [("AWS_LAMBDA_FUNCTION_NAME", FUNCTION), TRUSTED];
    let all = ours.iter().chain(function.variables);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A function's process in a world, and the server that it calls.
pub(super) async fn started(function: &Function, world: World) -> (Server, Lambda) {
    let server = Server::start(world.clone()).await;
    let (binary, variables) = (binary(function.name), variables(function));
    let start = Start { binary, endpoint: server.url(), clock: Some(server.url()), variables };
    (server, Lambda::start(start, world).await)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
