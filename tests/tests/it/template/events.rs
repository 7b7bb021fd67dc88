//! The rules that wake functions, and the queues between them.

use std::collections::BTreeSet;

use deploy_hook::event::Wake as Told;
use jiff::SignedDuration;
use saphyr::Yaml;
use scan_gate::event::Wake;
use serde_json::{Map, Value, json};
use tidegate_core::scan::Reason;
use tidegate_tests::hooking::Hooking;
use tidegate_tests::queue::Queue;
use tidegate_tests::scanning::Scanning;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::failures::Failure;
use tidegate_tests::world::registry::Repository;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::tasks::RunTask;

use super::{named, resource, template, text};
use crate::hook as deploying;
use crate::scan::{EVERY, bad, clean, deploy, shop};

/// A queue of a function's that rules send to, and the one for what they can't send.
#[derive(Clone, Copy)]
struct Door {
    events: &'static str,
    dead_letters: &'static str,
}

const SCAN_GATE: Door = Door { events: "ScanGateEvents", dead_letters: "ScanGateFailures" };
const DEPLOY_HOOK: Door = Door { events: "DeployHookEvents", dead_letters: "DeployHookUndiagnosed" };

/// The rules that send to a queue, each with its pattern.
fn rules(template: &Yaml<'static>, door: Door) -> Vec<(String, Value)> {
    let resources = template["Resources"].as_mapping().expect("a mapping");
    let rules = resources.iter().filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Events::Rule"));
    let pattern = |(name, rule): (&Yaml<'static>, &Yaml<'static>)| {
        let rule = &rule["Properties"];
        let arn = |target: &Yaml<'static>| named(&target["Arn"], "GetAtt");
        let [target] = rule["Targets"].as_sequence().expect("a list").as_slice() else { panic!("one target") };
        (arn(target) == format!("{}.Arn", door.events)).then(|| {
            assert_eq!(arn(&target["DeadLetterConfig"]), format!("{}.Arn", door.dead_letters));
            (text(name), json(&rule["EventPattern"]))
        })
    };
    rules.filter_map(pattern).collect()
}

fn json(yaml: &Yaml<'static>) -> Value {
    if let Some(list) = yaml.as_sequence() {
        return list.iter().map(json).collect();
    }
    if let Some(fields) = yaml.as_mapping() {
        return Value::Object(fields.iter().map(|(name, value)| (text(name), json(value))).collect::<Map<_, _>>());
    }
    match yaml {
        Yaml::Tagged(..) => named(yaml, "Sub").replace("${AWS::Partition}", "aws").into(),
        plain => text(plain).into(),
    }
}

/// Whether a pattern of EventBridge's matches: every field that it has, with any of the values that it lists.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields.iter().all(|(name, pattern)| event.get(name).is_some_and(|event| matches(pattern, event)))
        }
        Value::Array(any) => match event {
            Value::Array(values) => values.iter().any(|value| any.iter().any(|filter| passes(filter, value))),
            value => any.iter().any(|filter| passes(filter, value)),
        },
        other => panic!("{other} is no pattern"),
    }
}

fn passes(filter: &Value, value: &Value) -> bool {
    let Value::Object(content) = filter else { return filter == value };
    let (kind, wanted) = content.iter().next().expect("a content filter");
    match kind.as_str() {
        "prefix" => value.as_str().zip(wanted.as_str()).is_some_and(|(value, prefix)| value.starts_with(prefix)),
        "anything-but" => !passes(wanted, value),
        other => panic!("{other} is a filter that nobody here knows"),
    }
}

/// Every event of an account in which images are pushed, scanned, deployed, run, archived, restored and deleted.
fn events() -> Vec<Value> {
    let mut events = Vec::new();
    for enhanced in [false, true] {
        let scanning = Scanning::under(EVERY);
        if enhanced {
            scanning.world.scans_enhanced();
        }
        shop(&scanning, "on");
        let digest = scanning.world.push(clean("v2").in_progress_for(1).finds([bad()]));
        let _ = deploy(&scanning, "v2");
        let batch = scanning.world.register(TaskDefinition::of("batch").container("app", "shop:v1"));
        let task = scanning.world.run_task(RunTask::of(&batch, "prod")).expect("a task");
        scanning.world.push(Image::new("broken", "v1").in_progress_for(1).fails_to_scan());
        scanning.world.pass(60);
        scanning.world.lock().stop_task("prod", &task, "enough").expect("it runs");
        for class in ["ARCHIVE", "STANDARD"] {
            let shop = Repository::named("shop");
            scanning.world.lock().update_image_storage_class(&shop, &digest, class).expect("it is moved");
            scanning.world.pass(30);
        }
        scanning.world.delete_image(&digest);
        events.extend(scanning.world.take_events());
    }
    events
}

/// What Inspector and ECS tell besides.
fn others() -> Vec<Value> {
    let instance = "i-0123456789abcdef0";
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:shop:$LATEST";
    let image = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/sha256:1f7b";
    let inspector = |kind: &str, resource: &str, detail: Value| {
        json!({
            "detail-type": kind, "source": "aws.inspector2", "account": "123456789012", "region": "eu-west-1",
            "resources": [resource], "detail": detail,
        })
    };
    let task = |last: &str, desired: &str| {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task/prod/1";
        json!({
            "detail-type": "ECS Task State Change", "source": "aws.ecs", "resources": [arn],
            "detail": {
                "taskArn": arn, "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
                "group": "family:batch", "lastStatus": last, "desiredStatus": desired,
            },
        })
    };
    let code_deploy = |state: &str| {
        json!({
            "detail-type": "CodeDeploy Deployment State-change Notification", "source": "aws.codedeploy",
            "resources": ["arn:aws:codedeploy:eu-west-1:123456789012:application:shop"],
            "detail": {"state": state, "deploymentId": "d-000000001", "application": "shop", "deploymentGroup": "shop"},
        })
    };
    vec![
        inspector("Inspector2 Finding", instance, json!({"status": "ACTIVE", "resources": [{"id": instance}]})),
        inspector("Inspector2 Finding", function, json!({"status": "ACTIVE", "resources": [{"id": function}]})),
        inspector("Inspector2 Finding", image, json!({"status": "CLOSED", "resources": [{"id": image}]})),
        inspector("Inspector2 Finding", image, json!({"status": "SUPPRESSED", "resources": [{"id": image}]})),
        inspector(
            "Inspector2 Scan",
            instance,
            json!({"scan-status": "INITIAL_SCAN_COMPLETE", "instance-id": instance}),
        ),
        inspector("Inspector2 Scan", function, json!({"scan-status": "INITIAL_SCAN_COMPLETE", "version": "1.0"})),
        inspector("Inspector2 Coverage", instance, json!({"scanStatus": {"reason": "SUCCESSFUL"}})),
        code_deploy("START"),
        code_deploy("SUCCESS"),
        code_deploy("STOP"),
        task("RUNNING", "STOPPED"),
        task("DEPROVISIONING", "STOPPED"),
        json!({"detail-type": "ECR Scan Resource Change", "source": "aws.ecr", "resources": [], "detail": {}}),
    ]
}

#[test]
fn every_event_that_the_gate_acts_on_comes_by_one_rule_and_no_other_event_by_any() {
    let rules = rules(&template(), SCAN_GATE);
    let mut used = Vec::new();
    for event in events().iter().chain(&others()) {
        let by: Vec<&str> =
            rules.iter().filter(|(_, pattern)| matches(pattern, event)).map(|(name, _)| name.as_str()).collect();
        let wake = Wake::read(event).unwrap_or_else(|why| panic!("{why}: {event}"));
        match wake {
            Wake::Nothing { reason, why } => {
                assert!(by.is_empty(), "{by:?}, though {why} ({}): {event}", reason.code());
                used.push(reason.code().to_owned());
            }
            _ => assert_eq!(by.len(), 1, "{by:?}: {event}"),
        }
        used.extend(by.into_iter().map(str::to_owned));
    }
    let declined =
        [Reason::OtherEvent, Reason::ServiceTask, Reason::TaskStopping].map(|reason| reason.code().to_owned());
    for wanted in rules.into_iter().map(|(name, _)| name).chain(declined) {
        assert!(used.contains(&wanted), "no event here is of {wanted}");
    }
}

/// Every event of an account in which tasks of a service stop, and some of a service that can't start its own.
fn of_services() -> Vec<Value> {
    let hooking = Hooking::over(&[], deploying::world(deploying::shop("on"), deploying::balancer()));
    hooking.world.crash("prod/shop", Failure::exits(1).times(2));
    let batch = hooking.world.register(TaskDefinition::of("batch").container("app", "shop:v1"));
    let task = hooking.world.run_task(RunTask::of(&batch, "prod")).expect("a task");
    hooking.world.pass(5);
    hooking.world.lock().stop_task("prod", &task, "enough").expect("it runs");
    hooking.world.pass(5);
    let mut events = hooking.world.take_events();
    for (kind, name) in [
        ("INFO", "SERVICE_STEADY_STATE"),
        ("WARN", "SERVICE_TASK_START_IMPAIRED"),
        ("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE"),
    ] {
        events.push(json!({
            "detail-type": "ECS Service Action", "source": "aws.ecs", "time": "2026-11-27T12:00:00Z",
            "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"],
            "detail": {"eventType": kind, "eventName": name, "createdAt": "2026-11-27T12:00:00Z"},
        }));
    }
    events
}

#[test]
fn every_event_that_the_hook_acts_on_comes_by_one_rule_and_no_other_event_by_any() {
    let rules = rules(&template(), DEPLOY_HOOK);
    let mut used = BTreeSet::new();
    for event in of_services().iter().chain(&events()).chain(&others()) {
        let by: Vec<&str> =
            rules.iter().filter(|(_, pattern)| matches(pattern, event)).map(|(name, _)| name.as_str()).collect();
        match Told::read(event).unwrap_or_else(|why| panic!("{why}: {event}")) {
            Told::Nothing(why) => assert!(by.is_empty(), "{by:?}, though {why}: {event}"),
            Told::Stopped { .. } | Told::Action { .. } => assert_eq!(by.len(), 1, "{by:?}: {event}"),
        }
        used.extend(by.into_iter().map(str::to_owned));
    }
    let all: BTreeSet<String> = rules.into_iter().map(|(name, _)| name).collect();
    assert_eq!(used, all, "no event here is of one");
}

/// What may send to a queue: the sources that its policy allows; what is not TLS it refuses.
fn senders(template: &Yaml<'static>, queue: &str) -> Vec<String> {
    let statements = &resource(template, &format!("{queue}Policy"))["PolicyDocument"]["Statement"];
    let [allow, deny] = statements.as_sequence().expect("a list").as_slice() else { panic!("{queue}: two statements") };
    assert_eq!(allow["Principal"]["Service"].as_str(), Some("events.amazonaws.com"));
    assert_eq!((deny["Effect"].as_str(), deny["Principal"].as_str()), (Some("Deny"), Some("*")));
    assert_eq!(deny["Condition"]["Bool"]["aws:SecureTransport"].as_str(), Some("false"));
    let arns = &allow["Condition"]["ArnEquals"]["aws:SourceArn"];
    arns.as_sequence().expect("a list").iter().map(|arn| named(arn, "GetAtt")).collect()
}

#[test]
fn only_the_rules_may_send_to_the_queues_and_what_they_cannot_send_is_kept() {
    let template = template();
    for (door, besides) in [(SCAN_GATE, &["ScanGateDaily.Arn".to_owned()][..]), (DEPLOY_HOOK, &[])] {
        let rules: Vec<String> = rules(&template, door).into_iter().map(|(name, _)| format!("{name}.Arn")).collect();
        assert!(!rules.is_empty());
        assert_eq!(senders(&template, door.events), rules);
        assert_eq!(senders(&template, door.dead_letters), [besides, &rules].concat());
    }
    let resources = template["Resources"].as_mapping().expect("a mapping");
    let all = resources.values().filter(|resource| resource["Type"].as_str() == Some("AWS::Events::Rule")).count();
    let sending = [SCAN_GATE, DEPLOY_HOOK].map(|door| rules(&template, door).len());
    assert_eq!(sending.iter().sum::<usize>(), all);
}

#[test]
fn a_message_is_looked_at_again_when_no_run_can_still_have_it_and_is_not_lost() {
    let template = template();
    let (gate, queue) = (resource(&template, "ScanGate"), resource(&template, "ScanGateEvents"));
    let door = resource(&template, "ScanGateDoor");
    let number = |value: &Yaml<'_>| value.as_integer().expect("a number");
    let window = &template["Parameters"][named(&door["MaximumBatchingWindowInSeconds"], "Ref").as_str()];
    assert!(number(&queue["VisibilityTimeout"]) >= number(&window["MaxValue"]) + number(&gate["Timeout"]));
    // The queue of the scenarios is this one.
    let mut simulated = Queue::default();
    simulated.send(&json!({}), TEN);
    let again = TEN + SignedDuration::from_secs(number(&queue["VisibilityTimeout"]));
    let received = [TEN, again - SignedDuration::from_secs(1), again].map(|now| simulated.receive(now).is_some());
    assert_eq!(received, [true, false, true]);
    assert!(number(&window["MinValue"]) >= 1, "Lambda asks for it where a batch has more than ten");
    // What is waited for by default is over before the last try.
    let policy = tidegate_core::scan::Policy::default();
    let tries = number(&queue["RedrivePolicy"]["maxReceiveCount"]);
    assert!(number(&queue["VisibilityTimeout"]) * (tries - 1) > 60 * i64::from(policy.patience_minutes));
    assert_eq!(named(&queue["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt"), "ScanGateUndecided.Arn");
    assert_eq!(named(&door["EventSourceArn"], "GetAtt"), "ScanGateEvents.Arn");
    assert_eq!(door["FunctionResponseTypes"][0].as_str(), Some("ReportBatchItemFailures"));
    let alarm = resource(&template, "ScanGateUndecidedAlarm");
    assert_eq!(named(&alarm["Dimensions"][0]["Value"], "GetAtt"), "ScanGateUndecided.QueueName");
}

#[test]
fn an_event_about_a_service_is_looked_at_while_ecs_still_tells_of_its_task() {
    let template = template();
    let (hook, queue) = (resource(&template, "DeployHook"), resource(&template, "DeployHookEvents"));
    let number = |value: &Yaml<'_>| value.as_integer().expect("a number");
    let visibility = number(&queue["VisibilityTimeout"]);
    assert!(visibility >= number(&hook["Timeout"]), "Lambda refuses less");
    // ECS describes a stopped task for an hour at least.
    let door = resource(&template, "DeployHookDoor");
    let tries = number(&queue["RedrivePolicy"]["maxReceiveCount"]);
    assert!(visibility * (tries - 1) + number(&door["MaximumBatchingWindowInSeconds"]) < 3600);
    assert_eq!(named(&queue["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt"), "DeployHookUndiagnosed.Arn");
    assert_eq!(named(&door["EventSourceArn"], "GetAtt"), "DeployHookEvents.Arn");
    assert_eq!(door["FunctionResponseTypes"][0].as_str(), Some("ReportBatchItemFailures"));
    let alarm = resource(&template, "DeployHookUndiagnosedAlarm");
    assert_eq!(named(&alarm["Dimensions"][0]["Value"], "GetAtt"), "DeployHookUndiagnosed.QueueName");
}
