//! Gathering the facts: reads only, at most at half the pace that the account's API allows.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_aws::app_specs::AppSpecs;
use tidegate_aws::autoscaling::{Autoscaling, TARGETS_PER_CALL};
use tidegate_aws::clock::Clock;
use tidegate_aws::cloudwatch::CloudWatch;
use tidegate_aws::error::PortError;
use tidegate_aws::operator::deployed::Deployed as Lambda;
use tidegate_aws::operator::groups::Groups as CodeDeploy;
use tidegate_aws::operator::stacks::{Resource, Stacks};
use tidegate_aws::operator::waiting::Waiting;
use tidegate_aws::operator::wirings::{SERVICES_PER_CALL, Wirings};
use tidegate_aws::pace::{Bucket, Pace};
use tidegate_aws::tagging::Tagging;
use tidegate_aws::tasks::Tasks;
use tidegate_core::app_spec;
use tidegate_core::tags::PREFIX;

use super::facts::{Deployed, Facts, Groups, Known, Services, Spec, Which, function_name, id};

/// Every port that is asked.
pub trait Ports:
    AppSpecs + Autoscaling + Clock + CloudWatch + CodeDeploy + Lambda + Stacks + Tagging + Tasks + Waiting + Wirings
{
}

impl<P> Ports for P where
    P: AppSpecs + Autoscaling + Clock + CloudWatch + CodeDeploy + Lambda + Stacks + Tagging + Tasks + Waiting + Wirings
{
}

/// The tags that enrol a service.
pub(super) const TAGS: [&str; 4] = ["scale", "gate", "scan", "hook"];

/// Everything.
pub async fn all(ports: &impl Ports, stack: &str, cluster: Option<&str>, region: &str) -> Facts {
    let mut facts = wired(ports, stack, cluster, region).await;
    let resources = facts.resources.clone().unwrap_or_default();
    for function in &mut facts.functions {
        function.found = ports.function(&function.name).await;
        // Of a function that is not there, or may not be read, nothing more can be known.
        if let Ok(Some(_)) = function.found {
            function.reserved = ports.reserved_concurrency(&function.name).await;
            function.sources = ports.event_sources(&function.name).await;
        }
    }
    for rule in of_kind(&resources, "AWS::Events::Rule") {
        let name = rule.physical.rsplit('|').next().unwrap_or(&rule.physical);
        facts.rules.push((rule.logical.clone(), ports.rule_is_enabled(name).await));
    }
    for queue in of_kind(&resources, "AWS::SQS::Queue") {
        facts.queues.push((queue.logical.clone(), ports.messages_waiting(&queue.physical).await));
    }
    if let Some(topic) = resources.iter().find(|one| one.logical == "NotificationTopic") {
        facts.subscriptions = Some(ports.subscriptions(&topic.physical).await);
    }
    let names: Vec<String> = of_kind(&resources, "AWS::CloudWatch::Alarm").map(|one| one.physical.clone()).collect();
    let alarms = if names.is_empty() { Ok(Vec::new()) } else { ports.describe_alarms(&names).await };
    facts.alarms = (names, alarms);
    for tag in TAGS {
        facts.services.indexed.insert(tag.to_owned(), indexed(ports, tag).await);
    }
    facts.services.scaled_elsewhere = scaled_elsewhere(ports, &facts.services).await;
    facts.services.alarms = alarms_of_tags(ports, &facts.services).await;
    facts
}

/// The stack, and who calls its functions: what matters before it is deleted.
pub async fn wired(ports: &impl Ports, name: &str, cluster: Option<&str>, region: &str) -> Facts {
    let stack = ports.stack(name).await;
    let resources = match &stack {
        Ok(Some(_)) => ports.stack_resources(name).await,
        Ok(None) => Ok(Vec::new()),
        Err(error) => Err(error.clone()),
    };
    let known = resources.clone().unwrap_or_default();
    let functions = Which::ALL.map(|which| {
        let own = known.iter().find(|one| one.logical == which.logical() && !one.physical.is_empty());
        let name = own.map_or_else(|| which.of_stack(name), |one| one.physical.clone());
        Deployed { which, name, found: Ok(None), reserved: Ok(None), sources: Ok(Vec::new()) }
    });
    let mut facts = Facts {
        at: ports.now().await,
        region: region.to_owned(),
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stack,
        resources,
        functions: functions.into(),
        rules: Vec::new(),
        queues: Vec::new(),
        subscriptions: None,
        alarms: (Vec::new(), Ok(Vec::new())),
        services: services(ports, cluster).await,
        groups: groups(ports, cluster).await,
        others: BTreeMap::new(),
    };
    facts.others = others(ports, &facts).await;
    facts
}

fn of_kind<'a>(resources: &'a [Resource], kind: &'a str) -> impl Iterator<Item = &'a Resource> {
    resources.iter().filter(move |one| one.kind == kind && !one.physical.is_empty())
}

/// Every service, enrolled or not: one that is not may have a hook all the same.
async fn services(ports: &impl Ports, cluster: Option<&str>) -> Services {
    let mut found = Services::default();
    let pace = Pace::new(Bucket::ECS_SERVICE_READ.half());
    let clusters = match cluster {
        Some(cluster) => vec![cluster.to_owned()],
        None => ports.list_clusters().await.unwrap_or_else(|error| {
            found.unread.push(("all clusters".to_owned(), error));
            Vec::new()
        }),
    };
    for cluster in clusters {
        let names = match ports.list_services(&cluster).await {
            Ok(names) => names,
            Err(error) => {
                found.unread.push((format!("the cluster {cluster}"), error));
                continue;
            }
        };
        for names in names.chunks(SERVICES_PER_CALL) {
            pace.turn().await;
            match ports.wirings(&cluster, names).await {
                Ok(wired) => {
                    found.all.extend(wired.services);
                    found.unread.extend(wired.failures.into_iter().map(|(service, why)| {
                        let error = PortError::new("DescribeServices", tidegate_aws::error::Kind::Refused, why);
                        (service, error)
                    }));
                }
                Err(error) => found.unread.push((format!("{cluster}/{}", names.join(", ")), error)),
            }
        }
    }
    // What is being deleted is deployed no more.
    found.all.retain(|service| service.active);
    found.all.sort_by_key(id);
    found
}

/// CodeDeploy's groups with the AppSpec of the deployment that was begun last, and of the one that a roll-back brings
/// back.
async fn groups(ports: &impl Ports, cluster: Option<&str>) -> Groups {
    let mut found = Groups::default();
    let applications = ports.applications().await.unwrap_or_else(|error| {
        found.unread.push(("all applications of CodeDeploy".to_owned(), error));
        Vec::new()
    });
    for application in applications {
        let groups = match ports.ecs_groups(&application).await {
            Ok(groups) => groups,
            Err(error) => {
                found.unread.push((format!("the application {application}"), error));
                continue;
            }
        };
        for group in groups {
            let elsewhere = |cluster: &str| !group.services.iter().any(|one| one.split('/').next() == Some(cluster));
            if cluster.is_some_and(elsewhere) {
                continue;
            }
            let mut specs = Vec::new();
            let last = group.last.clone().map(|id| (id, "its last deployment"));
            let good = group.last_successful.clone().filter(|id| group.last.as_ref() != Some(id));
            let good = good.map(|id| (id, "the deployment that a roll-back would bring back"));
            for (deployment, what) in last.into_iter().chain(good) {
                let text = ports.app_spec(&deployment).await;
                let hooks = text.map(|text| text.map(|text| app_spec::hooks(&text)));
                specs.push(Spec { deployment, what, hooks });
            }
            found.all.push((group, specs));
        }
    }
    found
}

/// Whether the functions are there that deployments call and that are not the stack's, or where there is no stack.
async fn others(ports: &impl Ports, facts: &Facts) -> BTreeMap<String, Known<bool>> {
    let of_services = facts.services.all.iter().flat_map(|service| &service.hooks).map(|hook| &*hook.target);
    let specs = facts.groups.all.iter().flat_map(|(_, specs)| specs);
    let listed = specs.filter_map(|spec| spec.hooks.as_ref().ok()?.as_ref()?.as_ref().ok());
    let of_groups = listed.flatten().map(|(_, function)| &**function);
    let targets: BTreeSet<&str> = of_services.chain(of_groups).collect();
    let mut known = BTreeMap::new();
    for target in targets {
        known.insert(function_name(target).to_owned(), ports.function(target).await.map(|found| found.is_some()));
    }
    known
}

/// The services that the tagging index has under a tag.
async fn indexed(ports: &impl Ports, tag: &str) -> Known<BTreeSet<String>> {
    let key = format!("{PREFIX}{tag}");
    let (mut found, mut page) = (BTreeSet::new(), None::<String>);
    loop {
        let answer = ports.get_resources(&key, page.as_deref()).await?;
        found.extend(answer.services.iter().filter_map(|one| Some(one.arn.split_once(":service/")?.1.to_owned())));
        page = answer.next;
        if page.is_none() {
            return Ok(found);
        }
    }
}

async fn scaled_elsewhere(ports: &impl Ports, services: &Services) -> Known<BTreeSet<String>> {
    let scaled = services.all.iter().filter(|service| service.tags.get("scale").is_some());
    let ids: Vec<String> = scaled.map(|service| format!("service/{}", id(service))).collect();
    let mut found = BTreeSet::new();
    for ids in ids.chunks(TARGETS_PER_CALL) {
        let targets = ports.describe_scalable_targets(ids).await?;
        found.extend(targets.into_keys().filter_map(|id| Some(id.strip_prefix("service/")?.to_owned())));
    }
    Ok(found)
}

async fn alarms_of_tags(ports: &impl Ports, services: &Services) -> Known<BTreeSet<String>> {
    let named: BTreeSet<String> =
        services.all.iter().flat_map(|service| service.tags.words("alarms").map(str::to_owned)).collect();
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let named: Vec<String> = named.into_iter().collect();
    Ok(ports.describe_alarms(&named).await?.into_iter().map(|alarm| alarm.name).collect())
}
