//! Reading the account that the environment, a profile or SSO names. Nothing here changes anything.

use anyhow::{Context, Result};
use aws_config::Region;
use aws_credential_types::provider::ProvideCredentials;
use jiff::Timestamp;
use tidegate_aws::Aws;
use tidegate_aws::clock::{Clock, ClockSource};
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::ecs::{Ecs, Service};
use tidegate_aws::sdk::loader;
use tidegate_core::backtest::demand::Demand;
use tidegate_core::backtest::replay;
use tidegate_core::metrics::{Answer, MetricQuery};
use tidegate_core::scaling::CPU;
use tidegate_core::scaling::facts::Reading;
use tidegate_core::scaling::history::one_sample_per_task;
use tidegate_core::scaling::queries::{Questions, Subject};

use crate::backtest::{Load, Task};

/// The clients.
///
/// # Errors
/// Where no region is named, or nobody is signed in.
pub async fn aws() -> Result<Aws> {
    aws_in(None).await
}

/// The clients in a region that somebody named, or else in that of the environment.
///
/// # Errors
/// Where no region is named, or nobody is signed in.
pub async fn aws_in(region: Option<String>) -> Result<Aws> {
    let loader = loader();
    let loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    };
    let config = loader.load().await;
    config
        .region()
        .filter(|region| !region.as_ref().is_empty())
        .context("no region is named: set AWS_REGION, or a profile that names one")?;
    let credentials = config.credentials_provider().context("no credentials are configured")?;
    let signed_in = credentials.provide_credentials().await;
    let profile = variable("AWS_PROFILE").map_or_else(String::new, |profile| format!(" of the profile {profile}"));
    signed_in.ok().with_context(|| {
        format!("no AWS credentials{profile} are to be had: set AWS_PROFILE, or sign in with `aws sso login`")
    })?;
    Ok(Aws::new(&config, clock()?))
}

/// Where the time comes from.
///
/// # Errors
/// Where `TIDEGATE_CLOCK` names anything but a local world.
pub fn clock() -> Result<ClockSource> {
    let clock = variable("TIDEGATE_CLOCK").map_or(Some(ClockSource::System), |url| ClockSource::from_url(&url));
    clock.context("TIDEGATE_CLOCK must be http:// and a loopback address with its port")
}

/// The moment that was asked about, or else the present one.
///
/// # Errors
/// Where there is no clock.
pub async fn moment(asked: Option<Timestamp>) -> Result<Timestamp> {
    match asked {
        Some(moment) => Ok(moment),
        None => Ok(clock()?.now().await),
    }
}

/// A variable of the environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the CLI reads its environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The past of a live service, in percent of a task.
///
/// # Errors
/// Where the service can't be read, or CloudWatch has nothing of it.
pub async fn load(
    ports: &(impl Ecs + CloudWatch + Clock),
    region: &str,
    cluster: &str,
    name: &str,
    days: u32,
) -> Result<Load> {
    let service = format!("{cluster}/{name}");
    let described = ports.describe_services(cluster, &[name.to_owned()]).await?;
    let failed =
        || described.failures.first().map_or_else(String::new, |(_, why)| format!(": DescribeServices says {why}"));
    let found = described.services.first().with_context(|| format!("there is no service {service}{}", failed()))?;
    let subject = Subject { cluster: cluster.to_owned(), service: name.to_owned(), target_groups: Vec::new() };
    let questions = Questions::of_cpu_by_minute(&subject, days * 24 * 60);
    let (from, to) = questions.window(ports.now().await);
    let queries: Vec<&MetricQuery> = questions.queries().collect();
    let answers: Vec<Answer> = ports.get_metric_data(&queries, from, to).await?;
    let points = match questions.readings(&answers).remove(CPU) {
        Some(Reading::Points(points)) => points,
        Some(Reading::Unreadable(why)) => anyhow::bail!("the CPU of {service} can't be read: {why}"),
        _ => Vec::new(),
    };
    let nothing = || format!("CloudWatch has no CPU of {service} in the last {days} days");
    let demand = Demand::from_cpu(&one_sample_per_task(&points, found.running)).with_context(nothing)?;
    let task = task(ports, found, region).await?;
    Ok(Load { name: service, demand, capacity: Some(replay::shape().capacity), task })
}

/// What the tasks of a service are. None on EC2, whose price is not in the task.
async fn task(ports: &impl Ecs, service: &Service, region: &str) -> Result<Option<Task>> {
    let Some((purchase, definition)) = service.capacity.purchase().zip(service.task_definition.as_ref()) else {
        return Ok(None);
    };
    let size = ports.describe_task_definition(definition).await?;
    Ok(size.map(|size| Task { size, purchase, region: region.to_owned() }))
}
