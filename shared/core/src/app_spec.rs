//! The AppSpec of a CodeDeploy deployment to ECS, of which the task definition and the hooks are looked at.
//!
//! It is CodeDeploy's document and not ours: whatever else is in it is none of our business, and keys are found in any
//! case, as its examples have them in two. JSON is read as the YAML that it is.
//!
//! Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html>

use crate::yaml::{Faults, Node, Value, tree};

/// What a resource has to be of.
const SERVICE: &str = "AWS::ECS::Service";

/// The task definition that an AppSpec deploys: an ARN.
///
/// # Errors
/// A sentence that says where it has none.
pub fn task_definition(text: &str) -> Result<String, String> {
    let root = read(text)?;
    let resources = get(&root, "Resources").ok_or("the AppSpec has no Resources")?;
    let resources = resources_of(resources);
    let is_service =
        |resource: &&Node| letters(resource, "Type").is_some_and(|kind| kind.eq_ignore_ascii_case(SERVICE));
    let mut services = resources.iter().copied().filter(is_service);
    let service = match (services.next(), services.next()) {
        (Some(service), None) => service,
        (None, _) => return Err(none_of(&resources)),
        _ => return Err(format!("the AppSpec has more than one resource of the type {SERVICE}")),
    };
    let path = &service.path;
    let properties = get(service, "Properties").ok_or_else(|| format!("{path} has no Properties"))?;
    let name = letters(properties, "TaskDefinition").map(str::trim).unwrap_or_default();
    match name {
        "" => Err(format!("{}.TaskDefinition is missing, or no text", properties.path)),
        // CodePipeline writes the ARN in the place of `<TASK_DEFINITION>`.
        _ if name.contains(['<', '>', '$', '{']) => {
            Err(format!("{}.TaskDefinition is {name:?}: must be the ARN of a task definition", properties.path))
        }
        _ => Ok(name.to_owned()),
    }
}

/// The functions that an AppSpec has called, in its order: the lifecycle event, and the function's name or ARN. Empty where
/// it has none.
///
/// # Errors
/// A sentence that says why it can't be read.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>
pub fn hooks(text: &str) -> Result<Vec<(String, String)>, String> {
    let root = read(text)?;
    let Some(hooks) = get(&root, "Hooks") else { return Ok(Vec::new()) };
    let listed = match &hooks.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![hooks],
    };
    let named = listed.into_iter().flat_map(|node| match &node.value {
        Value::Mapping(entries) => entries.as_slice(),
        _ => &[],
    });
    let hook = |(event, node): &(String, Node)| match &node.value {
        Value::Text { text, .. } if !text.trim().is_empty() => Some((event.clone(), text.trim().to_owned())),
        _ => None,
    };
    Ok(named.filter_map(hook).collect())
}

fn read(text: &str) -> Result<Node, String> {
    let mut faults = Faults::default();
    // What is strange elsewhere, as an alias, is for CodeDeploy to take or not.
    tree(text, "must have Resources", &mut faults).ok_or_else(|| {
        let told = faults.finish(text, ()).err().unwrap_or_default();
        told.first().map_or_else(
            || "the AppSpec can't be read".to_owned(),
            |fault| format!("the AppSpec can't be read: {fault}"),
        )
    })
}

/// The resources: a list of mappings with one name each, or one mapping of names.
fn resources_of(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().flat_map(resources_of).collect(),
        Value::Mapping(entries) => entries.iter().map(|(_, resource)| resource).collect(),
        _ => Vec::new(),
    }
}

fn none_of(resources: &[&Node]) -> String {
    let kinds: Vec<&str> = resources.iter().filter_map(|resource| letters(resource, "Type")).collect();
    let has = if kinds.is_empty() { "none of any type".to_owned() } else { format!("only {}", kinds.join(", ")) };
    format!("the AppSpec has no resource of the type {SERVICE}, {has}")
}

/// A value by its key, in whatever case.
fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Mapping(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, node)| node)
}

fn letters<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    match &get(node, key)?.value {
        Value::Text { text, .. } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";

    #[test]
    fn yaml_with_everything_that_an_app_spec_can_have_is_read() {
        let text = format!(
            "\
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: \"{ARN}\"
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 8080
        PlatformVersion: LATEST
        NetworkConfiguration:
          AwsvpcConfiguration:
            Subnets: [subnet-1, subnet-2]
            SecurityGroups: [sg-1]
            AssignPublicIp: DISABLED
        CapacityProviderStrategy:
          - Base: 1
            CapacityProvider: FARGATE
            Weight: 1
Hooks:
  - BeforeInstall: CodeDeployHook_tidegate-deploy-hook
  - AfterInstall: CodeDeployHook_tidegate-deploy-hook
"
        );
        assert_eq!(task_definition(&text).as_deref(), Ok(ARN));
        assert_eq!(task_definition(&text.replace('\n', "\r\n")).as_deref(), Ok(ARN));
        let hook = |event: &str| (event.to_owned(), "CodeDeployHook_tidegate-deploy-hook".to_owned());
        assert_eq!(hooks(&text), Ok(vec![hook("BeforeInstall"), hook("AfterInstall")]));
    }

    #[test]
    fn hooks_are_found_however_they_are_written() {
        let one = Ok(vec![("AfterInstall".to_owned(), "gate".to_owned())]);
        for text in [
            r#"{"hooks": [{"AfterInstall": " gate "}]}"#,
            "Hooks:\n  AfterInstall: gate\n",
            "Hooks: [AfterInstall, {AfterInstall: gate, BeforeInstall: ''}, {AfterAllowTraffic: [a]}]",
        ] {
            assert_eq!(hooks(text), one, "{text}");
        }
        for text in ["version: 0.0", "Hooks:", "Hooks: []"] {
            assert_eq!(hooks(text), Ok(Vec::new()), "{text}");
        }
        assert!(hooks("a: [").is_err_and(|why| why.starts_with("the AppSpec can't be read: line ")));
    }

    #[test]
    fn json_is_read_as_the_yaml_that_it_is() {
        let text = format!(
            r#"{{"version": 1, "Resources": [{{"TargetService": {{"Type": "AWS::ECS::Service",
	"Properties": {{"TaskDefinition": "{ARN}", "LoadBalancerInfo": {{"ContainerName": "app", "ContainerPort": 8080}}}}}}}}],
	"Hooks": [{{"BeforeInstall": "gate"}}]}}"#
        );
        assert_eq!(task_definition(&text).as_deref(), Ok(ARN));
        assert_eq!(task_definition(&text.replace([' ', '\n'], "")).as_deref(), Ok(ARN));
    }

    #[test]
    fn keys_are_found_in_any_case_and_resources_with_any_name() {
        for text in [
            format!("resources:\n- shop:\n    type: AWS::ECS::Service\n    properties:\n      taskDefinition: {ARN}\n"),
            format!(
                "Resources:\n  TargetService:\n    Type: aws::ecs::service\n    Properties: {{taskdefinition: '{ARN}'}}\n"
            ),
        ] {
            assert_eq!(task_definition(&text).as_deref(), Ok(ARN), "{text}");
        }
    }

    #[test]
    fn what_is_strange_elsewhere_does_not_matter() {
        let text = format!(
            "hooks: &all [a]\nmore: *all\nResources: [{{T: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: {ARN}}}}}}}]\n"
        );
        assert_eq!(task_definition(&text).as_deref(), Ok(ARN));
    }

    #[test]
    fn an_app_spec_without_a_task_definition_says_where() {
        let service = "Resources: [{TargetService: {Type: AWS::ECS::Service";
        for (text, why) in [
            ("", "the AppSpec can't be read: line 1: the document is empty: must have Resources"),
            ("a: [", "the AppSpec can't be read: line "),
            ("version: 0.0", "the AppSpec has no Resources"),
            ("[]", "the AppSpec has no Resources"),
            ("Resources: []", "the AppSpec has no resource of the type AWS::ECS::Service, none of any type"),
            (
                "Resources: [{f: {Type: AWS::Lambda::Function}}]",
                "the AppSpec has no resource of the type AWS::ECS::Service, only AWS::Lambda::Function",
            ),
            (
                "Resources: [{a: {Type: AWS::ECS::Service}}, {b: {Type: AWS::ECS::Service}}]",
                "the AppSpec has more than one resource of the type AWS::ECS::Service",
            ),
            (&format!("{service}}}}}]"), "Resources[0].TargetService has no Properties"),
            (
                &format!("{service}, Properties: {{LoadBalancerInfo: {{}}}}}}}}]"),
                "Resources[0].TargetService.Properties.TaskDefinition is missing, or no text",
            ),
            (
                &format!("{service}, Properties: {{TaskDefinition: [a]}}}}}}]"),
                "Resources[0].TargetService.Properties.TaskDefinition is missing, or no text",
            ),
            (
                &format!("{service}, Properties: {{TaskDefinition: <TASK_DEFINITION>}}}}}}]"),
                "Resources[0].TargetService.Properties.TaskDefinition is \"<TASK_DEFINITION>\": must be the ARN of a task definition",
            ),
        ] {
            let told = task_definition(text).expect_err(text);
            assert!(told.starts_with(why), "{text}\n{told}");
        }
    }
}
