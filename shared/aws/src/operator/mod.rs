//! What only an operator asks: how the stack is deployed, who calls its functions, and what they said. Nothing here
//! changes anything.
//!
//! - [`stacks`]: CloudFormation's stack, and what is in it
//! - [`deployed`]: how its functions are deployed, and what wakes them
//! - [`waiting`]: what waits in its queues, and who hears of it
//! - [`wirings`]: ECS services, and the functions that their deployments call
//! - [`groups`]: CodeDeploy's deployment groups
//! - [`log_events`]: lines of a log group

pub mod deployed;
pub mod groups;
pub mod log_events;
pub mod stacks;
pub mod waiting;
pub mod wirings;

use aws_config::SdkConfig;
use roxmltree::{Document, Node};

use crate::bare::{Ask, Bare, Service};
use crate::calls::Calls;
use crate::error::{Kind, PortError};

/// The clients that nobody else has.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(super) cloudformation: Bare,
    pub(super) events: Bare,
}

const CLOUDFORMATION: Service = Service { id: "CloudFormation", host: "cloudformation", signed_for: "cloudformation" };
const EVENTS: Service = Service { id: "EventBridge", host: "events", signed_for: "events" };

impl Clients {
    pub(crate) fn new(config: &SdkConfig, calls: &Calls) -> Self {
        Self { cloudformation: Bare::new(&CLOUDFORMATION, config, calls), events: Bare::new(&EVENTS, config, calls) }
    }
}

/// A list that gets no further than this is not paging but looping.
const MOST_PAGES: usize = 100;

/// Asks a service that answers in XML, and reads what stands in `<OperationResult>`.
async fn query<T>(
    client: &Bare,
    operation: &'static str,
    version: &str,
    fields: &[(&str, &str)],
    read: impl FnOnce(Node<'_, '_>) -> Option<T>,
) -> Result<T, PortError> {
    let answer = client.ask(operation, Ask::form(operation, version, fields)).await?;
    let garbled = |why: String| PortError::new(operation, Kind::Garbled, why);
    let text = std::str::from_utf8(&answer.body).map_err(|error| garbled(error.to_string()))?;
    let document = Document::parse(text).map_err(|error| garbled(error.to_string()))?;
    let result = child(document.root_element(), &format!("{operation}Result"));
    result.and_then(read).ok_or_else(|| garbled("it has no result, or lacks something in it".to_owned()))
}

/// The first child of this name.
fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The text of the first child of this name, unless it is empty.
fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The members of a list of this name; none where there is no such list.
fn members<'a, 'input>(node: Node<'a, 'input>, name: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    let list = child(node, name);
    list.into_iter().flat_map(|list| list.children().filter(|child| child.tag_name().name() == "member"))
}
