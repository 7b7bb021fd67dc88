//! Smoke requests: to the test listener of this service and nowhere else, in both forms, and from within the VPC.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::probe::Probe;
use tidegate_core::smoke::{Answer, Endpoint, Request};
use tidegate_tests::hooking::{Hooking, PROBER};
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::faults::{Fault, PROBE, Times};
use tidegate_tests::world::version::Version;

use super::{balancer, by_code_deploy, event_status, good, group, nothing_was_lost, over_code_deploy, shop};

const STAGE: &str = "AfterAllowTestTraffic";

fn answering(status: u16, body: &str) -> Version {
    good().answers("/health", status, body, Duration::from_millis(20))
}

fn asking(smoke: &str) -> Hooking {
    by_code_deploy(shop("on").tag("smoke", smoke), &[STAGE])
}

#[tokio::test(start_paused = true)]
async fn the_request_goes_to_the_test_listener_with_the_host_of_the_tag() {
    let hooking = asking("GET /health 200 500ms host=shop.example.com");
    let _ = hooking.deploy(answering(200, "ok"));
    hooking.run_for(15).await;
    assert_eq!(event_status(&hooking, STAGE), "Succeeded", "{:?}", hooking.records());
    let asked = hooking.world.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].listener.1, asked[0].host.as_str()), (8443, "shop.example.com"));
    let dns_name = hooking.world.lock().balancer("prod/shop").dns_name.clone();
    assert_eq!(asked[0].listener.0, dns_name);
    hooking.never_called(&["DescribeImages", "DescribeTaskDefinition", "DescribeAlarms"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_wrongly_fails_the_hook_with_what_came() {
    for (smoke, version, came) in [
        ("GET /health 200 500ms", answering(500, "boom"), "500"),
        ("GET /health 200 500ms", good().answers("/health", 200, "ok", Duration::from_secs(2)), "it took 2000 ms"),
        (
            "GET /health 200 500ms",
            good().redirects("/health", "https://elsewhere.example.com/"),
            "elsewhere.example.com",
        ),
    ] {
        let hooking = asking(smoke);
        let id = hooking.deploy(version);
        hooking.run_for(15).await;
        assert_eq!((hooking.status(&id).as_str(), hooking.records()), ("Failed", vec!["fail smoke_failed".to_owned()]));
        assert!(hooking.told().contains(came), "{came}: {}", hooking.told());
        assert!(hooking.world.asked().iter().all(|asked| asked.listener.1 == 8443), "redirects are not followed");
        nothing_was_lost(&hooking);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_for_a_moment_is_tried_again() {
    let hooking = asking("GET /health 200 500ms");
    hooking.world.lock().faults.add(PROBE, Fault::Hang, Times::First(2));
    let _ = hooking.deploy(answering(200, "ok"));
    hooking.run_for(15).await;
    assert_eq!(event_status(&hooking, STAGE), "Succeeded", "{:?}", hooking.records());
    assert_eq!(hooking.world.asked().len(), 1);
}

const LONG_FORM: &str = r#"
- path: /health
  method: POST
  headers: {x-token: "s3cr3t-token"}
  body: '{"ping": 1}'
  expect: {status: 200, within: 1s, json: {"/status": "ok"}}
"#;

#[tokio::test(start_paused = true)]
async fn the_long_form_is_in_a_parameter_and_what_it_sends_is_in_no_record() {
    let hooking = asking("/tidegate/smoke/shop");
    hooking.world.lock().parameters.insert("/tidegate/smoke/shop".to_owned(), LONG_FORM.to_owned());
    let _ = hooking.deploy(answering(200, r#"{"status": "ok"}"#));
    hooking.run_for(15).await;
    assert_eq!(event_status(&hooking, STAGE), "Succeeded", "{:?}", hooking.world.full_records());
    let asked = hooking.world.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].headers["x-token"].as_str()), ("POST", "s3cr3t-token"));
    assert!(!hooking.world.lock().printed.iter().any(|line| line.contains("s3cr3t")), "a record tells a secret");
}

#[tokio::test(start_paused = true)]
async fn a_long_form_that_is_none_or_is_not_there_fails_the_hook() {
    for (text, why) in [(None, "does not exist"), (Some("- path: 7\n"), "can't be read")] {
        let hooking = asking("/tidegate/smoke/shop");
        if let Some(text) = text {
            hooking.world.lock().parameters.insert("/tidegate/smoke/shop".to_owned(), text.to_owned());
        }
        let id = hooking.deploy(answering(200, "ok"));
        hooking.run_for(15).await;
        assert_eq!(hooking.status(&id), "Failed");
        assert_eq!(hooking.records().last().map(String::as_str), Some("error policy_error"));
        assert!(hooking.told().contains(why), "{}", hooking.told());
        assert_eq!(hooking.world.asked(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn without_smoke_requests_nothing_is_asked() {
    let hooking = by_code_deploy(shop("on"), &[STAGE]);
    let _ = hooking.deploy(good());
    hooking.run_for(15).await;
    assert_eq!(
        (event_status(&hooking, STAGE).as_str(), hooking.records()),
        ("Succeeded", vec!["pass checked".to_owned()])
    );
    hooking.never_called(&["DescribeListeners", "DescribeLoadBalancers"]);
    assert_eq!(hooking.world.asked(), []);
}

fn internal() -> Balancer {
    balancer().internal()
}

#[tokio::test(start_paused = true)]
async fn an_internal_balancer_without_a_copy_in_its_vpc_says_what_to_set() {
    let service = shop("on").tag("smoke", "GET /health 200 500ms").tag("patience", "2m");
    let hooking = over_code_deploy(service, internal(), group(&[STAGE]));
    let id = hooking.deploy(answering(200, "ok"));
    hooking.run_for(20).await;
    assert_eq!(hooking.status(&id), "Failed");
    assert_eq!(hooking.records().last().map(String::as_str), Some("fail not_in_time"));
    assert!(hooking.told().contains("set DeployHookSubnets and DeployHookSecurityGroups"), "{}", hooking.told());
    hooking.never_called(&["Invoke"]);
    assert_eq!(hooking.world.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn an_internal_balancer_is_asked_by_the_copy_in_its_vpc() {
    let service = shop("on").tag("smoke", "GET /health 200 500ms");
    let hooking = over_code_deploy(service, internal(), group(&[STAGE])).with_variables(&[("TIDEGATE_PROBER", PROBER)]);
    hooking.world.working_function(PROBER, |world, payload| {
        Box::pin(async move {
            let prober = deploy_hook::prober::Prober::new(world);
            let event: Value = serde_json::from_str(&payload).map_err(|error| error.to_string())?;
            let answer = prober.handle(&event).await.map_err(|error| error.to_string())?;
            serde_json::to_string(&answer).map_err(|error| error.to_string())
        })
    });
    let _ = hooking.deploy(answering(200, "ok"));
    hooking.run_for(15).await;
    assert_eq!(event_status(&hooking, STAGE), "Succeeded", "{:?}", hooking.world.full_records());
    let asked = hooking.world.lock().functions.asked.clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].0, PROBER);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_can_not_be_asked_says_nothing_of_the_new_version() {
    let service = shop("on").tag("smoke", "GET /health 200 500ms").tag("patience", "2m");
    let hooking = over_code_deploy(service, internal(), group(&[STAGE])).with_variables(&[("TIDEGATE_PROBER", PROBER)]);
    let id = hooking.deploy(answering(200, "ok"));
    hooking.run_for(20).await;
    assert_eq!((hooking.status(&id).as_str(), hooking.record()["reason"].as_str()), ("Failed", Some("not_in_time")));
    assert!(hooking.record()["why"].to_string().contains(PROBER), "{}", hooking.record()["why"]);
}

#[tokio::test(start_paused = true)]
async fn the_copy_sends_smoke_requests_and_refuses_everything_else() {
    struct Nobody;
    impl Probe for Nobody {
        async fn probe(&self, to: &Endpoint, _: &Request) -> Answer {
            Answer::Failed { why: format!("nobody is at {}", to.dns_name) }
        }
    }
    let prober = deploy_hook::prober::Prober::new(Nobody);
    let to = json!({"dns_name": "internal-shop.elb.amazonaws.com", "port": 8443, "tls": true, "internal": true});
    let request = json!({"method": "GET", "path": "/health"});
    let answer = prober.handle(&json!({"to": to, "request": request})).await.expect("an answer");
    assert_eq!(answer, Answer::Failed { why: "nobody is at internal-shop.elb.amazonaws.com".to_owned() });
    for event in [
        json!({}),
        json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e"}),
        json!({"service": "prod/shop", "stage": "BeforeInstall"}),
        json!({"to": to, "request": request, "then": "more"}),
        json!([to, request]),
    ] {
        assert!(prober.handle(&event).await.is_err(), "{event}");
    }
}
