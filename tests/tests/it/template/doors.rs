//! The ways in and out of the stack: encrypted, by TLS only, and with an end for what can't be delivered.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::Yaml;

use super::{condition, named, of_kind, resource, seconds, template, text, texts};
use crate::functions::Function;

/// The policies of topics or queues, by what each is of.
fn policies<'a>(template: &'a Yaml<'static>, kind: &str, of: &str) -> BTreeMap<String, &'a Yaml<'static>> {
    let policies = of_kind(template, kind).into_iter();
    let of_one = |(name, policy): (String, &'a Yaml<'static>)| {
        let properties = &policy["Properties"];
        let [one] = properties[of].as_sequence().expect("a list").as_slice() else { panic!("{name} is of one") };
        (named(one, "Ref"), &properties["PolicyDocument"]["Statement"])
    };
    policies.map(of_one).collect()
}

#[test]
fn topics_and_queues_are_encrypted_and_refuse_what_is_not_tls() {
    let template = template();
    let kinds = [
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns:Publish", 2),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs:*", 9),
    ];
    for (kind, policy, of, action, least) in kinds {
        let found = of_kind(&template, kind);
        assert!(found.len() >= least, "{kind}: {}", found.len());
        let policies = policies(&template, policy, of);
        for (name, found) in found {
            let encrypted = match kind {
                "AWS::SNS::Topic" => named(&found["Properties"]["KmsMasterKeyId"], "Ref") == "TopicKey",
                _ => found["Properties"]["SqsManagedSseEnabled"].as_bool() == Some(true),
            };
            assert!(encrypted, "{name}");
            let statements = policies.get(&name).unwrap_or_else(|| panic!("{name} has no policy"));
            let (denying, allowing): (Vec<&Yaml<'_>>, Vec<&Yaml<'_>>) = statements
                .as_sequence()
                .expect("a list")
                .iter()
                .partition(|one| one["Effect"].as_str() == Some("Deny"));
            let [denying] = denying.as_slice() else { panic!("{name} takes what is not TLS") };
            assert_eq!(denying["Principal"].as_str(), Some("*"));
            assert_eq!(texts(&denying["Action"]), [action]);
            assert_eq!(denying["Condition"]["Bool"]["aws:SecureTransport"].as_str(), Some("false"));
            // Whoever else is let in is a service of AWS's, and acts for this stack or this account.
            for allowing in allowing {
                assert!(allowing["Principal"]["Service"].as_str().is_some(), "{name}");
                let condition = &allowing["Condition"];
                let by_arn = condition.as_mapping_get("ArnEquals").and_then(|of| of.as_mapping_get("aws:SourceArn"));
                if by_arn.is_none() {
                    let account = &condition["StringEquals"]["aws:SourceAccount"];
                    assert_eq!(named(account, "Ref"), "AWS::AccountId", "{name}");
                }
            }
        }
    }
}

/// What wakes a function by SAM's doing.
fn events<'a>(function: &'a Yaml<'static>) -> impl Iterator<Item = (&'a Yaml<'static>, &'a Yaml<'static>)> {
    function.as_mapping_get("Events").and_then(Yaml::as_mapping).into_iter().flatten()
}

/// What a function's failed invocations come to.
fn failures(function: Function) -> String {
    format!("{}Failures.Arn", function.resource())
}

#[test]
fn whatever_wakes_a_function_ends_in_a_queue_when_it_fails() {
    let template = template();
    for function in Function::ALL {
        let properties = resource(&template, function.resource());
        let asynchronous = &properties["EventInvokeConfig"];
        assert_eq!(named(&asynchronous["DestinationConfig"]["OnFailure"]["Destination"], "GetAtt"), failures(function));
        for (name, event) in events(properties) {
            let event_properties = &event["Properties"];
            let queue = match event["Type"].as_str() {
                Some("Schedule") => named(&event_properties["DeadLetterConfig"]["Arn"], "GetAtt"),
                Some("SNS") => named(&event_properties["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt"),
                other => panic!("{other:?} is a door that nobody here knows"),
            };
            assert_eq!(queue, failures(function), "{}", text(name));
        }
    }
    let rules = of_kind(&template, "AWS::Events::Rule");
    assert!(!rules.is_empty());
    for (name, rule) in rules {
        let targets = rule["Properties"]["Targets"].as_sequence().expect("a list");
        assert!(targets.iter().all(|target| target.contains_mapping_key("DeadLetterConfig")), "{name}");
    }
}

/// How long, and how often, a door tries: seconds, and tries after the first.
fn tried(policy: &Yaml<'static>) -> (i64, i64) {
    (seconds(&policy["MaximumEventAgeInSeconds"]), seconds(&policy["MaximumRetryAttempts"]))
}

#[test]
fn every_door_tries_for_as_long_as_its_event_is_worth_something() {
    let template = template();
    let mut doors = BTreeMap::new();
    for function in Function::ALL {
        let (name, properties) = (function.resource(), resource(&template, function.resource()));
        doors.insert(format!("{name}, invoked"), tried(&properties["EventInvokeConfig"]));
        for (event, door) in events(properties) {
            if door["Type"].as_str() == Some("Schedule") {
                doors.insert(format!("{name}, {}", text(event)), tried(&door["Properties"]["RetryPolicy"]));
            }
        }
    }
    for (name, rule) in of_kind(&template, "AWS::Events::Rule") {
        for target in rule["Properties"]["Targets"].as_sequence().expect("a list") {
            doors.insert(name.clone(), tried(&target["RetryPolicy"]));
        }
    }
    // A minute's run is declined when it is 2 minutes old, and the next does what it could not.
    let minutes = [("CostScaler, EveryMinute", 2), ("CanaryGate, EveryMinute", 2), ("CostScaler, invoked", 0)];
    for (door, tries) in minutes {
        assert_eq!(doors.remove(door), Some((120, tries)), "{door}");
    }
    // There is no other before tomorrow.
    for door in ["CostScaler, Digest", "ScanGate, Daily"] {
        assert_eq!(doors.remove(door), Some((3600, 10)), "{door}");
    }
    // CodeDeploy waits an hour for a hook.
    for door in ["CanaryGate, invoked", "DeployHook, invoked", "ScanGate, invoked"] {
        assert_eq!(doors.remove(door), Some((3600, 2)), "{door}");
    }
    // What is told is looked at afresh, so that it is worth something late too.
    assert_eq!(doors.len(), of_kind(&template, "AWS::Events::Rule").len(), "{doors:?}");
    assert!(doors.values().all(|tried| *tried == (3600, 185)), "{doors:?}");
}

#[test]
fn what_comes_out_of_a_queue_is_answered_message_by_message_and_not_for_ever() {
    let template = template();
    let doors = of_kind(&template, "AWS::Lambda::EventSourceMapping");
    assert!(doors.len() >= 4);
    for (name, door) in doors {
        let door = &door["Properties"];
        assert_eq!(texts(&door["FunctionResponseTypes"]), ["ReportBatchItemFailures"], "{name}");
        let queue = named(&door["EventSourceArn"], "GetAtt");
        let queue = resource(&template, queue.trim_end_matches(".Arn"));
        assert!(queue["RedrivePolicy"]["maxReceiveCount"].as_integer().is_some_and(|tries| tries >= 1), "{name}");
        let last = named(&queue["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt");
        let last = resource(&template, last.trim_end_matches(".Arn"));
        // As long as SQS keeps anything.
        assert_eq!(last["MessageRetentionPeriod"].as_integer(), Some(1_209_600), "{name}");
    }
}

#[test]
fn every_function_has_a_log_group_of_its_own_whose_lines_go_one_day() {
    let template = template();
    let functions = of_kind(&template, "AWS::Serverless::Function");
    let groups = of_kind(&template, "AWS::Logs::LogGroup");
    assert_eq!(functions.len(), groups.len());
    for (name, function) in functions {
        let group = named(&function["Properties"]["LoggingConfig"]["LogGroup"], "Ref");
        assert_eq!(group, format!("{name}LogGroup"));
        let retention = &resource(&template, &group)["RetentionInDays"];
        assert_eq!(named(retention, "Ref"), "LogRetentionDays");
        let function_name = named(&function["Properties"]["FunctionName"], "Sub");
        assert_eq!(named(&resource(&template, &group)["LogGroupName"], "Sub"), format!("/aws/lambda/{function_name}"));
        assert_eq!(condition(&template, &group), condition(&template, &name));
    }
}

#[test]
fn lines_have_levels_of_which_none_drops_metrics_and_every_run_is_traced() {
    let template = template();
    let function = &template["Globals"]["Function"];
    let logging = &function["LoggingConfig"];
    assert_eq!((logging["LogFormat"].as_str(), function["Tracing"].as_str()), (Some("JSON"), Some("Active")));
    // A metric line has no level, and Lambda takes it for INFO.
    assert_eq!(logging["ApplicationLogLevel"].as_str(), Some("INFO"));
    for (name, function) in of_kind(&template, "AWS::Serverless::Function") {
        let own = function["Properties"]["LoggingConfig"].as_mapping().expect("a mapping").keys().map(text);
        assert_eq!(own.collect::<Vec<_>>(), ["LogGroup"], "{name} says more than the others");
    }
}

#[test]
fn what_stacks_of_services_build_upon_is_exported_by_its_own_name() {
    let template = template();
    let outputs = template["Outputs"].as_mapping().expect("a mapping").iter();
    let exported = outputs.filter_map(|(name, output)| {
        let export = output.as_mapping_get("Export")?.as_mapping_get("Name")?;
        assert_eq!(named(export, "Sub"), format!("${{AWS::StackName}}-{}", text(name)));
        Some(text(name))
    });
    let expected =
        ["AlarmTopicArn", "CanaryGateArn", "CanaryGateName", "DeployHookArn", "DeployHookName", "EcsHookRoleArn"];
    assert_eq!(exported.collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
}

#[test]
fn the_template_is_within_what_cloudformation_takes() {
    let template = template();
    let count = |section: &str| template[section].as_mapping().map_or(0, |named| named.iter().count());
    assert!(super::TEMPLATE.len() < 1_000_000, "bytes");
    assert!(count("Parameters") <= 200 && count("Outputs") <= 200);
    // SAM adds permissions, subscriptions and rules of its own.
    assert!(count("Resources") <= 400);
}
