//! CloudFormation: the stack, and what is in it.

use std::collections::BTreeMap;

use super::{MOST_PAGES, members, query, text};
use crate::error::{Kind, PortError};
use crate::pages::all;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Stacks {
    /// `DescribeStacks` of one name. None where there is no such stack.
    async fn stack(&self, name: &str) -> Result<Option<Stack>, PortError>;

    /// `ListStackResources`, all pages. `DescribeStackResources` would end after a hundred.
    async fn stack_resources(&self, name: &str) -> Result<Vec<Resource>, PortError>;
}

/// A stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// `CREATE_COMPLETE` and its like, as CloudFormation writes it.
    pub status: String,
    /// Why it is in that status, where CloudFormation says so.
    pub why: Option<String>,
    /// Its outputs by name.
    pub outputs: BTreeMap<String, String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the template.
    pub logical: String,
    /// What it is known by: a function's or an alarm's name, a queue's URL, a topic's ARN.
    pub physical: String,
    /// Such as `AWS::Lambda::Function`.
    pub kind: String,
    /// `CREATE_COMPLETE` and its like, as CloudFormation writes it.
    pub status: String,
}

const VERSION: &str = "2010-05-15";

impl Stacks for Aws {
    async fn stack(&self, name: &str) -> Result<Option<Stack>, PortError> {
        let client = &self.operator.cloudformation;
        let fields = [("StackName", name)];
        let asked = query(client, "DescribeStacks", VERSION, &fields, |result| {
            let stack = members(result, "Stacks").next()?;
            let output = |output| Some((text(output, "OutputKey")?, text(output, "OutputValue").unwrap_or_default()));
            Some(Stack {
                name: text(stack, "StackName")?,
                status: text(stack, "StackStatus")?,
                why: text(stack, "StackStatusReason"),
                outputs: members(stack, "Outputs").filter_map(output).collect(),
            })
        });
        match asked.await {
            // CloudFormation has one code for everything that is wrong with a request.
            Err(error) if error.kind == Kind::Refused && error.message.contains("does not exist") => Ok(None),
            answer => answer.map(Some),
        }
    }

    async fn stack_resources(&self, name: &str) -> Result<Vec<Resource>, PortError> {
        const OPERATION: &str = "ListStackResources";
        all(OPERATION, MOST_PAGES, async |next: Option<String>| {
            let mut fields = vec![("StackName", name)];
            fields.extend(next.as_deref().map(|token| ("NextToken", token)));
            let client = &self.operator.cloudformation;
            query(client, OPERATION, VERSION, &fields, |result| {
                let resource = |resource| {
                    Some(Resource {
                        logical: text(resource, "LogicalResourceId")?,
                        physical: text(resource, "PhysicalResourceId").unwrap_or_default(),
                        kind: text(resource, "ResourceType")?,
                        status: text(resource, "ResourceStatus").unwrap_or_default(),
                    })
                };
                let page = members(result, "StackResourceSummaries").filter_map(resource).collect();
                Some((page, text(result, "NextToken")))
            })
            .await
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    const STACK: &str = r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
      <DescribeStacksResult><Stacks><member>
        <StackName>tidegate</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>
        <Outputs>
          <member><OutputKey>Version</OutputKey><OutputValue>0.1.0</OutputValue></member>
          <member><OutputKey>Hooks</OutputKey><OutputValue>{"Hooks":[{"a":"b &amp; c"}]}</OutputValue></member>
        </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"#;

    #[tokio::test]
    async fn a_stack_is_read_with_its_outputs() {
        let (aws, canned) = Canned::aws([(200, STACK)]).await;
        let stack = aws.stack("tidegate").await.expect("an answer").expect("a stack");
        assert_eq!((&*stack.name, &*stack.status, stack.why), ("tidegate", "UPDATE_COMPLETE", None));
        assert_eq!(stack.outputs["Version"], "0.1.0");
        assert_eq!(stack.outputs["Hooks"], r#"{"Hooks":[{"a":"b & c"}]}"#);
        assert_eq!(canned.asked()[0].body, "Action=DescribeStacks&Version=2010-05-15&StackName=tidegate");
        assert_eq!(canned.asked()[0].region, "eu-west-1");
    }

    #[tokio::test]
    async fn a_stack_that_is_not_there_is_none_and_whatever_else_is_wrong_is_not() {
        let error = |code: &str, message: &str| {
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
        };
        let gone = error("ValidationError", "Stack with id tidegate does not exist");
        let denied = error("AccessDenied", "not authorized to perform: cloudformation:DescribeStacks");
        let answers = [(400, &*gone), (403, &*denied), (200, "<html>"), (200, "<DescribeStacksResponse/>")];
        let (aws, _) = Canned::aws(answers).await;
        assert_eq!(aws.stack("tidegate").await, Ok(None));
        for kind in [Kind::Denied, Kind::Garbled, Kind::Garbled] {
            assert_eq!(aws.stack("tidegate").await.map_err(|error| error.kind), Err(kind));
        }
    }

    #[tokio::test]
    async fn resources_are_listed_page_by_page() {
        let page = |name: &str, next: &str| {
            format!(
                "<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries><member>\
                 <LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>tidegate-{name}</PhysicalResourceId>\
                 <ResourceType>AWS::Lambda::Function</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
                 </member></StackResourceSummaries>{next}</ListStackResourcesResult></ListStackResourcesResponse>"
            )
        };
        let answers = [page("A", "<NextToken>more</NextToken>"), page("B", "<NextToken></NextToken>")];
        let (aws, canned) = Canned::aws(answers.iter().map(|body| (200, &**body))).await;
        let found = aws.stack_resources("tidegate").await.expect("resources");
        assert_eq!(found.iter().map(|one| &*one.physical).collect::<Vec<_>>(), ["tidegate-A", "tidegate-B"]);
        assert!(canned.asked()[1].body.ends_with("&StackName=tidegate&NextToken=more"));
    }

    #[tokio::test]
    async fn a_list_that_loops_is_given_up() {
        let page = "<R><ListStackResourcesResult><NextToken>again</NextToken></ListStackResourcesResult></R>";
        let (aws, canned) = Canned::aws((0..=MOST_PAGES).map(|_| (200, page))).await;
        assert_eq!(aws.stack_resources("tidegate").await.map_err(|error| error.kind), Err(Kind::Garbled));
        assert_eq!(canned.asked().len(), MOST_PAGES);
    }
}
