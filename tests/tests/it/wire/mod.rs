//! The AWS side of the ports, over the wire: what the real clients make of the protocols.

mod balancers;
mod codedeploy;
mod deployments;
mod failures;
mod hooking;
mod images;
mod queues;
mod tasks;

use tidegate_aws::Aws;
use tidegate_aws::autoscaling::Autoscaling;
use tidegate_aws::clock::{Clock, ClockSource};
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::ecs::Ecs;
use tidegate_aws::notifications::{Message, Notifications};
use tidegate_aws::sdk::loader;
use tidegate_aws::tagging::Tagging;
use tidegate_core::metrics::MetricQuery;
use tidegate_core::prices::{Capacity, Mix, Purchase};
use tidegate_core::scaling::facts::ScalableTarget;
use tidegate_tests::scene::TEN;
use tidegate_tests::wire::Server;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::{Alarm, World};

/// A world with one service that has been scaled in its time, a server for it, and the real clients.
async fn world() -> (World, Server, Aws) {
    let world = World::new(TEN - jiff::SignedDuration::from_mins(30));
    world.add(Service::new("prod/shop", 10, TEN).enrolled("on", 2, 40).load(|_| 6.0).behind_load_balancer());
    world.pass(20);
    let now = world.lock().now;
    world.lock().service("prod/shop").set_desired(12, now);
    world.pass(5);
    let now = world.lock().now;
    world.lock().service("prod/shop").set_desired(11, now);
    world.pass(5);
    let (server, aws) = connect(&world).await;
    (world, server, aws)
}

/// A server for a world, and the real clients.
pub(crate) async fn connect(world: &World) -> (Server, Aws) {
    let server = Server::start(world.clone()).await;
    let credentials = aws_credential_types::Credentials::for_tests();
    let loader = loader().credentials_provider(credentials).region("eu-west-1").endpoint_url(server.url());
    let clock = ClockSource::from_url(&server.url()).expect("loopback");
    let aws = Aws::new(&loader.load().await, clock);
    (server, aws)
}

fn query(name: &str, stat: &str) -> MetricQuery {
    let dimensions = [("ClusterName", "prod"), ("ServiceName", "shop")];
    MetricQuery {
        namespace: "AWS/ECS".to_owned(),
        name: name.to_owned(),
        stat: stat.to_owned(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        period_s: 60,
    }
}

#[tokio::test]
async fn a_service_is_the_same_over_the_wire_as_in_process() {
    let (world, _server, aws) = world().await;
    let names = ["shop".to_owned(), "gone".to_owned()];
    let over_the_wire = aws.describe_services("prod", &names).await.unwrap();
    assert_eq!(over_the_wire, world.describe_services("prod", &names).await.unwrap());
    assert_eq!(over_the_wire.failures, [("gone".to_owned(), "MISSING".to_owned())]);
    let changes: Vec<i32> = over_the_wire.services[0].history.changes.iter().map(|change| change.tasks).collect();
    assert_eq!(changes, [2, -1]);
}

#[tokio::test]
async fn tags_sizes_owners_and_the_time_are_read() {
    let (world, _server, aws) = world().await;
    assert_eq!(
        aws.get_resources("tidegate:scale", None).await.unwrap(),
        world.get_resources("tidegate:scale", None).await.unwrap()
    );
    let definition = world.lock().service("prod/shop").task_definition();
    let size = aws.describe_task_definition(&definition).await.unwrap().expect("it has a size");
    assert_eq!((size.cpu_units, size.memory_mib), (1024, 2048));

    let target = ScalableTarget { min: 2, max: 20 };
    world.lock().scalable_targets.insert("service/prod/shop".to_owned(), target.clone());
    let ids = ["service/prod/shop".to_owned(), "service/prod/other".to_owned()];
    let targets = aws.describe_scalable_targets(&ids).await.unwrap();
    assert_eq!(targets.into_iter().collect::<Vec<_>>(), [("service/prod/shop".to_owned(), target)]);
    assert_eq!(aws.now().await, TEN);
}

#[tokio::test]
async fn a_list_of_more_than_a_hundred_services_is_paged() {
    let (world, _server, aws) = world().await;
    for index in 0..150 {
        world.add(Service::new(&format!("prod/service-{index}"), 2, TEN).enrolled("on", 2, 4));
    }
    let first = aws.get_resources("tidegate:scale", None).await.unwrap();
    let second = aws.get_resources("tidegate:scale", first.next.as_deref()).await.unwrap();
    assert_eq!((first.services.len(), second.services.len(), second.next), (100, 51, None));
}

#[tokio::test]
async fn metrics_are_the_same_over_the_wire_as_in_process() {
    let (world, _server, aws) = world().await;
    let queries = [query("CPUUtilization", "Average"), query("CPUUtilization", "SampleCount"), query("Nothing", "Sum")];
    let queries: Vec<&MetricQuery> = queries.iter().collect();
    let from = TEN - jiff::SignedDuration::from_mins(15);
    let sorted = |answers: Vec<tidegate_core::metrics::Answer>| {
        let mut answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        for points in &mut answers {
            points.sort_by_key(|point| point.at);
        }
        answers
    };
    let over_the_wire = sorted(aws.get_metric_data(&queries, from, TEN).await.unwrap());
    assert_eq!(over_the_wire, sorted(world.get_metric_data(&queries, from, TEN).await.unwrap()));
    assert_eq!(over_the_wire.iter().map(Vec::len).collect::<Vec<_>>(), [14, 14, 0]);
}

#[tokio::test]
async fn empty_pages_are_paged_over() {
    let (world, _server, aws) = world().await;
    world.lock().faults.add("GetMetricData", Fault::EmptyPages(3), Times::Always);
    let from = TEN - jiff::SignedDuration::from_mins(15);
    let answers = aws.get_metric_data(&[&query("CPUUtilization", "Average")], from, TEN).await.unwrap();
    assert_eq!(answers[0].as_ref().map(Vec::len), Ok(14));
    assert_eq!(world.lock().calls.get("GetMetricData"), Some(&4));
}

#[tokio::test]
async fn partial_data_is_never_taken_for_complete() {
    let (world, _server, aws) = world().await;
    world.lock().faults.add("GetMetricData", Fault::PartialData, Times::Always);
    let from = TEN - jiff::SignedDuration::from_mins(15);
    let queries = [query("CPUUtilization", "Average"), query("CPUUtilization", "SampleCount")];
    let answers = aws.get_metric_data(&queries.iter().collect::<Vec<_>>(), from, TEN).await.unwrap();
    assert_eq!(answers[0], Err("CloudWatch answered PartialData".to_owned()));
    assert!(answers[1].is_ok(), "the other query of the same call is complete");
}

#[tokio::test]
async fn alarms_are_read_with_the_dimensions_of_their_metrics() {
    let (world, _server, aws) = world().await;
    let dimensions = vec![("ClusterName".to_owned(), "prod".to_owned())];
    let plain = Alarm {
        name: "plain".to_owned(),
        state: "ALARM".to_owned(),
        dimensions: dimensions.clone(),
        ..Alarm::default()
    };
    let math = Alarm { name: "math".to_owned(), state: "OK".to_owned(), math: true, ..plain.clone() };
    let children = vec!["plain".to_owned(), "math".to_owned()];
    let whole =
        Alarm { name: "whole".to_owned(), state: "ALARM".to_owned(), children: children.clone(), ..Alarm::default() };
    world.lock().alarms.extend([plain, math, whole]);
    let names = ["plain", "math", "whole", "gone"].map(str::to_owned);
    let mut alarms = aws.describe_alarms(&names).await.unwrap();
    alarms.sort_by(|a, b| a.name.cmp(&b.name));
    let seen: Vec<_> = alarms.iter().map(|a| (a.name.as_str(), a.in_alarm, a.composite, a.dimensions.len())).collect();
    assert_eq!(seen, [("math", false, false, 1), ("plain", true, false, 1), ("whole", true, true, 0)]);
    assert_eq!(alarms[0].dimensions[0].get("ClusterName").map(String::as_str), Some("prod"));
    assert_eq!(aws.describe_alarm_children("whole").await.unwrap(), children);
}

#[tokio::test]
async fn a_count_is_written_and_nothing_else_of_the_service() {
    let (world, _server, aws) = world().await;
    aws.update_desired_count("prod", "shop", 15).await.unwrap();
    assert_eq!(world.lock().writes.last().map(|write| (write.from, write.to)), Some((11, 15)));
}

#[tokio::test]
async fn a_message_is_published() {
    let (world, _server, aws) = world().await;
    let message = Message::new(&format!("10 → 12 {}", "long ".repeat(40)), "body & <tags>\n");
    aws.publish("arn:aws:sns:eu-west-1:123456789012:tidegate", &message).await.unwrap();
    let account = world.lock();
    assert_eq!(account.published[0].body, "body & <tags>\n");
    assert!(account.published[0].subject.starts_with("10 ? 12 long"));
    assert!(account.published[0].subject.len() <= 100);
}

#[tokio::test]
async fn what_a_service_runs_on_is_read_from_its_strategy() {
    let (world, _server, aws) = world().await;
    let strategies = [
        (
            vec![("FARGATE", 1, 1), ("FARGATE_SPOT", 0, 3)],
            Capacity::FargateMix(Mix { on_demand_base: 1, spot_base: 0, on_demand_weight: 1, spot_weight: 3 }),
        ),
        (vec![("FARGATE_SPOT", 0, 1)], Capacity::Fargate(Purchase::Spot)),
        (vec![("my-instances", 0, 1)], Capacity::Ec2),
    ];
    for (strategy, capacity) in strategies {
        {
            let mut account = world.lock();
            let service = account.service("prod/shop");
            service.launch_type = None;
            service.strategy =
                strategy.into_iter().map(|(name, base, weight)| (name.to_owned(), base, weight)).collect();
        }
        let described = aws.describe_services("prod", &["shop".to_owned()]).await.unwrap();
        assert_eq!(described.services[0].capacity, capacity);
    }
}

#[test]
fn only_a_loopback_address_may_tell_the_time() {
    for refused in
        ["https://127.0.0.1:80", "http://10.0.0.1:80", "http://example.com:80", "http://127.0.0.1", "127.0.0.1:80"]
    {
        assert_eq!(ClockSource::from_url(refused), None, "{refused}");
    }
    assert!(ClockSource::from_url("http://127.0.0.1:4566").is_some());
    assert!(ClockSource::from_url("http://[::1]:4566/").is_some());
}

#[tokio::test]
async fn every_page_of_the_alarms_is_read() {
    let (world, _server, aws) = world().await;
    let names: Vec<String> = (0..8).map(|index| format!("alarm-{index}")).collect();
    let alarm = |name: &String| Alarm { name: name.clone(), state: "ALARM".to_owned(), ..Alarm::default() };
    world.lock().alarms.extend(names.iter().map(alarm));
    world.lock().alarms.push(Alarm { name: "whole".to_owned(), children: names.clone(), ..Alarm::default() });
    assert_eq!(aws.describe_alarms(&names).await.unwrap().len(), 8);
    assert_eq!(aws.describe_alarm_children("whole").await.unwrap(), names);
}

#[tokio::test]
async fn the_past_of_a_live_service_is_its_cpu_times_its_tasks() {
    let (_world, _server, aws) = world().await;
    let load = tidegate::live::load(&aws, "eu-west-1", "prod", "shop", 1).await.unwrap();
    assert_eq!(load.name, "prod/shop");
    assert!(load.demand.known().count() >= 25, "half an hour has passed");
    let task = load.task.expect("it runs on Fargate");
    assert_eq!((task.size.cpu_units, task.size.memory_mib, task.region.as_str()), (1024, 2048, "eu-west-1"));
    let missing = tidegate::live::load(&aws, "eu-west-1", "prod", "shopp", 1).await.map(|_| ()).unwrap_err();
    assert_eq!(missing.to_string(), "there is no service prod/shopp: DescribeServices says MISSING");
}
