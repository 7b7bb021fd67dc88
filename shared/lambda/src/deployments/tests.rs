//! What a deployment in progress is asked.

use jiff::Timestamp;
use tidegate_aws::deployments::Revision;
use tidegate_core::prices::Capacity;
use tidegate_core::scaling::facts::{Controller, Scheduling, Status};
use tidegate_core::scaling::history::EventHistory;
use tidegate_core::tags::Tags;

use super::*;

#[test]
fn codedeploy_brings_the_task_definition_of_its_own_task_set() {
    let labelled = [set("old", Some(false)), set("new", Some(true))];
    assert_eq!(by_code_deploy(&labelled, Some("d-9")).task_definition(), Some("shop:new"));
    // Without labels ECS knows which deployment made a task set.
    let unlabelled = [set("old", None), set("new", None)];
    assert_eq!(by_code_deploy(&unlabelled, Some("d-1")).task_definition(), Some("shop:new"));
    assert_eq!(by_code_deploy(&unlabelled, Some("d-9")).task_definition(), None, "nobody says which is new");
    assert_eq!(by_code_deploy(&[], Some("d-1")).task_definition(), Some("shop:new"), "CodeDeploy lags");
    assert_eq!(by_code_deploy(&[set("old", Some(false))], None).task_definition(), None, "there is none yet");
}

#[test]
fn ecs_brings_the_task_definition_of_the_target_revision() {
    assert_eq!(by_ecs("IN_PROGRESS", "r-new").task_definition(), Some("shop:new"));
    assert_eq!(by_ecs("IN_PROGRESS", "r-gone").task_definition(), None);
}

#[test]
fn words_that_are_not_known_are_no_state() {
    let states = |words: &[&str]| words.iter().map(|word| by_ecs(word, "r-new").state()).collect::<Vec<_>>();
    assert_eq!(states(&["PENDING", "ROLLBACK_IN_PROGRESS"]), [State::InProgress; 2]);
    assert_eq!(states(&["STOP_REQUESTED", "ROLLBACK_REQUESTED"]), [State::Stopping; 2]);
    assert_eq!(states(&["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]), [State::Over; 4]);
    assert_eq!(states(&["", "PAUSED"]), [State::Unknown; 2]);
}

#[test]
fn a_deployment_of_ecs_that_goes_back_is_a_roll_back_whatever_its_status_says() {
    assert!(!by_ecs("IN_PROGRESS", "r-new").is_roll_back());
    assert!(by_ecs("ROLLBACK_IN_PROGRESS", "r-new").is_roll_back());
    let mut told = by_ecs("IN_PROGRESS", "r-new");
    if let Of::Ecs { deployment, .. } = &mut told.of {
        deployment.rollback = Some("an alarm".to_owned());
    }
    assert!(told.is_roll_back());
}

fn set(id: &str, green: Option<bool>) -> TaskSetInfo {
    TaskSetInfo { green, id: id.to_owned(), traffic_percent: 0.0, target_group: None }
}

/// A deployment `d-1`, of whose service one deployment, or none yet, has made a second task set.
fn by_code_deploy(task_sets: &[TaskSetInfo], made_by: Option<&str>) -> InProgress {
    let task_set = |id: &str, external_id: &str| TaskSet {
        id: id.to_owned(),
        external_id: Some(external_id.to_owned()),
        status: "ACTIVE".to_owned(),
        task_definition: Some(format!("shop:{id}")),
        target_groups: Vec::new(),
    };
    let mut service = service(Controller::CodeDeploy);
    service.task_sets = vec![task_set("old", "d-0")];
    service.task_sets.extend(made_by.map(|deployment| task_set("new", deployment)));
    let deployment = CodeDeployment {
        id: "d-1".to_owned(),
        application: "shop".to_owned(),
        group: "shop".to_owned(),
        config: String::new(),
        status: "InProgress".to_owned(),
        roll_back: false,
        revision: None,
        created: Timestamp::UNIX_EPOCH,
    };
    let target = Target {
        cluster: "prod".to_owned(),
        service: "shop".to_owned(),
        events: Vec::new(),
        task_sets: task_sets.to_vec(),
    };
    InProgress { service, of: Of::CodeDeploy { deployment, target, group: DeploymentGroup::default() } }
}

fn by_ecs(status: &str, target: &str) -> InProgress {
    let revision = |arn: &str, definition: &str| ServiceRevision {
        arn: arn.to_owned(),
        task_definition: Some(definition.to_owned()),
        images: Vec::new(),
        target_groups: Vec::new(),
        listener_rule: None,
        test_listener_rule: None,
    };
    let deployment = ServiceDeployment {
        arn: "d-1".to_owned(),
        cluster: "prod".to_owned(),
        service: "shop".to_owned(),
        status: status.to_owned(),
        strategy: String::new(),
        step_percent: None,
        step_minutes: None,
        stage: String::new(),
        created: Timestamp::UNIX_EPOCH,
        started: None,
        target: Some(Revision { arn: target.to_owned(), production_percent: None }),
        sources: Vec::new(),
        alarms: Vec::new(),
        triggered_alarms: Vec::new(),
        bake_minutes: 0,
        rollback: None,
        hooks: Vec::new(),
    };
    let revisions = vec![revision("r-old", "shop:old"), revision("r-new", "shop:new")];
    InProgress { service: service(Controller::Ecs), of: Of::Ecs { deployment, revisions } }
}

fn service(controller: Controller) -> Service {
    Service {
        messages: Vec::new(),
        settings: tidegate_aws::ecs::ServiceSettings::default(),
        cluster: "prod".to_owned(),
        name: "shop".to_owned(),
        status: Status::Active,
        scheduling: Scheduling::Replica,
        controller,
        desired: 1,
        running: 1,
        pending: 0,
        deployments: Vec::new(),
        task_sets: Vec::new(),
        service_deployment: None,
        history: EventHistory { complete_since: Timestamp::UNIX_EPOCH, changes: Vec::new() },
        tags: Tags::default(),
        task_definition: None,
        task_definitions: Vec::new(),
        capacity: Capacity::Unknown,
        target_groups: Vec::new(),
    }
}
