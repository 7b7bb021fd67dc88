//! What `make scale` measures: the scaler's release binary over 1,000, 5,000 and 10,000 services, 20 ms a call.
//!
//! One process hands on and two look at parts, as Lambda runs them. The world's clock goes as fast as that on the wall:
//! the paces are what is measured, so a round takes as long as it would.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate::text::table;
use tidegate_aws::pace::Bucket;
use tidegate_core::prices::{Architecture, LAMBDA_REQUEST_USD, MINUTES_A_MONTH, Prices};
use tokio::time::{Instant, sleep, sleep_until};

use crate::bench::process::{cpu, peak_memory_mb};
use crate::lambda::{Answered, Lambda, Start, binary};
use crate::parts::{PARTS, fleet, has_queue, most_in_a_second};
use crate::scene::{TEN, scheduled};
use crate::wire::Server;
use crate::world::service::Service;
use crate::world::{REGION, World};

/// Services and clusters.
pub const SIZES: [(usize, usize); 3] = [(1_000, 10), (5_000, 25), (10_000, 50)];

/// How long each call takes on the wire.
const LATENCY: Duration = Duration::from_millis(20);

/// Seconds that an invocation may take, as the template has it.
const TIMEOUT_S: i64 = 60;

/// Memory that the function is said to have, in GB.
const MEMORY_GB: f64 = 0.25;

/// Sending, taking and deleting a message; ten are sent in one request.
///
/// Source: <https://aws.amazon.com/sqs/pricing/>
const SQS_MESSAGE_USD: f64 = 2.1 * 0.40 / 1e6;

/// A round over all services.
struct Round {
    invocations: usize,
    calls: BTreeMap<String, u32>,
    most_in_a_second: usize,
    within_half: bool,
    /// Until every part of its fullest minute was through.
    through: Duration,
    every_minutes: u32,
    cpu: Duration,
    peak_mb: f64,
    /// Lambda and SQS, in dollars.
    running_usd: f64,
    /// CloudWatch's metrics, in dollars.
    metrics_usd: f64,
}

/// Measures every size and prints the table. False where the calls were not within half of the bucket.
///
/// # Errors
/// Where something can't be measured, or not every service was looked at.
pub async fn run(sizes: &[(usize, usize)], out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let mut rounds = Vec::new();
    for (services, clusters) in sizes {
        rounds.push(round(*services, *clusters).await?);
    }
    let head: Vec<String> = sizes.iter().map(|(services, _)| format!("{services} services")).collect();
    let mut columns = vec!["one round over all of them"];
    columns.extend(head.iter().map(String::as_str));
    writeln!(out, "{}", table(&columns, &rows(sizes, &rounds)))?;
    Ok(rounds.iter().all(|round| round.within_half))
}

#[expect(clippy::cast_precision_loss, reason = "counts of services")]
fn rows(sizes: &[(usize, usize)], rounds: &[Round]) -> Vec<Vec<String>> {
    let row = |what: &str, of: &dyn Fn(&Round, usize) -> String| {
        let cells = rounds.iter().zip(sizes).map(|(round, (services, _))| of(round, *services));
        std::iter::once(what.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let calls =
        |operation: &'static str| move |round: &Round, _| round.calls.get(operation).map_or(0, |n| *n).to_string();
    let month = |usd: f64, round: &Round, services: usize| {
        let rounds = MINUTES_A_MONTH / f64::from(round.every_minutes);
        format!("${:.2}", usd * rounds / services as f64 * 1000.0)
    };
    let mut rows = vec![
        std::iter::once("clusters".to_owned()).chain(sizes.iter().map(|(_, clusters)| clusters.to_string())).collect(),
        row("smallest interval, minutes", &|round, _| round.every_minutes.to_string()),
        row("invocations", &|round, _| round.invocations.to_string()),
    ];
    for operation in
        ["GetResources", "DescribeServices", "DescribeScalableTargets", "GetMetricData", "SendMessageBatch"]
    {
        rows.push(row(operation, &calls(operation)));
    }
    rows.extend([
        row("most DescribeServices in any second", &|round, _| round.most_in_a_second.to_string()),
        row("within half of ECS's bucket", &|round, _| if round.within_half { "yes" } else { "NO" }.to_owned()),
        row("a minute's parts are through after", &|round, _| format!("{:.1} s", round.through.as_secs_f64())),
        row("CPU of all processes", &|round, _| format!("{:.0} ms", round.cpu.as_secs_f64() * 1000.0)),
        row("peak memory of a process", &|round, _| format!("{:.1} MB", round.peak_mb)),
        row("Lambda and SQS, a round", &|round, _| format!("${:.6}", round.running_usd)),
        row("Lambda and SQS, a month per 1,000 services", &|round, services| month(round.running_usd, round, services)),
        row("CloudWatch's metrics, a month per 1,000 services", &|round, services| {
            month(round.metrics_usd, round, services)
        }),
    ]);
    rows
}

async fn round(services: usize, clusters: usize) -> Result<Round, Box<dyn Error>> {
    let world = World::new(TEN - SignedDuration::from_mins(20));
    let service = |id: &str| {
        let mut service = Service::new(id, 20, TEN).enrolled("on", 2, 40).load(|_| 14.0).behind_load_balancer();
        // As ECS describes services that have been there for long.
        service.fill_events(TEN);
        service
    };
    for service in fleet(clusters, services / clusters, service) {
        world.add(service);
    }
    world.pass(20);
    world.lock().latency = LATENCY;
    has_queue(&world);
    let server = Server::start(world.clone()).await;
    let mut first = started(&world, &server).await;
    let mut workers = (started(&world, &server).await, started(&world, &server).await);
    let pids = [&first, &workers.0, &workers.1].map(Lambda::pid);
    let used = || -> Result<Duration, Box<dyn Error>> {
        pids.iter().map(|pid| Ok(cpu(pid.ok_or("the function is gone")?)?)).sum()
    };
    let before = used()?;
    let ticking = tokio::spawn(tick(world.clone()));
    let (began, mut minute, mut every, mut through) = (Instant::now(), 0, 1, Duration::ZERO);
    while minute < every {
        sleep_until(began + Duration::from_mins(minute.into())).await;
        let due = Instant::now();
        let at = TEN + SignedDuration::from_mins(minute.into());
        let summary = first.invoke(scheduled(at), TIMEOUT_S).await.map_err(|error| error.to_string())?;
        every = summary["handed_on"]["every_minutes"].as_u64().map_or(1, |every| u32::try_from(every).unwrap_or(1));
        let (one, other) = tokio::join!(work(&world, &mut workers.0), work(&world, &mut workers.1));
        one?;
        other?;
        through = through.max(due.elapsed());
        minute += 1;
    }
    ticking.abort();
    let cpu = used()?.saturating_sub(before);
    let peaks: Result<Vec<f64>, _> = pids.iter().flatten().map(|pid| peak_memory_mb(*pid)).collect();
    let account = world.lock();
    let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summaries: Vec<Value> =
        lines.map(|mut line| line["summary"].take()).filter(|summary| !summary.is_null()).collect();
    let sum = |of: &dyn Fn(&Value) -> Option<f64>| summaries.iter().filter_map(of).sum::<f64>();
    let seen = sum(&|summary| summary["left_alone"]["on_target"].as_f64());
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let (wanted, invocations) = (services as f64, summaries.len() as f64);
    if (seen - wanted).abs() > 0.5 {
        let came: Vec<String> =
            summaries.iter().map(|run| format!("{} {}", run["left_alone"], run["failed"])).collect();
        return Err(format!("{seen} of {services} services were looked at and left alone: {}", came.join("; ")).into());
    }
    let seconds = sum(&|summary| summary["duration_ms"].as_f64()) / 1000.0;
    let gb_second = Prices::new(REGION, Vec::new()).lambda_gb_second_usd(Architecture::X86_64);
    let lambda_usd = seconds * MEMORY_GB * gb_second + invocations * LAMBDA_REQUEST_USD;
    let parts = sum(&|summary| summary["handed_on"]["parts"].as_f64());
    let reads: Vec<Instant> =
        account.call_times.iter().filter(|(operation, _)| operation == "DescribeServices").map(|(_, at)| *at).collect();
    Ok(Round {
        invocations: summaries.len(),
        calls: account.calls.clone(),
        most_in_a_second: most_in_a_second(&account.call_times, "DescribeServices"),
        within_half: within(&reads, Bucket::ECS_SERVICE_READ.half()),
        through,
        every_minutes: every,
        cpu,
        peak_mb: peaks?.into_iter().fold(0.0, f64::max),
        running_usd: lambda_usd + parts * SQS_MESSAGE_USD,
        metrics_usd: sum(&|summary| summary["run_usd"].as_f64()) - lambda_usd,
    })
}

async fn started(world: &World, server: &Server) -> Lambda {
    let variables = vec![
        ("TIDEGATE_PARTS_QUEUE".to_owned(), PARTS.to_owned()),
        ("SSL_CERT_FILE".to_owned(), crate::bench::tls::SYSTEM.to_owned()),
    ];
    let (endpoint, clock) = (server.url(), Some(server.url()));
    let lambda =
        Lambda::start(Start { binary: binary("cost-scaler"), endpoint, clock, variables }, world.clone()).await;
    lambda.started().await;
    lambda
}

/// The world's clock, by that on the wall.
async fn tick(world: World) {
    let began = Instant::now();
    for second in 1.. {
        sleep_until(began + Duration::from_secs(second)).await;
        world.pass_for(SignedDuration::from_secs(1));
    }
}

/// Looks at parts until the queue is empty.
async fn work(world: &World, lambda: &mut Lambda) -> Result<(), Box<dyn Error>> {
    loop {
        let batch = {
            let mut account = world.lock();
            let now = account.now;
            let queue = account.queues.get_mut(PARTS).ok_or("there is no queue")?;
            if queue.is_empty() {
                return Ok(());
            }
            queue.receive(now)
        };
        let Some(batch) = batch else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let answer: Answered = lambda.invoke(batch.clone(), TIMEOUT_S).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer != json!({"batchItemFailures": []}) {
            return Err(format!("a part came to nothing: {answer}").into());
        }
        world.lock().queues.get_mut(PARTS).ok_or("there is no queue")?.answered_to(&batch, &answer);
    }
}

/// Whether a bucket that is full at first has a token for each call, but for two that the wire may have brought together.
fn within(calls: &[Instant], bucket: Bucket) -> bool {
    let (holds, per_second) = (f64::from(bucket.burst), f64::from(bucket.per_second));
    let mut left = holds;
    let mut last = calls.first().copied();
    calls.iter().all(|at| {
        let passed = last.replace(*at).map_or(0.0, |last| at.duration_since(last).as_secs_f64());
        left = (left + passed * per_second).min(holds) - 1.0;
        left >= -2.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_kept_within_or_it_is_not() {
        let bucket = Bucket { burst: 5, per_second: 10 };
        let began = Instant::now();
        let every = |ms: u64, count: u64| -> Vec<Instant> {
            (0..count).map(|call| began + Duration::from_millis(ms * call)).collect()
        };
        assert!(within(&every(100, 100), bucket));
        assert!(within(&every(0, 7), bucket));
        assert!(!within(&every(0, 8), bucket));
        assert!(!within(&every(80, 100), bucket));
    }
}
