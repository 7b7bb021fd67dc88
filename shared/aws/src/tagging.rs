//! Resource Groups Tagging API: who is enrolled.

use serde::Deserialize;
use serde_json::json;
use tidegate_core::tags::Tags;

use crate::bare::{Ask, Service};
use crate::error::PortError;
use crate::sdk::Aws;

/// The calls that are used.
pub trait Tagging {
    /// `GetResources`: one page of the ECS services that carry a tag, whatever its value.
    async fn get_resources(&self, tag: &str, page: Option<&str>) -> Result<Resources, PortError>;
}

/// One page of tagged services. The index lags behind the services themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// The services.
    pub services: Vec<TaggedService>,
    /// Asks for the next page; None on the last.
    pub next: Option<String>,
}

/// A service with its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedService {
    /// Its ARN.
    pub arn: String,
    /// Its `tidegate:` tags, as the index has them.
    pub tags: Tags,
}

/// The API gives no more.
const PER_PAGE: u32 = 100;

pub(crate) const SERVICE: Service =
    Service { id: "Resource Groups Tagging API", host: "tagging", signed_for: "tagging" };

/// What `GetResources` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    pagination_token: Option<String>,
    resource_tag_mapping_list: Option<Vec<Mapping>>,
}

#[derive(Deserialize)]
struct Mapping {
    #[serde(rename = "ResourceARN")]
    arn: Option<String>,
    #[serde(rename = "Tags")]
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl Tagging for Aws {
    async fn get_resources(&self, tag: &str, page: Option<&str>) -> Result<Resources, PortError> {
        let mut question = json!({
            "TagFilters": [{"Key": tag}], "ResourceTypeFilters": ["ecs:service"], "ResourcesPerPage": PER_PAGE,
        });
        if let Some(page) = page {
            question["PaginationToken"] = page.into();
        }
        let ask = Ask::rpc("ResourceGroupsTaggingAPI_20170126.GetResources", &question);
        let answer: Found = self.tagging.json("GetResources", ask).await?;
        let services = answer.resource_tag_mapping_list.unwrap_or_default().into_iter().filter_map(|resource| {
            let tags = resource.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
            Some(TaggedService { arn: resource.arn?, tags: Tags::new(tags) })
        });
        let next = answer.pagination_token.filter(|token| !token.is_empty());
        Ok(Resources { services: services.collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    #[tokio::test]
    async fn services_are_found_by_a_tag_page_by_page() {
        let first = r#"{"PaginationToken": "more", "ResourceTagMappingList": [
            {"ResourceARN": "arn:aws:ecs:eu-west-1:1:service/live/shop", "Tags": [{"Key": "tidegate:gate", "Value": "on"}, {"Key": "team", "Value": ""}]},
            {"Tags": []}]}"#;
        let (aws, canned) = Canned::aws([(200, first), (200, r#"{"PaginationToken": ""}"#)]).await;
        let found = aws.get_resources("tidegate:gate", None).await.expect("services");
        let tags = Tags::new([("tidegate:gate".to_owned(), "on".to_owned())]);
        let shop = TaggedService { arn: "arn:aws:ecs:eu-west-1:1:service/live/shop".to_owned(), tags };
        assert_eq!(found, Resources { services: vec![shop], next: Some("more".to_owned()) });
        assert_eq!(aws.get_resources("tidegate:gate", Some("more")).await, Ok(Resources::default()));
        let asked = canned.asked();
        let first =
            r#"{"ResourceTypeFilters":["ecs:service"],"ResourcesPerPage":100,"TagFilters":[{"Key":"tidegate:gate"}]}"#;
        assert_eq!((&*asked[0].operation, &*asked[0].body), ("GetResources", first));
        assert!(asked[1].body.contains(r#""PaginationToken":"more""#), "{asked:?}");
    }
}
