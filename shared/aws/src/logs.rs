//! CloudWatch Logs: whether a log group is there.

use serde::Deserialize;
use serde_json::json;

use crate::bare::{Ask, Service};
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Logs {
    /// `DescribeLogGroups`, all pages: whether there is one of just this name, in the region that is worked in.
    async fn log_group_exists(&self, name: &str) -> Result<bool, PortError>;
}

pub(crate) const SERVICE: Service = Service { id: "CloudWatch Logs", host: "logs", signed_for: "logs" };

/// The API gives no more at once.
const PER_PAGE: u32 = 50;

/// A list that gets no further than this is not paging but looping: nobody has so many groups whose names begin alike.
const MOST_PAGES: usize = 200;

/// A page of groups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    log_groups: Option<Vec<Group>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    log_group_name: Option<String>,
}

impl Logs for Aws {
    async fn log_group_exists(&self, name: &str) -> Result<bool, PortError> {
        const OPERATION: &str = "DescribeLogGroups";
        let mut question = json!({"logGroupNamePrefix": name, "limit": PER_PAGE});
        for _ in 0..MOST_PAGES {
            let ask = Ask::rpc("Logs_20140328.DescribeLogGroups", &question);
            let page: Page = self.logs.json(OPERATION, ask).await?;
            if page.log_groups.unwrap_or_default().iter().any(|group| group.log_group_name.as_deref() == Some(name)) {
                return Ok(true);
            }
            let Some(next) = page.next_token.filter(|token| !token.is_empty()) else { return Ok(false) };
            question["nextToken"] = next.into();
        }
        Err(PortError::new(OPERATION, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    fn page(names: &[&str], next: &str) -> String {
        let groups: Vec<String> =
            names.iter().map(|name| format!(r#"{{"logGroupName": "{name}", "storedBytes": 0}}"#)).collect();
        format!(r#"{{"logGroups": [{}]{next}}}"#, groups.join(", "))
    }

    #[tokio::test]
    async fn a_group_of_just_this_name_is_found_on_any_page() {
        let answers =
            [page(&["/shop-web", "/shop.old"], r#", "nextToken": "more""#), page(&["/shop/app", "/shop"], "")];
        let (aws, canned) = Canned::aws(answers.iter().map(|body| (200, &**body))).await;
        assert_eq!(aws.log_group_exists("/shop").await, Ok(true));
        let asked = canned.asked();
        assert_eq!(asked.iter().map(|call| &*call.operation).collect::<Vec<_>>(), ["DescribeLogGroups"; 2]);
        assert_eq!(asked[0].headers.get("x-amz-target").map(String::as_str), Some("Logs_20140328.DescribeLogGroups"));
        assert_eq!(asked[0].region, "eu-west-1");
        assert_eq!(asked[0].body, r#"{"limit":50,"logGroupNamePrefix":"/shop"}"#);
        assert!(asked[1].body.contains(r#""nextToken":"more""#), "{asked:?}");
    }

    #[tokio::test]
    async fn groups_whose_names_only_begin_so_are_others() {
        let answers = [page(&["/shop-web", "/shop/app"], ""), "{}".to_owned()];
        let (aws, _) = Canned::aws(answers.iter().map(|body| (200, &**body))).await;
        assert_eq!(aws.log_group_exists("/shop").await, Ok(false));
        assert_eq!(aws.log_group_exists("/shop").await, Ok(false));
    }

    #[tokio::test]
    async fn what_went_wrong_is_not_taken_for_a_group_that_is_not_there() {
        let said = "User: gate is not authorized to perform: logs:DescribeLogGroups on resource: *";
        let denied = format!(r#"{{"__type": "com.amazonaws.logs#AccessDeniedException", "Message": "{said}"}}"#);
        let looping = page(&[], r#", "nextToken": "again""#);
        let answers = [(400, &*denied), (400, r#"{"__type": "InvalidParameterException"}"#), (200, "no JSON")];
        let answers = answers.into_iter().chain((0..=MOST_PAGES).map(|_| (200, &*looping)));
        let (aws, canned) = Canned::aws(answers).await;
        let error = aws.log_group_exists("/shop").await.expect_err("an error");
        assert_eq!((error.kind, error.message), (Kind::Denied, format!("AccessDeniedException: {said}")));
        for kind in [Kind::Refused, Kind::Garbled, Kind::Garbled] {
            assert_eq!(aws.log_group_exists("/shop").await.map_err(|error| error.kind), Err(kind));
        }
        assert_eq!(canned.asked().len(), 3 + MOST_PAGES);
    }
}
