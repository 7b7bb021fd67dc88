//! Resource Groups Tagging API: who is enrolled.

use tidegate_core::tags::Tags;

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
const PER_PAGE: i32 = 100;

impl Tagging for Aws {
    async fn get_resources(&self, tag: &str, page: Option<&str>) -> Result<Resources, PortError> {
        let filter = aws_sdk_resourcegroupstagging::types::TagFilter::builder().key(tag).build();
        let answer = self
            .tagging
            .get_resources()
            .tag_filters(filter)
            .resource_type_filters("ecs:service")
            .resources_per_page(PER_PAGE)
            .set_pagination_token(page.map(str::to_owned))
            .send()
            .await
            .map_err(PortError::of("GetResources"))?;
        let next = answer.pagination_token.filter(|token| !token.is_empty());
        let services = answer.resource_tag_mapping_list.unwrap_or_default().into_iter().filter_map(|resource| {
            let tags = resource.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
            Some(TaggedService { arn: resource.resource_arn?, tags: Tags::new(tags) })
        });
        Ok(Resources { services: services.collect(), next })
    }
}
