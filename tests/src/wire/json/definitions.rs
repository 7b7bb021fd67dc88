//! ECS: a task definition, whole.

use serde_json::{Value, json};
use tidegate_core::task_definition::TaskDefinition as Whole;

use crate::world::definitions::TaskDefinition;

/// What a member of a list is, by its place.
type Member = fn(usize) -> Value;

/// Lists of which only the length is known, by what each member then is.
const COUNTED: [(&str, Member); 5] = [
    ("placementConstraints", |number| json!({"type": "memberOf", "expression": format!("attribute:rack == {number}")})),
    ("environmentFiles", |number| json!({"type": "s3", "value": format!("arn:aws:s3:::settings/{number}.env")})),
    ("extraHosts", |number| json!({"hostname": format!("host-{number}"), "ipAddress": "10.0.0.1"})),
    ("devices", |number| json!({"hostPath": format!("/dev/{number}")})),
    ("tmpfs", |number| json!({"containerPath": format!("/tmp/{number}"), "size": 64})),
];

/// What something is that is there.
type There = fn() -> Value;

/// Things of which it is only known that they are there.
const THERE: [(&str, There); 3] = [
    ("firelensConfiguration", || json!({"type": "fluentbit"})),
    (
        "repositoryCredentials",
        || json!({"credentialsParameter": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub"}),
    ),
    ("dockerVolumeConfiguration", || json!({"scope": "shared"})),
];

/// As ECS writes it.
pub(super) fn written(own: &TaskDefinition, whole: &Whole) -> Value {
    let mut written = serde_json::to_value(whole).unwrap_or_default();
    spell_out(&mut written);
    for container in written["containerDefinitions"].as_array_mut().into_iter().flatten() {
        // Nobody cares about the image.
        if container["image"] == "" {
            container.as_object_mut().map(|container| container.remove("image"));
        }
    }
    written["revision"] = json!(own.revision);
    written["status"] = json!(if own.active { "ACTIVE" } else { "INACTIVE" });
    written
}

/// Puts lists and objects in the place of counts and flags.
fn spell_out(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(spell_out),
        Value::Object(fields) => {
            for (name, value) in fields {
                let counted = COUNTED.iter().find(|(own, _)| own == name).zip(value.as_u64());
                if let Some(((_, member), count)) = counted {
                    *value = (0..usize::try_from(count).unwrap_or(0)).map(member).collect();
                } else if let Some((_, there)) = THERE.iter().find(|(own, _)| own == name) {
                    *value = there();
                } else {
                    spell_out(value);
                }
            }
        }
        _ => {}
    }
}
