use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::*;
use crate::canned::{Asked, Canned, Prepared};

/// JSON as CBOR. A time is `{"at": seconds}`.
fn encoded(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(is) => Cbor::Bool(*is),
        Value::Number(number) => Cbor::Float(number.as_f64().expect("a number")),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(list) => Cbor::Array(list.iter().map(encoded).collect()),
        Value::Object(map) => match map.get("at") {
            Some(seconds) => Cbor::Tag(1, Box::new(encoded(seconds))),
            None => Cbor::Map(map.iter().map(|(key, value)| (Cbor::Text(key.clone()), encoded(value))).collect()),
        },
    }
}

/// The other way round.
fn decoded(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => json!(i64::try_from(number).expect("a small number")),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Tag(1, seconds) => json!({"at": decoded(*seconds)}),
        Cbor::Array(list) => list.into_iter().map(decoded).collect(),
        Cbor::Map(map) => {
            let fields = map.into_iter().map(|(key, value)| (key.into_text().expect("a name"), decoded(value)));
            Value::Object(fields.collect())
        }
        other => panic!("nobody asks for {other:?}"),
    }
}

fn answer(status: u16, value: &Value) -> Prepared {
    let mut body = Vec::new();
    ciborium::into_writer(&encoded(value), &mut body).expect("memory takes every byte");
    Prepared { status, headers: vec![("content-type", "application/cbor")], body }
}

fn question(asked: &Asked) -> Value {
    decoded(ciborium::from_reader(&*asked.bytes).expect("CBOR"))
}

fn query(name: &str) -> MetricQuery {
    MetricQuery {
        namespace: "AWS/ECS".to_owned(),
        name: name.to_owned(),
        stat: "Average".to_owned(),
        dimensions: vec![("ClusterName".to_owned(), "live".to_owned())],
        period_s: 60,
    }
}

const FROM: Timestamp = Timestamp::constant(1_767_225_600, 0);
const TO: Timestamp = Timestamp::constant(1_767_226_500, 0);

async fn metrics(aws: &Aws, names: &[&str]) -> Result<Vec<Answer>, PortError> {
    let queries: Vec<MetricQuery> = names.iter().map(|name| query(name)).collect();
    aws.get_metric_data(&queries.iter().collect::<Vec<_>>(), FROM, TO).await
}

fn result(id: &str, times: &[i64], values: &[f64], status: &str) -> Value {
    let times: Vec<Value> = times.iter().map(|at| json!({"at": at})).collect();
    json!({"Id": id, "Label": "x", "Timestamps": times, "Values": values, "StatusCode": status, "Messages": [{"Code": "new"}]})
}

fn point(at: i64, value: f64) -> Datapoint {
    Datapoint { at: Timestamp::from_second(at).expect("a time"), value }
}

#[tokio::test]
async fn metrics_are_read_over_all_pages_each_to_its_query() {
    let first = json!({"MetricDataResults": [
        result("q1", &[1_767_225_660], &[2.5], "Complete"), result("q0", &[1_767_225_720, 1_767_225_660], &[1.0, 0.5], "PartialData")],
        "NextToken": "more", "Messages": []});
    let second = json!({"MetricDataResults": [result("q0", &[1_767_225_600], &[0.25], "Complete")], "NextToken": null});
    let (aws, canned) = Canned::aws([answer(200, &first), answer(200, &second)]).await;
    let answers = metrics(&aws, &["CPUUtilization", "MemoryUtilization"]).await.expect("answers");
    let cpu = vec![point(1_767_225_720, 1.0), point(1_767_225_660, 0.5), point(1_767_225_600, 0.25)];
    assert_eq!(answers, [Ok(cpu), Ok(vec![point(1_767_225_660, 2.5)])]);

    let asked = canned.asked();
    let of = |id: &str, name: &str| {
        let dimensions = json!([{"Name": "ClusterName", "Value": "live"}]);
        let metric = json!({"Namespace": "AWS/ECS", "MetricName": name, "Dimensions": dimensions});
        json!({"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}})
    };
    let mut expected = json!({
        "MetricDataQueries": [of("q0", "CPUUtilization"), of("q1", "MemoryUtilization")],
        "StartTime": {"at": 1_767_225_600.0}, "EndTime": {"at": 1_767_226_500.0},
    });
    assert_eq!(question(&asked[0]), expected);
    expected["NextToken"] = json!("more");
    assert_eq!(question(&asked[1]), expected);
    assert_eq!(asked[0].operation, "service/GraniteServiceVersion20100801/operation/GetMetricData");
    let header = |name: &str| asked[0].headers.get(name).map(String::as_str);
    assert_eq!((header("smithy-protocol"), header("accept")), (Some("rpc-v2-cbor"), Some("application/cbor")));
    assert_eq!((header("content-type"), header("x-amzn-query-mode")), (Some("application/cbor"), Some("true")));
    assert!(header("authorization").is_some_and(|signed| signed.contains("/eu-west-1/monitoring/aws4_request")));
}

#[tokio::test]
async fn what_is_partial_uneven_or_missing_is_never_taken_for_data() {
    let odd = json!({"MetricDataResults": [
        result("q0", &[1_767_225_660], &[1.0], "PartialData"), result("q1", &[1_767_225_660], &[], "Complete"),
        result("q2", &[], &[], "SomethingNew"), result("q3", &[], &[], "Complete")]});
    let (aws, _) = Canned::aws([answer(200, &odd)]).await;
    let answers = metrics(&aws, &["a", "b", "c", "d", "e"]).await.expect("answers");
    let said = |what: &str| Err(what.to_owned());
    let expected = [
        said("CloudWatch answered PartialData"),
        said("CloudWatch gave values without times"),
        said("CloudWatch answered SomethingNew"),
        Ok(Vec::new()),
        said("CloudWatch did not answer this query"),
    ];
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn cbor_of_every_length_is_read() {
    // {_ "MetricDataResults": [_ {_ "Id": (_ "q" "0"), "Timestamps": [_ 1(1767225660)], "Values": [_ 1.5 (half)],
    // "StatusCode": "Complete"}]}: indefinite lengths, a time that is an integer, a small float.
    let mut body = b"\xbf\x71MetricDataResults\x9f\xbf\x62Id\x7f\x61q\x610\xff\x6aTimestamps\x9f\xc1\x1a".to_vec();
    body.extend(1_767_225_660_u32.to_be_bytes());
    body.extend(b"\xff\x66Values\x9f\xf9\x3e\x00\xff\x6aStatusCode\x68Complete\xff\xff\xff");
    let whole = Prepared { status: 200, headers: Vec::new(), body: body.clone() };
    body.truncate(body.len() - 2);
    let (aws, _) = Canned::aws([whole, Prepared { status: 200, headers: Vec::new(), body }]).await;
    assert_eq!(metrics(&aws, &["a"]).await, Ok(vec![Ok(vec![point(1_767_225_660, 1.5)])]));
    assert_eq!(metrics(&aws, &["a"]).await.map_err(|error| error.kind), Err(Kind::Garbled), "it ends too early");
}

#[tokio::test]
async fn an_answer_to_no_question_and_a_list_without_an_end_are_errors() {
    let stranger = json!({"MetricDataResults": [result("q7", &[], &[], "Complete")]});
    let (aws, _) = Canned::aws([answer(200, &stranger)]).await;
    let error = metrics(&aws, &["a"]).await.expect_err("an error");
    assert_eq!((error.kind, &*error.message), (Kind::Garbled, "it answers a query that was not asked: \"q7\""));
    let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| answer(200, &json!({"NextToken": "again"})))).await;
    assert_eq!(metrics(&aws, &["a"]).await.map_err(|error| error.kind), Err(Kind::Garbled));
    assert_eq!(canned.asked().len(), MOST_PAGES);
}

#[tokio::test]
async fn alarms_of_every_type_are_found_and_those_on_logs_asked_for_alone() {
    let dimensions = json!([{"Name": "ServiceName", "Value": "shop"}, {"Value": "nameless"}]);
    let metric = json!({"AlarmName": "cpu", "StateValue": "ALARM", "StateUpdatedTimestamp": {"at": 1_767_225_600.5},
        "ActionsEnabled": false, "Dimensions": dimensions, "Threshold": 70, "MetricName": "CPUUtilization"});
    let stat = json!({"Metric": {"Namespace": "AWS/ECS", "Dimensions": [{"Name": "ClusterName", "Value": "live"}]}, "Period": 60});
    let math = json!({"AlarmName": "math", "StateValue": "DREAMING", "Dimensions": null,
        "Metrics": [{"Id": "e1", "Expression": "m1 * 2"}, {"Id": "m1", "MetricStat": stat}]});
    let first = json!({"MetricAlarms": [metric], "CompositeAlarms": [], "NextToken": "more"});
    let second = json!({"MetricAlarms": [math], "CompositeAlarms": [{"AlarmName": "both", "StateValue": "OK", "AlarmRule": "x"}]});
    let logs = json!({"LogAlarms": [{"AlarmName": "logs", "StateValue": "ALARM"}]});
    let (aws, canned) = Canned::aws([answer(200, &first), answer(200, &second), answer(200, &logs)]).await;
    let names = ["cpu", "math", "both", "logs"].map(str::to_owned);
    let alarm = |name: &str, in_alarm, composite, dimensions: &[(&str, &str)]| Alarm {
        name: name.to_owned(),
        in_alarm,
        since: None,
        actions_enabled: true,
        composite,
        dimensions: dimensions.iter().map(|(key, value)| [((*key).to_owned(), (*value).to_owned())].into()).collect(),
    };
    let cpu = Alarm {
        since: "2026-01-01T00:00:00.5Z".parse().ok(),
        actions_enabled: false,
        ..alarm("cpu", true, false, &[("ServiceName", "shop")])
    };
    let expected = vec![
        cpu,
        alarm("math", false, false, &[("ClusterName", "live")]),
        alarm("both", false, true, &[]),
        alarm("logs", true, false, &[]),
    ];
    assert_eq!(aws.describe_alarms(&names).await, Ok(expected));
    let asked = canned.asked();
    let named = |names: &[&str], types: &[&str]| json!({"AlarmNames": names, "AlarmTypes": types, "MaxRecords": 100});
    let mut expected = named(&["cpu", "math", "both", "logs"], &["MetricAlarm", "CompositeAlarm"]);
    assert_eq!(question(&asked[0]), expected);
    expected["NextToken"] = json!("more");
    assert_eq!(question(&asked[1]), expected);
    assert_eq!(question(&asked[2]), named(&["logs"], &["LogAlarm"]));
}

#[tokio::test]
async fn where_nobody_knows_alarms_on_logs_the_others_are_told() {
    let refused = json!({"__type": "com.amazonaws.cloudwatch#ValidationError", "message": "LogAlarm is no type"});
    let denied = json!({"__type": "AccessDeniedException", "Message": "no"});
    let none = || answer(200, &json!({}));
    let (aws, _) = Canned::aws([none(), answer(400, &refused), none(), answer(400, &denied)]).await;
    let names = ["gone".to_owned()];
    assert_eq!(aws.describe_alarms(&names).await, Ok(Vec::new()));
    assert_eq!(aws.describe_alarms(&names).await.map_err(|error| error.kind), Err(Kind::Denied));
    assert_eq!(aws.describe_alarms(&[]).await, Ok(Vec::new()), "nobody asks about nothing");
}

#[tokio::test]
async fn the_children_of_a_composite_alarm_are_named() {
    let children = json!({"MetricAlarms": [{"AlarmName": "cpu"}], "CompositeAlarms": [{"AlarmName": "inner"}]});
    let (aws, canned) = Canned::aws([answer(200, &children)]).await;
    let mut names = aws.describe_alarm_children("outer").await.expect("names");
    names.sort();
    assert_eq!(names, ["cpu", "inner"]);
    assert_eq!(question(&canned.asked()[0]), json!({"ChildrenOfAlarmName": "outer", "MaxRecords": 100}));
}

#[tokio::test(start_paused = true)]
async fn what_cloudwatch_does_not_answer_is_an_error_of_its_kind() {
    let throttled = json!({"__type": "com.amazonaws.cloudwatch#ThrottlingException", "message": "Rate exceeded"});
    let denied =
        json!({"__type": "AccessDeniedException", "Message": "not authorized to perform: cloudwatch:GetMetricData"});
    let older = Prepared {
        headers: vec![("x-amzn-query-error", "Throttling;Sender")],
        ..answer(400, &json!({"__type": "Odd"}))
    };
    let mut answers: Vec<Prepared> = (0..6).map(|_| answer(400, &throttled)).collect();
    answers.extend((0..6).map(|_| older.clone()));
    let page = |body: &str| Prepared { status: 200, headers: Vec::new(), body: body.into() };
    answers.extend([
        answer(400, &denied),
        page("<html>"),
        page(""),
        answer(200, &json!({"MetricDataResults": "many"})),
    ]);
    let (aws, canned) = Canned::aws(answers).await;
    for (kind, said) in [
        (Kind::Throttled, "ThrottlingException: Rate exceeded"),
        (Kind::Throttled, "Throttling"),
        (Kind::Denied, "perform: cloudwatch:GetMetricData"),
        (Kind::Garbled, ""),
        (Kind::Garbled, ""),
        (Kind::Garbled, ""),
    ] {
        let error = metrics(&aws, &["a"]).await.expect_err("an error");
        assert_eq!((error.operation, error.kind), ("GetMetricData", kind), "{error}");
        assert!(error.message.contains(said), "{error}");
    }
    assert_eq!(canned.asked().len(), 16);
}
