//! The queue by which a run of the scaler hands on its parts.

use saphyr::Yaml;
use tidegate_core::scaling::fan_out::WORKERS;
use tidegate_tests::parts::TRIES;

use super::{named, resource, template};

fn number(value: &Yaml<'_>) -> i64 {
    value.as_integer().expect("a number")
}

#[test]
fn no_more_parts_run_at_once_than_share_what_may_be_asked_of_ecs() {
    let template = template();
    let door = resource(&template, "CostScalerDoor");
    assert_eq!(named(&door["FunctionName"], "Ref"), "CostScaler");
    assert_eq!(named(&door["EventSourceArn"], "GetAtt"), "CostScalerParts.Arn");
    assert_eq!(number(&door["ScalingConfig"]["MaximumConcurrency"]), i64::from(WORKERS));
    assert_eq!(
        (number(&door["BatchSize"]), door["FunctionResponseTypes"][0].as_str()),
        (1, Some("ReportBatchItemFailures"))
    );
    // One to hand on, and at least two that alarms can have.
    let reserved = &template["Parameters"]["ScalerReservedConcurrency"];
    assert!(number(&reserved["MinValue"]) >= i64::from(WORKERS) + 3);
}

#[test]
fn a_part_that_failed_is_tried_again_while_it_is_young_and_then_kept_where_an_alarm_looks() {
    let template = template();
    let (scaler, queue) = (resource(&template, "CostScaler"), resource(&template, "CostScalerParts"));
    // Lambda refuses less than the timeout.
    assert_eq!(named(&queue["VisibilityTimeout"], "Ref"), named(&scaler["Timeout"], "Ref"));
    assert_eq!(number(&queue["RedrivePolicy"]["maxReceiveCount"]), i64::from(TRIES));
    assert_eq!(named(&queue["RedrivePolicy"]["deadLetterTargetArn"], "GetAtt"), "CostScalerFailures.Arn");
    let timeout = number(&template["Parameters"]["ScalerTimeout"]["Default"]);
    assert!(timeout * i64::from(TRIES) <= 120, "it is tried as often before it is too old");
    // It is declined, and that is told, long before SQS drops it without a word.
    assert!(number(&queue["MessageRetentionPeriod"]) > 10 * 120);
    let alarm = resource(&template, "CostScalerFailuresAlarm");
    assert_eq!(named(&alarm["Dimensions"][0]["Value"], "GetAtt"), "CostScalerFailures.QueueName");
}

#[test]
fn the_scaler_may_send_to_its_own_queues_only_and_nobody_else_may_by_the_queue() {
    let template = template();
    let statements = &resource(&template, "CostScalerRole")["Policies"][0]["PolicyDocument"]["Statement"];
    let statements = statements.as_sequence().expect("a list").iter();
    let sending = statements.filter(|statement| statement["Action"].as_str() == Some("sqs:SendMessage"));
    let queues: Vec<String> = sending.map(|statement| named(&statement["Resource"], "GetAtt")).collect();
    assert_eq!(queues, ["CostScalerParts.Arn", "CostScalerFailures.Arn"]);
    let policy = &resource(&template, "CostScalerPartsPolicy")["PolicyDocument"]["Statement"];
    let [only] = policy.as_sequence().expect("a list").as_slice() else { panic!("one statement") };
    assert_eq!((only["Effect"].as_str(), only["Principal"].as_str()), (Some("Deny"), Some("*")));
    let environment = &resource(&template, "CostScaler")["Environment"]["Variables"];
    assert_eq!(named(&environment["TIDEGATE_PARTS_QUEUE"], "Ref"), "CostScalerParts");
}
