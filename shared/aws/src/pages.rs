//! Lists that come in pages.

use serde_json::Value;

use crate::error::{Kind, PortError};

/// A list that gets no further than this is not paging but looping.
pub(crate) const MOST_PAGES: usize = 500;

/// One page of a list, and what asks for the next.
type Page = (Option<Vec<String>>, Option<String>);

/// The pages of a list as one, cut off after the first so many; and whether there is more.
pub(crate) async fn pages(
    operation: &'static str,
    most: usize,
    ask: impl AsyncFn(Option<String>) -> Result<Page, PortError>,
) -> Result<(Vec<String>, bool), PortError> {
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let (page, token) = ask(next).await?;
        found.extend(page.unwrap_or_default());
        next = token.filter(|token| !token.is_empty());
        if next.is_none() || found.len() >= most {
            let more = next.is_some() || found.len() > most;
            found.truncate(most);
            return Ok((found, more));
        }
    }
    Err(PortError::new(operation, Kind::Garbled, format!("it has more than {MOST_PAGES} pages")))
}

/// A question about a list, about its next page where there is one.
pub(crate) fn page_of(question: &Value, next: Option<String>) -> Value {
    let mut question = question.clone();
    if let Some(next) = next {
        question["nextToken"] = next.into();
    }
    question
}
