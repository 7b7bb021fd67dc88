//! What alarms and the dashboard look at.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{named, resource, template, text};
use crate::functions::Function;

/// A function, and the name of a metric of it.
type Metric = (String, String);

/// The metrics that the functions publish.
async fn published() -> BTreeSet<Metric> {
    let mut published = BTreeSet::new();
    for function in Function::ALL {
        for world in function.worlds().await {
            let account = world.lock();
            let lines = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for line in lines {
                let sets = line["_aws"]["CloudWatchMetrics"].as_array().cloned().unwrap_or_default();
                let metrics = sets.iter().flat_map(|set| set["Metrics"].as_array().cloned().unwrap_or_default());
                let of = line["function"].as_str().unwrap_or_default().to_owned();
                published.extend(metrics.filter_map(|metric| Some((of.clone(), metric["Name"].as_str()?.to_owned()))));
            }
        }
    }
    published
}

/// The metrics that alarms look at.
fn alarmed() -> BTreeSet<Metric> {
    let template = template();
    let resources = template["Resources"].as_mapping().expect("a mapping");
    let alarms = resources.values().filter(|resource| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm"));
    let ours = alarms.map(|alarm| &alarm["Properties"]).filter(|alarm| alarm["Namespace"].as_str() == Some("Tidegate"));
    ours.map(|alarm| (text(&alarm["Dimensions"][0]["Value"]), text(&alarm["MetricName"]))).collect()
}

/// The metrics that the dashboard shows.
fn shown() -> BTreeSet<Metric> {
    let body = named(&resource(&template(), "Dashboard")["DashboardBody"], "Sub");
    let body: Value = serde_json::from_str(&body).expect("the dashboard is JSON");
    let widgets = body["widgets"].as_array().into_iter().flatten();
    let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().cloned().unwrap_or_default());
    let metric = |metric: Value| {
        if metric[0] == "Tidegate" {
            return Some((metric[3].as_str()?.to_owned(), metric[1].as_str()?.to_owned()));
        }
        let search = metric[0]["expression"].as_str()?;
        let quoted = |key: &str| Some(search.split_once(&format!("{key}=\""))?.1.split('"').next()?.to_owned());
        quoted("function").zip(quoted("MetricName"))
    };
    metrics.filter_map(metric).collect()
}

#[tokio::test(start_paused = true)]
async fn alarms_and_dashboard_look_at_metrics_that_are_published() {
    let published = published().await;
    for (looked_at, least) in [(alarmed(), 2), (shown(), 4)] {
        let unknown: Vec<_> = looked_at.difference(&published).collect();
        assert!(unknown.is_empty(), "{unknown:?} of {published:?}");
        for function in Function::ALL {
            let own = looked_at.iter().filter(|(of, _)| of == function.name());
            assert!(own.count() >= least, "{function:?}: {looked_at:?}");
        }
    }
}

#[test]
fn every_function_has_alarms_on_its_errors_its_throttles_and_its_queue() {
    let template = template();
    for function in Function::ALL {
        for (alarm, namespace) in [("Errors", "AWS/Lambda"), ("Throttles", "AWS/Lambda"), ("Failures", "AWS/SQS")] {
            let alarm = resource(&template, &format!("{}{alarm}Alarm", function.resource()));
            assert_eq!(alarm["Namespace"].as_str(), Some(namespace));
            let of = match &alarm["Dimensions"][0]["Value"] {
                value if namespace == "AWS/SQS" => named(value, "GetAtt"),
                value => named(value, "Ref"),
            };
            assert!(of.starts_with(function.resource()), "{of}");
        }
    }
}
