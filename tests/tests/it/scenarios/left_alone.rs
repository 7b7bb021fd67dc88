//! Services that are not the scaler's to touch.

use tidegate_core::scaling::facts::ScalableTarget;
use tidegate_tests::scene::Scene;
use tidegate_tests::world::service::Service;

use super::{scaled_shop, shop};

const NONE: [&str; 0] = [];

/// Runs once over one overloaded service, which is to be left alone with this reason and without a metric read.
async fn left_alone(change: impl FnOnce(&mut Service), reason: &str) {
    let mut service = scaled_shop(10).load(|_| 9.0);
    change(&mut service);
    let scene = Scene::of([service]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get(reason), Some(&1), "{:?}", summary.left_alone);
    assert_eq!(scene.calls("GetMetricData"), 0, "metrics that can move nothing are not read");
}

#[tokio::test(start_paused = true)]
async fn a_service_without_the_tag_is_never_looked_at() {
    let scene = Scene::of([shop(10).tag("gate", "on").load(|_| 9.0)]);
    let summary = scene.run().await;
    assert_eq!(summary.seen, 0);
    assert_eq!(scene.world.lock().calls.keys().collect::<Vec<_>>(), ["GetResources"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_switched_off_is_never_looked_at() {
    let scene = Scene::of([shop(10).enrolled("off", 2, 40).load(|_| 9.0)]);
    scene.run().await;
    assert_eq!(scene.world.lock().calls.keys().collect::<Vec<_>>(), ["GetResources"]);
}

#[tokio::test(start_paused = true)]
async fn a_count_of_zero_that_a_person_set_stays() {
    let scene = Scene::of([shop(0).enrolled("on", 2, 40)]);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("desired_is_zero"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_has_no_count() {
    left_alone(|service| service.scheduling = "DAEMON".to_owned(), "daemon").await;
}

#[tokio::test(start_paused = true)]
async fn an_external_deployment_controller_keeps_its_count() {
    left_alone(|service| service.controller = "EXTERNAL".to_owned(), "external_controller").await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_drains_is_left_to_it() {
    left_alone(|service| service.status = "DRAINING".to_owned(), "not_active").await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_but_still_indexed_is_no_fault() {
    let scene = Scene::of([scaled_shop(10)]);
    scene.world.lock().forget_but_index("prod/shop");
    let summary = scene.run().await;
    assert_eq!((summary.left_alone.get("not_active"), summary.failed.len()), (Some(&1), 0));
}

#[tokio::test(start_paused = true)]
async fn application_auto_scaling_keeps_its_count() {
    let scene = Scene::of([scaled_shop(10).load(|_| 9.0)]);
    let target = ScalableTarget { min: 2, max: 20 };
    scene.world.lock().scalable_targets.insert("service/prod/shop".to_owned(), target);
    let summary = scene.run().await;
    assert_eq!(scene.writes(), NONE);
    assert_eq!(summary.left_alone.get("scalable_target"), Some(&1));
    assert_eq!(scene.calls("GetMetricData"), 0);
}

#[tokio::test(start_paused = true)]
async fn during_a_deployment_nothing_is_taken_away() {
    for deploying in deployments() {
        let mut service = scaled_shop(10).load(|_| 2.0);
        deploying(&mut service);
        let scene = Scene::of([service]);
        scene.run_for(20).await;
        assert_eq!(scene.writes(), NONE);
    }
}

#[tokio::test(start_paused = true)]
async fn during_a_deployment_only_overload_adds_tasks() {
    for deploying in deployments() {
        let mut warm = scaled_shop(10).load(|_| 8.2);
        deploying(&mut warm);
        let scene = Scene::of([warm]);
        scene.run().await;
        assert_eq!(scene.writes(), NONE, "82 % is above the target, but no overload");

        let mut hot = scaled_shop(10).load(|_| 8.9);
        deploying(&mut hot);
        let scene = Scene::of([hot]);
        scene.run().await;
        assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
    }
}

/// How each controller tells of a deployment.
fn deployments() -> [fn(&mut Service); 3] {
    let rolling = |service: &mut Service| {
        service.deployments[0].1 = Some("IN_PROGRESS".to_owned());
    };
    let two = |service: &mut Service| service.deployments.push(("ACTIVE".to_owned(), None));
    let blue_green = |service: &mut Service| {
        "CODE_DEPLOY".clone_into(&mut service.controller);
        service.deployments.clear();
        service.task_sets = 2;
    };
    [rolling, two, blue_green]
}

#[tokio::test(start_paused = true)]
async fn a_codedeploy_service_at_rest_is_scaled() {
    let mut service = scaled_shop(10).load(|_| 9.0);
    "CODE_DEPLOY".clone_into(&mut service.controller);
    service.deployments.clear();
    service.task_sets = 1;
    let scene = Scene::of([service]);
    scene.run().await;
    assert_eq!(scene.writes(), ["prod/shop 10 -> 13"]);
}
