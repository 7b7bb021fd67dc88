//! `tidegate judge --deployment`: what the gate would have done, of deployments that are over.

use canary_gate::settings::Settings;
use clap::Parser;
use serde_json::Value;
use tidegate::judge::{Args, account, run};
use tidegate_tests::release::{FUNCTION, Release};
use tidegate_tests::world::native::DeploymentConfiguration;

use super::{bad, by_code_deploy, by_ecs, good, group, hook, service};

/// The judgements of a deployment, minute by minute, as `verdict reason`, each once in a row.
async fn replayed(release: &Release, id: &str) -> Vec<String> {
    let settings = Settings::read(|_| None).expect("there are none");
    let past = account::past(&release.world, &settings, id).await.expect("the account can be read");
    let mut out = Vec::new();
    run(past, &Args::parse_from(["judge", "--deployment", id, "--json"]), &mut out).expect("it can be judged");
    let lines = String::from_utf8(out).expect("UTF-8");
    let mut said: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|line| format!("{} {}", line["verdict"].as_str().unwrap_or("?"), line["reason"].as_str().unwrap_or("?")))
        .collect();
    said.dedup();
    said
}

#[tokio::test(start_paused = true)]
async fn a_bad_deployment_that_nobody_stopped_would_have_been_stopped() {
    let release = by_code_deploy(service("off"), group().hook("AfterAllowTraffic", FUNCTION));
    let id = release.deploy(bad());
    release.run_for(180).await;
    assert_eq!(release.status(&id), "Succeeded");
    let said = replayed(&release, &id).await;
    assert!(said.contains(&"fail worse_than_baseline".to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_was_rolled_back_is_judged_as_it_was_under_way() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 20).hook(hook()));
    let id = release.deploy(bad());
    release.run_for(60).await;
    assert_eq!(release.status(&id), "ROLLBACK_SUCCESSFUL");
    let said = replayed(&release, &id).await;
    assert!(said.contains(&"fail worse_than_baseline".to_owned()), "{said:?}");
    assert!(!said.iter().any(|said| said.contains("roll_back") || said.contains("split_is_off")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn versions_are_told_apart_without_labels_when_one_is_gone() {
    let release = by_code_deploy(service("on"), group());
    let id = release.deploy(bad());
    release.run_for(90).await;
    assert_eq!(release.status(&id), "Stopped");
    release.world.lock().codedeploy.hides_labels = true;
    let said = replayed(&release, &id).await;
    assert!(said.contains(&"fail worse_than_baseline".to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_good_deployment_passes_its_step_and_its_bake_and_ends_there() {
    let release = by_ecs(service("on"), DeploymentConfiguration::canary(10.0, 20).bake(15));
    let id = release.deploy(good());
    release.run_for(240).await;
    assert_eq!(release.status(&id), "SUCCESSFUL");
    let said = replayed(&release, &id).await;
    assert_eq!(said.last().map(String::as_str), Some("pass baked"), "{said:?}");
    assert!(said.contains(&"inconclusive baking".to_owned()), "{said:?}");
    assert!(!said.iter().any(|said| said.contains("fail") || said.contains("split_is_off")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_deployment_is_refused_by_name() {
    let release = by_code_deploy(service("on"), group());
    let settings = Settings::read(|_| None).expect("there are none");
    let arn = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/shop/abc";
    for (id, said) in [
        ("d-NONE", "there is no deployment d-NONE of an ECS service".to_owned()),
        (arn, format!("there is no service deployment {arn}")),
    ] {
        let error = account::past(&release.world, &settings, id).await.map(|_| ()).expect_err("there is none");
        assert_eq!(error.to_string(), said);
    }
}
