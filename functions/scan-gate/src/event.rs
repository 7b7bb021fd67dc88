//! What can wake the gate, read tolerantly: fields that are not needed may be missing, null or new.
//!
//! Most events come from EventBridge through a queue, many in a batch. Each only says what to look at: what is true is
//! read, so that events may come twice, late, or in any order.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tidegate_core::mode::Mode;
use tidegate_core::scan::Reason;
use tidegate_core::scan::image_name::{ImageName, Registry};
use tidegate_lambda::batches::{self, Message};
use tidegate_lambda::events;

/// An event that is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The daily run.
    Schedule {
        /// When it was due.
        at: Timestamp,
    },
    /// A batch of the queue.
    Batch(Vec<Message>),
    /// What EventBridge sends, without a queue between.
    One(Wake),
    /// Somebody's direct invocation.
    Person(Request),
}

/// What a person may ask for; `{}` is the daily run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Only this image, as a task definition names it.
    pub image: Option<String>,
    /// At most this far.
    #[serde(default, deserialize_with = "events::mode")]
    pub mode: Option<Mode>,
}

/// What an event of EventBridge's makes the gate look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// An image.
    Image(ImageName),
    /// A task that does not belong to a service.
    Task {
        /// Cluster name.
        cluster: String,
        /// Its ARN.
        arn: String,
    },
    /// The deployment that a service is in.
    Deployment {
        /// Cluster name.
        cluster: String,
        /// Service name.
        service: String,
    },
    /// A deployment of CodeDeploy's.
    CodeDeployment {
        /// `d-...`.
        id: String,
    },
    /// Nothing, and why.
    Nothing {
        /// The code.
        reason: Reason,
        /// The sentence.
        why: String,
    },
}

/// An event of EventBridge's. Whatever else is in it is looked for where it is needed.
struct Envelope<'a> {
    detail_type: &'a str,
    event: &'a Value,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        if let Some(messages) = batches::messages(event)? {
            return Ok(Self::Batch(messages));
        }
        match event.get("detail-type").and_then(Value::as_str) {
            None => events::read("a request", event).map(Self::Person),
            Some("Scheduled Event") => match events::schedule(event, "the scan gate")? {
                Some(at) => Ok(Self::Schedule { at }),
                None => Err("a scheduled event without its type".to_owned()),
            },
            Some(_) => Wake::read(event).map(Self::One),
        }
    }
}

impl Wake {
    /// Reads an event of EventBridge's.
    ///
    /// # Errors
    /// What about it can't be understood.
    pub fn read(event: &Value) -> Result<Self, String> {
        let detail_type = event.get("detail-type").and_then(Value::as_str);
        let detail_type = detail_type.ok_or("not an EventBridge event: it has no detail-type")?;
        let envelope = Envelope { detail_type, event };
        match detail_type {
            "ECR Image Scan" => envelope.image_of_detail(),
            "ECR Image Action" => envelope.image_action(),
            "Inspector2 Scan" => envelope.inspector_scan(),
            "Inspector2 Finding" => envelope.inspector_finding(),
            "ECS Task State Change" => envelope.task(),
            "ECS Deployment State Change" => envelope.deployment(),
            "CodeDeploy Deployment State-change Notification" => envelope.code_deployment(),
            other => Ok(nothing(format!("{other} is nothing that the scan gate decides about"))),
        }
    }
}

fn nothing(why: impl Into<String>) -> Wake {
    Wake::Nothing { reason: Reason::OtherEvent, why: why.into() }
}

impl<'a> Envelope<'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        self.event["detail"][key].as_str()
    }

    /// A field of the detail that has to be there, and say something.
    fn field(&self, key: &str) -> Result<&'a str, String> {
        self.text(key).filter(says).ok_or_else(|| format!("{} without {key}", self.detail_type))
    }

    /// A field of the envelope; empty where it says nothing.
    fn outside(&self, key: &str) -> &'a str {
        self.event[key].as_str().unwrap_or_default()
    }

    fn resources(&self) -> impl Iterator<Item = &'a str> {
        self.event["resources"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// The image of `repository-name` and `image-digest`. The repository is a name, or an ARN.
    fn image_of_detail(&self) -> Result<Wake, String> {
        let (repository, digest) = (self.field("repository-name")?, self.field("image-digest")?);
        match repository.split_once(":repository/") {
            Some((arn, name)) => image(arn, name, digest),
            None => named(self.outside("account"), self.outside("region"), repository, digest),
        }
    }

    fn image_action(&self) -> Result<Wake, String> {
        if self.text("result").is_some_and(|result| result != "SUCCESS") {
            return Ok(nothing("an action that did not succeed"));
        }
        match self.field("action-type")? {
            "UPDATE_STORAGE_CLASS" if self.text("target-storage-class") == Some("ARCHIVE") => {
                Ok(nothing("an image that went into the archive can't be pulled"))
            }
            "PUSH" | "UPDATE_STORAGE_CLASS" => self.image_of_detail(),
            "DELETE" => Ok(nothing("an image that is deleted can't be pulled")),
            other => Ok(nothing(format!("the action {other:?} brings no image"))),
        }
    }

    fn inspector_scan(&self) -> Result<Wake, String> {
        // The same type tells of instances and functions.
        let of_image = self.text("image-digest").is_some()
            || self.text("repository-name").is_some()
            || self.resources().any(|arn| arn.contains(":repository/"));
        if !of_image {
            return Ok(nothing("a scan of something that is no image"));
        }
        self.image_of_detail()
    }

    fn inspector_finding(&self) -> Result<Wake, String> {
        if self.text("status").is_some_and(|status| status == "CLOSED") {
            return Ok(nothing("a finding that is closed blocks nothing"));
        }
        let of_detail = self.event["detail"]["resources"].as_array().map_or(&[][..], Vec::as_slice);
        let mut arns = self.resources().chain(of_detail.iter().filter_map(|resource| resource["id"].as_str()));
        // `arn:aws:ecr:region:account:repository/name/sha256:...`
        let found = arns.find_map(|arn| {
            let (arn, path) = arn.split_once(":repository/")?;
            let at = path.rfind("/sha256:")?;
            Some((arn, &path[..at], &path[at + 1..]))
        });
        match found {
            Some((arn, repository, digest)) => image(arn, repository, digest),
            None if of_detail.iter().any(|resource| resource["type"] == "AWS_ECR_CONTAINER_IMAGE") => {
                Err("a finding in an image whose ARN it does not tell".to_owned())
            }
            None => Ok(nothing("a finding in something that is no image")),
        }
    }

    fn task(&self) -> Result<Wake, String> {
        let arn = self.text("taskArn").or_else(|| self.resources().next()).filter(says);
        let arn = arn.ok_or("a task's change of state without its ARN")?;
        let of_cluster = self.text("clusterArn").and_then(|arn| arn.rsplit('/').next());
        let of_task = || arn.split_once(":task/")?.1.split_once('/').map(|(cluster, _)| cluster);
        let cluster =
            of_cluster.filter(says).or_else(of_task).filter(says).ok_or_else(|| format!("{arn:?} names no cluster"))?;
        if self.text("group").is_some_and(|group| group.starts_with("service:")) {
            let why = format!("{arn} belongs to a service, whose deployments are looked at");
            return Ok(Wake::Nothing { reason: Reason::ServiceTask, why });
        }
        let stops = [self.text("desiredStatus"), self.text("lastStatus")].contains(&Some("STOPPED"));
        if stops {
            return Ok(Wake::Nothing { reason: Reason::TaskStopping, why: format!("{arn} stops") });
        }
        Ok(Wake::Task { cluster: cluster.to_owned(), arn: arn.to_owned() })
    }

    fn deployment(&self) -> Result<Wake, String> {
        match self.field("eventName")? {
            "SERVICE_DEPLOYMENT_IN_PROGRESS" => {}
            other => return Ok(nothing(format!("{other} brings nothing"))),
        }
        let arn = self.resources().next().ok_or("a deployment's change of state without its service")?;
        let path = arn.split_once(":service/").map(|(_, path)| path);
        let (cluster, service) = path
            .and_then(|path| path.split_once('/'))
            .filter(|(cluster, service)| says(cluster) && says(service))
            .ok_or_else(|| format!("{arn:?} is no ARN of a service that names its cluster"))?;
        Ok(Wake::Deployment { cluster: cluster.to_owned(), service: service.to_owned() })
    }

    fn code_deployment(&self) -> Result<Wake, String> {
        match self.field("state")? {
            "START" => Ok(Wake::CodeDeployment { id: self.field("deploymentId")?.to_owned() }),
            other => Ok(nothing(format!("a deployment that is {other} brings nothing"))),
        }
    }
}

/// Whether a name names something. ECS takes an empty one for its default cluster.
fn says(name: &&str) -> bool {
    !name.is_empty()
}

/// The image of an ARN's beginning, a repository and a digest.
fn image(arn: &str, repository: &str, digest: &str) -> Result<Wake, String> {
    let mut parts = arn.rsplit(':');
    let (account, region) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    named(account, region, repository, digest)
}

fn named(account: &str, region: &str, repository: &str, digest: &str) -> Result<Wake, String> {
    if [account, region, repository].iter().any(|part| part.is_empty()) || !digest.starts_with("sha256:") {
        return Err(format!("{account}/{region}/{repository}@{digest} is no image"));
    }
    Ok(Wake::Image(ImageName {
        registry: Registry::in_account(account, region),
        repository: repository.to_owned(),
        tag: None,
        digest: Some(digest.to_owned()),
    }))
}
