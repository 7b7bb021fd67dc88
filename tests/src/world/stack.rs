//! The stack as it is deployed, and what its functions logged: what an operator asks about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::operator::deployed::{EventSource, Function};
use tidegate_aws::operator::groups::Group;
use tidegate_aws::operator::stacks::{Resource, Stack};
use tidegate_aws::operator::waiting::Subscription;

use super::service::Service;
use super::{ACCOUNT, Account, Alarm, REGION};

/// What CloudFormation, Lambda, EventBridge, SNS and CloudWatch Logs know of it.
#[derive(Debug, Default)]
pub struct Deployed {
    /// The stack; None where nobody has deployed it.
    pub stack: Option<Stack>,
    /// What is in it.
    pub resources: Vec<Resource>,
    /// Functions by name, whoever's they are.
    pub functions: BTreeMap<String, Function>,
    /// What is reserved for each.
    pub reserved: BTreeMap<String, u32>,
    /// What wakes each.
    pub sources: BTreeMap<String, Vec<EventSource>>,
    /// Rules by name: whether they are enabled.
    pub rules: BTreeMap<String, bool>,
    /// Messages by the queue's URL.
    pub waiting: BTreeMap<String, u64>,
    /// Who hears what a topic is told, by its ARN.
    pub subscriptions: BTreeMap<String, Vec<Subscription>>,
    /// Lines by log group, oldest first.
    pub logged: BTreeMap<String, Vec<(Timestamp, String)>>,
}

/// The functions, as the template names them and as Lambda does.
const FUNCTIONS: [(&str, &str); 4] = [
    ("CostScaler", "tidegate-cost-scaler"),
    ("CanaryGate", "CodeDeployHook_tidegate-canary-gate"),
    ("ScanGate", "tidegate-scan-gate"),
    ("DeployHook", "CodeDeployHook_tidegate-deploy-hook"),
];

const RULES: [&str; 3] = ["CostScalerEveryMinute", "CanaryGateEveryMinute", "ScanGateDaily"];
const QUEUES: [&str; 4] = ["CostScalerFailures", "CanaryGateUnanswered", "ScanGateEvents", "ScanGateUndecided"];

/// The stack's topic for people.
pub const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:tidegate-NotificationTopic";

/// The role that ECS calls hooks with.
pub const HOOK_ROLE: &str = "arn:aws:iam::123456789012:role/tidegate-EcsHookRole";

/// ARN of a function.
#[must_use]
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// URL of a queue of the stack.
#[must_use]
pub fn queue_url(logical: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/tidegate-{logical}")
}

impl Account {
    /// Deploys a stack `tidegate` of a version, in which all is well.
    pub fn deploy_stack(&mut self, version: &str) {
        let own = &mut self.deployed;
        let outputs = BTreeMap::from([("Version".to_owned(), version.to_owned())]);
        own.stack =
            Some(Stack { name: "tidegate".to_owned(), status: "CREATE_COMPLETE".to_owned(), why: None, outputs });
        let mut resource = |logical: &str, physical: &str, kind: &str| {
            let [logical, physical, kind] = [logical, physical, kind].map(str::to_owned);
            own.resources.push(Resource { logical, physical, kind, status: "CREATE_COMPLETE".to_owned() });
        };
        resource("NotificationTopic", TOPIC, "AWS::SNS::Topic");
        resource("EcsHookRole", "tidegate-EcsHookRole", "AWS::IAM::Role");
        for (logical, name) in FUNCTIONS {
            resource(logical, name, "AWS::Lambda::Function");
            resource(&format!("{logical}LogGroup"), &format!("/aws/lambda/{name}"), "AWS::Logs::LogGroup");
            resource(&format!("{logical}ErrorsAlarm"), &format!("tidegate-{logical}Errors"), "AWS::CloudWatch::Alarm");
        }
        for rule in RULES {
            resource(rule, &format!("tidegate-{rule}"), "AWS::Events::Rule");
        }
        for queue in QUEUES {
            resource(queue, &queue_url(queue), "AWS::SQS::Queue");
        }
        for (logical, name) in FUNCTIONS {
            let function = Function {
                state: "Active".to_owned(),
                last_update: "Successful".to_owned(),
                why: None,
                variables: Some([("TIDEGATE_MODE".to_owned(), "on".to_owned())].into()),
                log_level: Some("INFO".to_owned()),
                log_group: Some(format!("/aws/lambda/{name}")),
            };
            own.functions.insert(name.to_owned(), function);
            own.logged.insert(format!("/aws/lambda/{name}"), Vec::new());
            let [name, state] = [format!("tidegate-{logical}Errors"), "OK".to_owned()];
            self.alarms.push(Alarm { name, state, ..Alarm::default() });
        }
        own.reserved.insert("tidegate-cost-scaler".to_owned(), 10);
        let events = EventSource {
            arn: format!("arn:aws:sqs:{REGION}:{ACCOUNT}:tidegate-ScanGateEvents"),
            ..EventSource::default()
        };
        let events = EventSource { state: "Enabled".to_owned(), ..events };
        own.sources.insert("tidegate-scan-gate".to_owned(), vec![events]);
        own.rules = RULES.iter().map(|rule| (format!("tidegate-{rule}"), true)).collect();
        own.waiting = QUEUES.iter().map(|queue| (queue_url(queue), 0)).collect();
        let who =
            Subscription { protocol: "email".to_owned(), endpoint: "ops@example.com".to_owned(), confirmed: true };
        own.subscriptions.insert(TOPIC.to_owned(), vec![who]);
    }

    /// Deletes the stack, its functions with it.
    pub fn delete_stack(&mut self) {
        self.deployed = Deployed::default();
        self.alarms.clear();
    }

    /// `DescribeServices`' `deploymentConfiguration`.
    #[must_use]
    pub fn deployment_configuration(&self, service: &Service) -> Value {
        let own = self.native.configurations.get(&service.id()).cloned().unwrap_or_default();
        let hooks = own.hooks.iter().map(|hook| {
            let target =
                if hook.function.starts_with("arn:") { hook.function.clone() } else { function_arn(&hook.function) };
            let details = if hook.details.is_null() { json!({}) } else { hook.details.clone() };
            json!({
                "hookTargetArn": target, "roleArn": HOOK_ROLE, "lifecycleStages": hook.stages, "hookDetails": details,
            })
        });
        json!({
            "minimumHealthyPercent": service.minimum_healthy_percent, "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": own.circuit_breaker, "rollback": own.circuit_breaker},
            "alarms": {"alarmNames": own.alarms, "enable": !own.alarms.is_empty(), "rollback": !own.alarms.is_empty()},
            "strategy": own.strategy.name(), "bakeTimeInMinutes": own.bake_minutes,
            "lifecycleHooks": hooks.collect::<Vec<_>>(),
        })
    }

    /// The deployment groups of an application.
    #[must_use]
    pub fn ecs_groups(&self, application: &str) -> Vec<Group> {
        let own = self.codedeploy.groups.iter().filter(|group| group.application == application);
        own.map(|group| {
            let mut all = self.codedeploy.deployments.iter().rev();
            let mut of_group = all.by_ref().filter(|one| one.application == application && one.group == group.name);
            let last = of_group.next();
            let good =
                last.filter(|one| one.status == "Succeeded").or_else(|| of_group.find(|one| one.status == "Succeeded"));
            Group {
                application: group.application.clone(),
                name: group.name.clone(),
                services: vec![group.service.clone()],
                last: last.map(|one| one.id.clone()),
                last_successful: good.map(|one| one.id.clone()),
            }
        })
        .collect()
    }

    /// The names of CodeDeploy's applications.
    #[must_use]
    pub fn applications(&self) -> Vec<String> {
        let mut names: Vec<String> = self.codedeploy.groups.iter().map(|group| group.application.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// `FilterLogEvents`: the lines of a group between two moments that a pattern matches. None where there is no such
    /// group.
    #[must_use]
    pub fn filter_log_events(&self, group: &str, pattern: &str, between: (Timestamp, Timestamp)) -> Option<Vec<&str>> {
        let lines = self.deployed.logged.get(group)?.iter();
        let wanted =
            |(at, line): &&(Timestamp, String)| (between.0..=between.1).contains(at) && matches_pattern(pattern, line);
        Some(lines.filter(wanted).map(|(_, line)| &**line).collect())
    }

    /// What functions have printed up to now is in a log group.
    pub fn log_what_was_printed(&mut self, group: &str) {
        let printed = std::mem::take(&mut self.printed).into_iter().map(|line| {
            let read: Value = serde_json::from_str(&line).unwrap_or_default();
            let at = read["timestamp"].as_str().and_then(|at| at.parse().ok()).unwrap_or(self.now);
            (at, line)
        });
        self.deployed.logged.entry(group.to_owned()).or_default().extend(printed);
    }
}

/// `{ ($.a = "x") || ($.b.c = "*") }`, which is as much of the syntax as anybody here uses.
fn matches_pattern(pattern: &str, line: &str) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
    let inner = pattern.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.unwrap_or_else(|| panic!("{pattern} is no JSON pattern"));
    inner.split("||").any(|term| {
        let term = term.trim().trim_start_matches('(').trim_end_matches(')');
        let (path, wanted) = term.split_once(" = ").unwrap_or_else(|| panic!("{term} is no comparison"));
        let path = path.strip_prefix("$.").unwrap_or_else(|| panic!("{path} is no path"));
        let found = path.split('.').fold(&line, |value, key| &value[key]);
        let wanted = wanted.trim_matches('"');
        found.as_str().is_some_and(|text| wanted == "*" || text == wanted)
    })
}
