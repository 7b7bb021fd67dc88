//! What alarms and the dashboard look at.

use std::collections::BTreeSet;

use saphyr::Yaml;
use serde_json::Value;

use super::{named, resource, template, text, untagged};
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

/// The dashboard, with everything that a stack may have; names of resources stand as `${Name}`.
pub(super) fn dashboard(template: &Yaml<'static>) -> Value {
    let parts = untagged(&resource(template, "Dashboard")["DashboardBody"], "Sub");
    let mut body = text(&parts[0]);
    for (name, choice) in parts[1].as_mapping().expect("a mapping") {
        let choice = untagged(choice, "If");
        assert_eq!(choice[2].as_str(), Some(""));
        body = body.replace(&format!("${{{}}}", text(name)), &named(&choice[1], "Sub"));
    }
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("the dashboard is no JSON: {error}: {body}"))
}

/// The metrics that the dashboard shows.
fn shown() -> BTreeSet<Metric> {
    let body = dashboard(&template());
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
fn the_dashboard_tells_of_every_function_and_its_parts_do_not_overlap() {
    let shown = shown();
    for function in Function::ALL {
        for metric in ["Decisions", "Runs", "ColdStarts", "ApiCalls", "RunUsd"] {
            assert!(shown.contains(&(function.name().to_owned(), metric.to_owned())), "{function:?}: {metric}");
        }
    }
    assert!(shown.contains(&("cost-scaler".to_owned(), "MonthUsdSaved".to_owned())));
    let body = dashboard(&template());
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().expect("a list") {
        let number = |key: &str| widget[key].as_u64().unwrap_or_else(|| panic!("{key} of {widget}"));
        assert!(number("x") + number("width") <= 24, "{widget}");
        for x in number("x")..number("x") + number("width") {
            for y in number("y")..number("y") + number("height") {
                assert!(taken.insert((x, y)), "two widgets at {x}, {y}: {widget}");
            }
        }
    }
    let height = taken.iter().map(|(_, y)| y + 1).max().unwrap_or_default();
    assert_eq!(u64::try_from(taken.len()).ok(), Some(24 * height), "there is a hole");
}

#[tokio::test(start_paused = true)]
async fn the_dashboard_shows_evidence_that_records_have() {
    let body = dashboard(&template());
    let logs: Vec<&Value> =
        body["widgets"].as_array().into_iter().flatten().filter(|widget| widget["type"] == "log").collect();
    let [evidence] = logs.as_slice() else { panic!("one widget shows lines") };
    let query = evidence["properties"]["query"].as_str().expect("a query");
    assert!(query.starts_with("SOURCE '${CanaryGateLogGroup}' | filter ispresent(evidence) |"), "{query}");
    let (_, fields) = query.split_once("display @timestamp, ").expect("fields are shown");
    let mut found = 0;
    for world in Function::CanaryGate.worlds().await {
        let account = world.lock();
        let records = account.printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for record in records.filter(|record| record["evidence"].is_number()) {
            found += 1;
            let missing: Vec<&str> = fields.split(", ").filter(|field| record.get(field).is_none()).collect();
            assert!(missing.is_empty(), "{missing:?} of {record}");
        }
    }
    assert!(found > 0, "no record has evidence");
}
