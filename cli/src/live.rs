//! Reading the account that the environment, a profile or SSO names. Nothing here changes anything.

use anyhow::{Context, Result};
use tidegate_aws::Aws;
use tidegate_aws::clock::{Clock, ClockSource};
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::sdk::loader;
use tidegate_core::backtest::demand::Demand;
use tidegate_core::backtest::replay;
use tidegate_core::metrics::{Answer, MetricQuery};
use tidegate_core::scaling::CPU;
use tidegate_core::scaling::facts::Reading;
use tidegate_core::scaling::queries::{Questions, Subject};

use crate::backtest::Load;

/// The clients.
///
/// # Errors
/// Where no region is named.
pub async fn aws() -> Result<Aws> {
    let config = loader().load().await;
    config.region().context("no region is named: set AWS_REGION, or a profile that names one")?;
    let clock = variable("TIDEGATE_CLOCK").map_or(Some(ClockSource::System), |url| ClockSource::from_url(&url));
    Ok(Aws::new(&config, clock.context("TIDEGATE_CLOCK must be http:// and a loopback address with its port")?))
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
/// Where CloudWatch can't be read, or has nothing.
pub async fn load(service: &str, days: u32) -> Result<Load> {
    let (cluster, name) =
        service.split_once('/').with_context(|| format!("--service is {service:?}: must be CLUSTER/SERVICE"))?;
    let aws = aws().await?;
    let subject = Subject { cluster: cluster.to_owned(), service: name.to_owned(), target_groups: Vec::new() };
    let questions = Questions::of_cpu_by_minute(&subject, days * 24 * 60);
    let (from, to) = questions.window(aws.now().await);
    let queries: Vec<&MetricQuery> = questions.queries().collect();
    let answers: Vec<Answer> = aws.get_metric_data(&queries, from, to).await?;
    let points = match questions.readings(&answers).remove(CPU) {
        Some(Reading::Points(points)) => points,
        Some(Reading::Unreadable(why)) => anyhow::bail!("the CPU of {service} can't be read: {why}"),
        _ => Vec::new(),
    };
    let nothing = || format!("CloudWatch has no CPU of {service} in the last {days} days; is the name right?");
    let demand = Demand::from_cpu(&points).with_context(nothing)?;
    Ok(Load { name: service.to_owned(), demand, capacity: Some(replay::shape().capacity) })
}
