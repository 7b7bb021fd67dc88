//! The alarms: what each function has, whom they tell, and what they tell people to do.

use std::collections::BTreeSet;

use saphyr::Yaml;

use super::metrics::dashboard;
use super::{condition, named, of_kind, resource, seconds, template, text};

/// The functions that Lambda runs, each with its timeout's parameter or seconds.
fn functions<'a>(template: &'a Yaml<'static>) -> Vec<(String, &'a Yaml<'static>)> {
    let functions = of_kind(template, "AWS::Serverless::Function");
    assert!(functions.len() >= 5, "{functions:?}");
    functions.into_iter().map(|(name, function)| (name, &function["Properties"]["Timeout"])).collect()
}

/// A function's alarm on a metric of Lambda's.
fn of_lambda<'a>(template: &'a Yaml<'static>, function: &str, metric: &str) -> &'a Yaml<'static> {
    let alarm = resource(template, &format!("{function}{metric}Alarm"));
    assert_eq!(alarm["Namespace"].as_str(), Some("AWS/Lambda"), "{function} has no alarm on its {metric}");
    assert_eq!(alarm["MetricName"].as_str(), Some(metric));
    assert_eq!(named(&alarm["Dimensions"][0]["Value"], "Ref"), function);
    alarm
}

#[test]
fn every_function_has_alarms_on_its_errors_its_throttles_and_its_duration() {
    let template = template();
    for (function, _) in functions(&template) {
        for metric in ["Errors", "Throttles", "Duration"] {
            let alarm = of_lambda(&template, &function, metric);
            let alarm_name = format!("{function}{metric}Alarm");
            assert_eq!(condition(&template, &alarm_name), condition(&template, &function), "{alarm_name}");
            let (statistic, threshold) = if metric == "Duration" { ("Maximum", false) } else { ("Sum", true) };
            assert_eq!(alarm["Statistic"].as_str(), Some(statistic));
            assert_eq!(alarm["Threshold"].as_integer() == Some(0), threshold, "{function} {metric}");
        }
    }
}

/// Which parts of a timeout an alarm on the duration may begin at. What hooks call waits until 30 seconds are left, and is
/// in trouble after that only.
fn near(function: &str) -> std::ops::RangeInclusive<f64> {
    if ["CanaryGate", "DeployHook"].contains(&function) { 0.975..=0.99 } else { 0.8..=0.8 }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "a timeout is at most 900 seconds")]
fn an_alarm_on_the_duration_is_near_the_timeout_whatever_that_is() {
    let template = template();
    for (function, timeout) in functions(&template) {
        let threshold = &of_lambda(&template, &function, "Duration")["Threshold"];
        let pairs: Vec<(i64, i64)> = if let Some(threshold) = threshold.as_integer() {
            vec![(seconds(timeout), threshold)]
        } else {
            let parameter = named(timeout, "Ref");
            let allowed = template["Parameters"][parameter.as_str()]["AllowedValues"].as_sequence();
            let near = &template["Mappings"]["NearTimeout"];
            let pair = |timeout: &Yaml<'_>| {
                let key = text(timeout);
                (seconds(timeout), seconds(&near[key.as_str()]["Milliseconds"]))
            };
            allowed.expect("a list").iter().map(pair).collect()
        };
        assert!(!pairs.is_empty());
        for (timeout, threshold) in pairs {
            let part = threshold as f64 / (timeout as f64 * 1000.0);
            assert!(near(&function).contains(&part), "{function}: {part} of {timeout} s");
        }
    }
}

#[test]
fn every_queue_has_an_alarm_on_what_is_in_it() {
    let template = template();
    let alarms = of_kind(&template, "AWS::CloudWatch::Alarm");
    let looked_at = alarms.iter().map(|(_, alarm)| &alarm["Properties"]).filter(|alarm| {
        let metric = text(&alarm["MetricName"]);
        alarm["Namespace"].as_str() == Some("AWS/SQS")
            && ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent"]
                .contains(&metric.as_str())
    });
    let looked_at: BTreeSet<String> =
        looked_at.map(|alarm| named(&alarm["Dimensions"][0]["Value"], "GetAtt")).collect();
    let queues = of_kind(&template, "AWS::SQS::Queue").into_iter();
    let queues: BTreeSet<String> = queues.map(|(queue, _)| format!("{queue}.QueueName")).collect();
    assert_eq!(looked_at, queues);
}

#[test]
fn every_alarm_tells_people_that_it_came_and_that_it_went_and_what_to_look_at() {
    let template = template();
    let alarms = of_kind(&template, "AWS::CloudWatch::Alarm");
    assert!(alarms.len() >= 28, "{}", alarms.len());
    for (name, alarm) in alarms {
        let alarm = &alarm["Properties"];
        for actions in ["AlarmActions", "OKActions"] {
            let [topic] = alarm[actions].as_sequence().expect("a list").as_slice() else { panic!("{name}: one topic") };
            assert_eq!(named(topic, "Ref"), "NotificationTopic", "{name}");
        }
        let silence = name.ends_with("SilenceAlarm");
        let missing = if silence { "breaching" } else { "notBreaching" };
        assert_eq!(alarm["TreatMissingData"].as_str(), Some(missing), "{name}");
        let told = text(&alarm["AlarmDescription"]);
        // An order, or the place where the reason is.
        let places = ["Look ", "Raise ", "Mend ", " log", "record", "summary "];
        assert!(places.iter().any(|place| told.contains(place)), "{name}: {told}");
        assert!(told.len() <= 1024 && told.ends_with('.'), "{name}: {told}");
    }
}

#[test]
fn the_dashboard_begins_with_every_alarm() {
    let template = template();
    let widgets = dashboard(&template);
    let shown = widgets["widgets"][0]["properties"]["alarms"].as_array().expect("a list").iter();
    let shown: Vec<String> = shown.map(|alarm| alarm.as_str().expect("an ARN").to_owned()).collect();
    let all = of_kind(&template, "AWS::CloudWatch::Alarm").into_iter();
    let all: BTreeSet<String> = all.map(|(alarm, _)| format!("${{{alarm}.Arn}}")).collect();
    assert_eq!(shown.iter().cloned().collect::<BTreeSet<_>>(), all);
    assert_eq!(shown.len(), all.len(), "one is shown twice");
    assert!(all.len() <= 100, "CloudWatch shows no more");
}
