//! The copy in the VPC: the same binary, without credentials, that sends smoke requests and refuses everything else.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_tests::drive::Drive;
use tidegate_tests::hooking::{FUNCTION, PROBER};
use tidegate_tests::wire::front::Front;
use tidegate_tests::world::World;

use super::{SHOP, hook_status, unanswered, under_code_deploy, version};
use crate::hook::shop;

const STAGE: &str = "AfterAllowTestTraffic";

/// The environment of the copy. Lambda gives every function a role's credentials, so that here are none at all.
const ALONE: [(&str, &str); 3] =
    [("TIDEGATE_PROBES_ONLY", "true"), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];

fn internal() -> World {
    let world = under_code_deploy(shop("on").tag("smoke", "GET /health 200 500ms"), &[STAGE]);
    world.lock().balancer(SHOP).internal = true;
    world
}

#[tokio::test]
async fn an_internal_balancer_is_asked_by_the_copy_in_its_vpc() {
    for (status, hook) in [(200, "Succeeded"), (503, "Failed")] {
        let world = internal();
        let front = Front::start(&world, SHOP).await;
        let drive = Drive::start(world.clone(), "deploy-hook", FUNCTION, &[("TIDEGATE_PROBER", PROBER)]).await;
        let mut drive = drive.and("deploy-hook", PROBER, &ALONE);
        let id = world.deploy(SHOP, version("v2").answers("/health", status, "ok", Duration::from_millis(1)));
        drive.pass(15).await;
        assert_eq!(hook_status(&world, &id, STAGE), hook, "{:?}", world.full_records());
        let asked = world.asked();
        assert!(asked.iter().all(|asked| asked.listener == (front.name.clone(), front.port)), "{asked:?}");
        let copies = world.lock().functions.asked.clone();
        assert_eq!(copies.len(), asked.len(), "each request is the copy's");
        assert!(copies.iter().all(|(function, _)| function == PROBER), "{copies:?}");
    }
}

#[tokio::test]
async fn without_credentials_it_answers_a_probe_and_refuses_everything_else() {
    let world = internal();
    let front = Front::start(&world, SHOP).await;
    let mut copy = Drive::start(world.clone(), "deploy-hook", PROBER, &ALONE).await;
    let to = json!({"dns_name": front.name, "port": front.port, "tls": false, "internal": true});
    let request = json!({"method": "GET", "path": "/health"});
    let answer = copy.invoke(json!({"to": to, "request": request})).await.expect("an answer");
    assert!(answer.to_string().contains("200"), "{answer}");
    assert_eq!(world.asked().len(), 1);

    let hook = json!({"DeploymentId": "d-000000001", "LifecycleEventHookExecutionId": "e-1"});
    let native = json!({"executionId": "1", "lifecycleStage": "PRE_SCALE_UP",
        "executionDetails": {"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/shop"}});
    for event in [
        json!({}),
        json!({"service": SHOP, "stage": "BeforeInstall"}),
        json!({"to": to, "request": request, "then": "more"}),
        unanswered(&hook),
        hook,
        native,
    ] {
        let error = copy.invoke(event.clone()).await.expect_err("it does nothing else");
        assert_eq!(error["errorType"], "EventNotUnderstood", "{event}: {error}");
        assert!(error["errorMessage"].as_str().is_some_and(|why| why.contains("a smoke request")), "{error}");
    }
    assert!(world.lock().calls.is_empty(), "it calls nothing of AWS's: {:?}", world.lock().calls);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn it_goes_to_load_balancers_only() {
    let world = internal();
    let mut copy = Drive::start(world.clone(), "deploy-hook", PROBER, &ALONE).await;
    for name in ["169.254.169.254", "10.0.0.7", "intranet.example.com", "shop.elb.amazonaws.com.example.com"] {
        let to = json!({"dns_name": name, "port": 80, "tls": false, "internal": true});
        let question = json!({"to": to, "request": {"method": "GET", "path": "/"}});
        let answer: Value = copy.invoke(question).await.expect("an answer");
        assert!(answer.to_string().contains("is no load balancer of AWS's"), "{name}: {answer}");
    }
}
