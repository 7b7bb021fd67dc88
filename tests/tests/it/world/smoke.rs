//! Single requests to listeners, and functions that are asked.

use std::time::Duration;

use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::error::Kind;
use tidegate_aws::functions::Asked;
use tidegate_aws::listeners::Listeners;
use tidegate_aws::probe::{LONGEST_BODY, Probe};
use tidegate_core::smoke::{Answer, Endpoint, Expected, Request};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::faults::{Fault, PROBE, Times};
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{minutes, shop};

fn world() -> World {
    let balancer = Balancer::application("prod/shop").test_listener();
    let world = shop(Service::new("prod/shop", 4, TEN).by_code_deploy(), balancer);
    let group = DeploymentGroup::new("prod/shop").hook("AfterAllowTestTraffic", "CodeDeployHook_gate");
    world.lock().codedeploy.groups.push(group);
    world
}

fn endpoint(world: &World, tests: bool) -> Endpoint {
    let mut account = world.lock();
    let balancer = account.balancer("prod/shop");
    let listener = if tests { balancer.test_listener.clone().expect("one") } else { balancer.listener.clone() };
    let (dns_name, internal) = (balancer.dns_name.clone(), balancer.internal);
    Endpoint { dns_name, port: listener.port, tls: listener.tls(), internal }
}

fn get(path: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        host: Some("shop.example.com".to_owned()),
        headers: [("X-Smoke".to_owned(), "1".to_owned())].into(),
        body: None,
        expected: Expected::default(),
    }
}

fn answered(answer: &Answer) -> (u16, u32, &str) {
    match answer {
        Answer::Answered { status, took_ms, body, .. } => (*status, *took_ms, body),
        Answer::Failed { why } => (0, 0, why),
    }
}

#[tokio::test]
async fn the_test_listener_asks_the_new_version_and_the_production_one_the_old() {
    let world = world();
    let version = Version::new("v2")
        .answers("/health", 503, "{\"status\": \"starting\"}", Duration::from_millis(250))
        .redirects("/old", "https://elsewhere.example.com/");
    world.deploy("prod/shop", version);
    assert_eq!(
        answered(&world.probe(&endpoint(&world, true), &get("/health")).await),
        (200, 80, "ok"),
        "v1 is there yet"
    );
    world.next_call(minutes(10)).expect("AfterAllowTestTraffic");
    let tests = endpoint(&world, true);
    let new = world.probe(&tests, &get("/health?deep=1")).await;
    assert_eq!(answered(&new), (503, 250, "{\"status\": \"starting\"}"));
    assert_eq!(answered(&world.probe(&tests, &get("/")).await), (200, 80, "ok"));
    assert_eq!(answered(&world.probe(&endpoint(&world, false), &get("/health")).await), (200, 80, "ok"));
    let Answer::Answered { status: 302, location, .. } = world.probe(&tests, &get("/old")).await else {
        panic!("it redirects")
    };
    assert_eq!(location.as_deref(), Some("https://elsewhere.example.com/"));
    let asked = world.asked();
    assert_eq!(asked.len(), 5);
    let told = &asked[1];
    assert_eq!((&*told.method, &*told.path, &*told.host), ("GET", "/health?deep=1", "shop.example.com"));
    assert_eq!(told.headers.get("x-smoke").map(String::as_str), Some("1"));
    assert_eq!(told.listener, (tests.dns_name, 8443));
}

#[tokio::test]
async fn where_nothing_listens_or_speaks_tls_or_serves_the_answer_says_so() {
    let world = world();
    let tests = endpoint(&world, true);
    let elsewhere = Endpoint { dns_name: "other.example.com".to_owned(), ..tests.clone() };
    assert_eq!(answered(&world.probe(&elsewhere, &get("/")).await).2, "connection refused");
    let clear = Endpoint { tls: false, ..tests.clone() };
    assert!(answered(&world.probe(&clear, &get("/")).await).2.contains("does not speak"));
    world.lock().balancer("prod/shop").groups[0].running.clear();
    assert_eq!(answered(&world.probe(&tests, &get("/")).await).0, 503, "the load balancer itself answers");
    world.lock().faults.add(PROBE, Fault::Hang, Times::First(1));
    assert_eq!(answered(&world.probe(&tests, &get("/")).await).2, "connection timed out");
    assert_eq!(world.calls("Probe"), 0, "it is no call of AWS's");
}

#[tokio::test]
async fn a_long_body_is_cut() {
    let world = world();
    let long = "x".repeat(LONGEST_BODY + 10);
    world.lock().balancer("prod/shop").groups[0].running[0].version =
        Version::new("v1").answers("/", 200, &long, Duration::ZERO);
    let answer = world.probe(&endpoint(&world, true), &get("/")).await;
    let Answer::Answered { body, cut, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((body.len(), cut), (LONGEST_BODY, true));
}

#[tokio::test]
async fn a_listener_leads_to_its_load_balancer_and_what_is_gone_is_none() {
    let world = World::new(TEN);
    world.add(Service::new("prod/shop", 1, TEN));
    world.balance(Balancer::network("prod/shop").internal().test_listener());
    let (arn, of) = {
        let mut account = world.lock();
        let balancer = account.balancer("prod/shop");
        (balancer.test_listener.clone().expect("one").arn, balancer.arn.clone())
    };
    let listener = world.listener(&arn).await.unwrap().expect("it is there");
    assert_eq!((&listener.load_balancer, listener.port, &*listener.protocol), (&of, 8443, "TLS"));
    let balancer = world.load_balancer(&of).await.unwrap().expect("it is there");
    assert!(balancer.internal && balancer.dns_name.starts_with("internal-prod-shop-"), "{balancer:?}");
    assert_eq!(world.listener(&of).await, Ok(None));
    assert_eq!(world.load_balancer(&arn).await, Ok(None));
}

#[tokio::test]
async fn a_function_that_is_asked_answers_or_fails_or_is_not_there() {
    let world = world();
    world.function("prober", |_, payload| if payload == "{}" { Ok("1".to_owned()) } else { Err("panic".to_owned()) });
    world.working_function("slow", |world, payload| {
        Box::pin(async move {
            tidegate_aws::clock::Clock::sleep(&world, Duration::from_secs(1)).await;
            Ok(payload)
        })
    });
    assert_eq!(world.invoke("prober", "{}").await.as_deref(), Ok("1"));
    assert_eq!(world.invoke("slow", "[2]").await.as_deref(), Ok("[2]"));
    let failed = world.invoke("prober", "[]").await.expect_err("it fails");
    assert_eq!((failed.kind, failed.message.as_str()), (Kind::Unavailable, "prober failed (Unhandled): panic"));
    assert_eq!(world.invoke("gone", "{}").await.expect_err("it is gone").kind, Kind::NotFound);
    let asked: Vec<String> = world.lock().functions.asked.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(asked, ["prober", "slow", "prober", "gone"]);
}

#[tokio::test]
async fn every_second_call_can_fail_and_an_alarm_can_be_muted() {
    let world = world();
    world.lock().set_alarm("5xx", "OK");
    world.lock().faults.add("*", Fault::Throttle, Times::Every(2));
    let names = ["5xx".to_owned()];
    let mut kinds = Vec::new();
    for _ in 0..6 {
        kinds.push(world.describe_alarms(&names).await.map_err(|error| error.kind).is_ok());
    }
    assert_eq!(kinds, [true, false, true, false, true, false]);
    world.lock().alarms[0].muted = true;
    assert!(!world.describe_alarms(&names).await.expect("its turn")[0].actions_enabled);
}
