//! The real binary of the scan gate behind its queue: what only a binary can show.

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::lambda::Answered;
use tidegate_tests::queue::Queue;
use tidegate_tests::scanning::{ALL_ON, POLICY, WRITES};
use tidegate_tests::scene::{TEN, scheduled};
use tidegate_tests::world::World;
use tidegate_tests::world::definitions::TaskDefinition;
use tidegate_tests::world::faults::{CLOCK, Fault, Times};
use tidegate_tests::world::registry::findings::{critical, medium};

use crate::scan::{EVERY, NONE, bad, clean, deploy_in, shop_in};

/// The gate's binary, and the queue before it.
struct Queued {
    world: World,
    drive: Drive,
    queue: Queue,
}

impl Queued {
    /// A gate that acts wherever it may, over an account at [`TEN`], with this policy.
    async fn under(policy: &str) -> Self {
        Self::with(policy, &[]).await
    }

    /// The same with further variables in the function's environment.
    async fn with(policy: &str, variables: &[(&str, &str)]) -> Self {
        let world = World::new(TEN);
        world.lock().parameters.insert(POLICY.to_owned(), policy.to_owned());
        let variables = [&ALL_ON[..], &[("TIDEGATE_SCAN_POLICY", POLICY)], variables].concat();
        let mut drive = Drive::start(world.clone(), "scan-gate", "tidegate-scan-gate", &variables).await;
        drive.timeout_s = 120;
        Self { world, drive, queue: Queue::default() }
    }

    /// Hands the binary everything that may be looked at, in one batch: its answer. None where there is nothing.
    async fn deliver(&mut self) -> Option<Answered> {
        let now = self.world.lock().now;
        for event in self.world.take_events() {
            self.queue.send(&event, now);
        }
        let batch = self.queue.receive(now)?;
        let answered = self.drive.invoke(batch).await;
        if let Ok(answer) = &answered {
            self.queue.answered(answer);
        }
        Some(answered)
    }

    /// So many minutes, with the queue delivered at the beginning and at the end of each.
    async fn run_for(&mut self, minutes: u32) {
        for minute in 0..=minutes {
            if minute > 0 {
                self.world.pass(1);
            }
            let answered = self.deliver().await;
            assert!(answered.as_ref().is_none_or(Result::is_ok), "{answered:?}");
        }
    }

    /// The steps of all records so far, as `action: what became of it`.
    fn steps(&self) -> Vec<String> {
        let records = self.world.full_records();
        let steps = records.iter().filter_map(|record| record["action"].as_array()).flatten();
        steps.map(|step| format!("{}: {}", word(step, "action"), word(step, "came"))).collect()
    }

    fn never_wrote(&self) {
        let written: Vec<&str> = WRITES.into_iter().filter(|operation| self.world.calls(operation) > 0).collect();
        assert!(written.is_empty(), "{written:?}");
    }

    /// Lines that the binary printed so far. All of them are JSON.
    fn lines(&self) -> Vec<Value> {
        let account = self.world.lock();
        let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        account.printed.iter().map(read).collect()
    }
}

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("?").to_owned()
}

/// The metrics of an EMF line, as `name{dimensions}`, each of which the line has a value for.
fn metrics(line: &Value) -> Vec<String> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
    let mut told = Vec::new();
    for directive in directives {
        assert_eq!(directive["Namespace"], "Tidegate", "{line}");
        let sets = directive["Dimensions"].as_array().expect("sets of dimensions");
        for dimension in sets.iter().flat_map(|set| set.as_array().expect("a set")) {
            let name = dimension.as_str().expect("a name");
            assert!(line[name].is_string(), "{name} has no value: {line}");
            assert!(["function", "mode", "verdict", "reason"].contains(&name), "every other one is paid for: {name}");
        }
        for metric in directive["Metrics"].as_array().expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            assert!(line[name].is_number(), "{name} has no value: {line}");
            told.push(name.to_owned());
        }
    }
    told
}

#[tokio::test]
async fn a_bad_image_is_waited_for_and_its_deployment_stopped_before_it_has_traffic() {
    let mut gate = Queued::under(NONE).await;
    shop_in(&gate.world, "on");
    gate.world.push(clean("v2").pending_for(2).finds([bad()]));
    let deployment = deploy_in(&gate.world, "v2");
    let sent = gate.world.lock().events.len();
    let answer = gate.deliver().await.expect("a batch").expect("an answer");
    let left = answer["batchItemFailures"].as_array().expect("messages").len();
    assert!(left > 0, "its scan is not over: {answer}");
    assert!(left < sent, "what is about nothing is done with: {answer}");
    assert_eq!(gate.world.status(&deployment), "IN_PROGRESS");
    gate.run_for(4).await;
    assert_eq!(gate.world.status(&deployment), "ROLLBACK_IN_PROGRESS");
    gate.run_for(15).await;
    assert_eq!(gate.world.status(&deployment), "ROLLBACK_SUCCESSFUL");
    assert!(gate.world.share("prod/shop", "v2") < 0.001);
    assert_eq!((gate.steps(), gate.queue.len()), (vec!["stop_deployment: done".to_owned()], 0));
    assert_eq!(gate.world.calls("StopServiceDeployment"), 1);
    assert_eq!(gate.world.subjects(), ["Tidegate: prod/shop: the deployment was stopped (vulnerable)"]);
}

#[tokio::test]
async fn every_line_is_json_and_the_record_and_the_metrics_are_whole() {
    let mut gate = Queued::under(NONE).await;
    shop_in(&gate.world, "on");
    gate.world.push(clean("v2").finds([bad()]));
    deploy_in(&gate.world, "v2");
    gate.run_for(1).await;
    let lines = gate.lines();
    let record = lines.iter().find(|line| line["why"].is_string()).expect("a record");
    for key in ["level", "timestamp", "function", "service", "mode", "verdict", "reason", "at", "request_id", "version"]
    {
        assert!(record[key].is_string(), "{key}: {record}");
    }
    assert_eq!((&record["function"], &record["service"]), (&json!("scan-gate"), &json!("prod/shop")));
    assert_eq!((&record["acted"], &record["action"][0]["came"]), (&json!(true), &json!("done")));
    assert_eq!(record["facts"]["platforms"][0]["scan"]["findings"][0]["id"], bad().id.as_str());
    assert_eq!(record["policy"]["thresholds"]["fixable"], "HIGH");
    let told: Vec<String> = lines.iter().flat_map(metrics).collect();
    for name in ["ImagesBlocked", "ImagesPassed", "ImagesFailed", "StepsDone", "StepsFailed"] {
        assert!(told.iter().any(|own| own == name), "{name}: {told:?}");
    }
    let summary = lines.iter().find_map(|line| line.get("summary")).expect("a summary");
    assert_eq!((&summary["trigger"], &summary["blocked"]["vulnerable"]), (&json!("events"), &json!(1)));
    assert_eq!(summary["calls"]["ECS.StopServiceDeployment"], 1);
}

#[tokio::test]
async fn a_bad_image_that_nobody_needs_is_deregistered_and_archived() {
    let mut gate = Queued::under(EVERY).await;
    gate.world.push(clean("v1"));
    let digest = gate.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    let definitions =
        ["shop:v2", "shop:v1"].map(|image| gate.world.register(TaskDefinition::of("report").container("app", image)));
    gate.run_for(2).await;
    assert_eq!(gate.world.storage(&digest), "ARCHIVED");
    assert_eq!(gate.steps(), ["deregister_task_definition: done", "archive_image: done"]);
    let account = gate.world.lock();
    assert_eq!(definitions.map(|arn| account.definition(&arn).expect("it is there").active), [false, true]);
    assert!(account.published[0].body.contains("tidegate scan release "), "{}", account.published[0].body);
}

#[tokio::test]
async fn with_three_calls_in_ten_throttled_it_ends_the_same() {
    let mut gate = Queued::under(EVERY).await;
    shop_in(&gate.world, "on");
    let unused = gate.world.push(clean("v9").in_progress_for(1).finds([bad()]));
    gate.world.push(clean("v2").pending_for(1).finds([critical("CVE-2026-1002").in_package("curl", "8")]));
    let deployment = deploy_in(&gate.world, "v2");
    gate.world.lock().faults.add("*", Fault::Throttle, Times::InAHundred(30));
    gate.run_for(12).await;
    assert!(gate.world.status(&deployment).starts_with("ROLLBACK"), "{}", gate.world.status(&deployment));
    assert_eq!(gate.world.storage(&unused), "ARCHIVED");
    assert_eq!(gate.queue.len(), 0);
}

#[tokio::test]
async fn a_call_that_is_denied_names_the_action_that_the_role_lacks() {
    for (operation, action) in [
        ("GetParameter", "ssm:GetParameter"),
        ("DescribeImages", "ecr:DescribeImages"),
        ("BatchGetImage", "ecr:BatchGetImage"),
        ("DescribeImageScanFindings", "ecr:DescribeImageScanFindings"),
        ("ListClusters", "ecs:ListClusters"),
        ("UpdateImageStorageClass", "ecr:UpdateImageStorageClass"),
    ] {
        let mut gate = Queued::under(EVERY).await;
        let digest = gate.world.push(clean("v2").in_progress_for(1).finds([bad()]));
        gate.world.pass(1);
        gate.world.lock().faults.add(operation, Fault::Denied, Times::Always);
        gate.run_for(0).await;
        let records = json!(gate.world.full_records()).to_string();
        assert!(records.contains(&format!("not authorized to perform: {action}")), "{operation}: {records}");
        assert_eq!(gate.world.storage(&digest), "ACTIVE", "{operation}");
        assert!(!gate.queue.is_empty(), "{operation}: it is looked at again");
    }
}

#[tokio::test]
async fn what_inspector_is_not_allowed_to_tell_is_named_too() {
    let mut gate = Queued::under(EVERY).await;
    gate.world.scans_enhanced();
    gate.world.push(clean("v2").finds([medium("CVE-2026-3003").in_package("curl", "8")]));
    gate.world.lock().faults.add("BatchGetFindingDetails", Fault::Denied, Times::Always);
    gate.run_for(0).await;
    let record = gate.world.record();
    assert_eq!((&record["verdict"], &record["reason"]), (&json!("error"), &json!("risk_unreadable")));
    assert!(word(&record, "why").contains("inspector2:BatchGetFindingDetails"), "{record}");
    gate.never_wrote();
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_answered_to_every_invocation_and_no_message_is_lost() {
    let broken = [("TIDEGATE_ARCHIVE", "maybe"), ("TIDEGATE_SCAN_POLICY", "scan policy")];
    let mut gate = Queued::with(EVERY, &broken).await;
    gate.world.push(clean("v2").finds([bad()]));
    for _ in 0..2 {
        gate.world.pass(3);
        let error = gate.deliver().await.expect("a batch").expect_err("nothing is done");
        assert_eq!(error["errorType"], "SettingsUnusable");
        let message = word(&error, "errorMessage");
        for said in [
            r#"TIDEGATE_ARCHIVE is "maybe": must be off, shadow or on"#,
            r#"TIDEGATE_SCAN_POLICY is "scan policy": must be the name of an SSM parameter"#,
        ] {
            assert!(message.contains(said), "{message}");
        }
    }
    let error = gate.drive.invoke(scheduled(TEN)).await.expect_err("the daily run neither");
    assert_eq!(error["errorType"], "SettingsUnusable");
    assert!(gate.world.lock().calls.is_empty());
    assert!(!gate.queue.is_empty(), "the batch failed as a whole");
}

#[tokio::test]
async fn what_is_not_understood_is_an_error_and_what_comes_with_it_is_handled() {
    let mut gate = Queued::under(EVERY).await;
    let error = gate.drive.invoke(json!({"imge": "shop:v2"})).await.expect_err("a word that nobody knows");
    assert_eq!(error["errorType"], "EventNotUnderstood");
    assert!(word(&error, "errorMessage").contains("unknown field `imge`"), "{error}");
    assert_eq!(gate.world.record()["reason"], "EventNotUnderstood");
    let digest = gate.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    gate.world.pass(1);
    gate.queue.send(&json!({"detail-type": "ECR Image Scan", "detail": null}), TEN);
    gate.run_for(0).await;
    assert_eq!(gate.world.storage(&digest), "ARCHIVED");
    assert_eq!(gate.queue.len(), 1, "it stays, until the queue gives it up");
    let records = gate.world.full_records();
    let refused = records.iter().find(|record| record["reason"] == "event_not_understood").expect("a record");
    assert_eq!(refused["why"], "ECR Image Scan without repository-name");
}

#[tokio::test]
async fn a_scan_that_hangs_is_given_up_in_time_and_nothing_is_done_or_lost() {
    let mut gate = Queued::under(EVERY).await;
    shop_in(&gate.world, "on");
    gate.world.push(clean("v2").finds([bad()]));
    let deployment = deploy_in(&gate.world, "v2");
    gate.world.lock().faults.add("DescribeImageScanFindings", Fault::Hang, Times::Always);
    gate.drive.timeout_s = 5;
    let began = tokio::time::Instant::now();
    gate.run_for(0).await;
    assert!(began.elapsed().as_secs() < 5, "the answer comes before the deadline");
    assert_eq!(gate.world.status(&deployment), "IN_PROGRESS");
    assert!(gate.world.records().iter().all(|said| said.starts_with("error ")), "{:?}", gate.world.records());
    assert!(!gate.queue.is_empty());
    gate.never_wrote();
}

#[tokio::test]
async fn a_panic_loses_no_message_and_the_process_survives_it() {
    let mut gate = Queued::under(EVERY).await;
    let digest = gate.world.push(clean("v2").in_progress_for(1).finds([bad()]));
    gate.world.pass(1);
    gate.world.lock().faults.add(CLOCK, Fault::MalformedBody, Times::First(1));
    assert!(gate.deliver().await.expect("a batch").is_err());
    gate.run_for(3).await;
    assert_eq!((gate.world.storage(&digest), gate.queue.len()), ("ARCHIVED", 0));
}

#[tokio::test]
async fn a_flood_of_findings_is_one_look_one_short_record_and_one_message() {
    let mut gate = Queued::under(EVERY).await;
    gate.world.scans_enhanced();
    let found = (0..10_000).map(|n| critical(&format!("CVE-2026-{n:05}")).in_package("openssl", "3.0.1"));
    gate.world.push(clean("v2").finds(found));
    gate.run_for(0).await;
    assert_eq!(gate.world.calls("DescribeImageScanFindings"), 10, "in pages of a thousand");
    assert_eq!(gate.world.calls("BatchGetFindingDetails"), 0, "it is blocked already");
    assert_eq!((gate.world.full_records().len(), gate.queue.len()), (1, 0));
    let account = gate.world.lock();
    let longest = account.printed.iter().map(String::len).max().unwrap_or(0);
    assert!(longest < 256_000, "a line in CloudWatch Logs: {longest}");
    assert_eq!(account.published.len(), 1);
    assert!(account.published[0].body.len() < 256_000, "as much as SNS takes: {}", account.published[0].body.len());
}
