//! What wakes the functions.

use serde_json::Value;

/// A JSON read as an event by every function.
///
/// # Panics
/// Where something does not hold.
pub fn events(event: &Value) {
    let read = scan_gate::event::Event::read(event);
    assert_eq!(read, scan_gate::event::Event::read(event));
    woken(event);
    if let Ok(scan_gate::event::Event::Batch(messages)) = read {
        messages.iter().filter_map(|message| serde_json::from_str(&message.body).ok()).for_each(|event| woken(&event));
    }
    assert_eq!(canary_gate::event::Event::read(event), canary_gate::event::Event::read(event));
    assert_eq!(cost_scaler::event::Event::read(event), cost_scaler::event::Event::read(event));
    let hooked = deploy_hook::event::Event::read(event);
    assert_eq!(hooked, deploy_hook::event::Event::read(event));
    told(event);
    if let Ok(deploy_hook::event::Event::Queue(queue)) = hooked {
        let queued = queue.unanswered.len() + queue.told.len() + queue.not_understood.len();
        assert_eq!(event["Records"].as_array().map(Vec::len), Some(queued), "each message is one of these");
    }
}

/// What an event of EventBridge's makes the scan gate look at has a name, whatever it is.
fn woken(event: &Value) {
    use scan_gate::event::Wake;
    match Wake::read(event) {
        Ok(Wake::Image(image)) => {
            let digest = image.digest.as_deref().unwrap_or_default();
            assert!(!image.repository.is_empty() && digest.starts_with("sha256:"), "{image:?}");
        }
        Ok(Wake::Task { cluster, arn: subject } | Wake::Deployment { cluster, service: subject }) => {
            assert!(!cluster.is_empty() && !subject.is_empty(), "{cluster:?} {subject:?}");
        }
        Ok(Wake::CodeDeployment { id }) => assert!(!id.is_empty()),
        Ok(Wake::Nothing { why, .. }) | Err(why) => assert!(!why.is_empty()),
    }
}

/// What an event of EventBridge's makes the deployment hook look at has a name, whatever it is.
fn told(event: &Value) {
    use deploy_hook::event::Wake;
    match Wake::read(event) {
        Ok(Wake::Stopped { cluster, service, .. } | Wake::Action { cluster, service, .. }) => {
            assert!(!cluster.is_empty() && !service.is_empty(), "{cluster:?} {service:?}");
        }
        Ok(Wake::Nothing(why)) | Err(why) => assert!(!why.is_empty()),
    }
}
