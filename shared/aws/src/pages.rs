//! Lists that come in pages. A list of more pages than any has is not paging but looping.

use serde_json::Value;

use crate::error::{Kind, PortError};

/// What one page holds, and what asks for the next.
pub(crate) type Page<T> = (Vec<T>, Option<String>);

/// The pages of a list as one.
pub(crate) async fn all<T>(
    operation: &'static str,
    most_pages: usize,
    ask: impl AsyncFnMut(Option<String>) -> Result<Page<T>, PortError>,
) -> Result<Vec<T>, PortError> {
    Ok(first(operation, most_pages, usize::MAX, ask).await?.0)
}

/// The same, cut off after the first so many; and whether there is more.
pub(crate) async fn first<T>(
    operation: &'static str,
    most_pages: usize,
    most: usize,
    mut ask: impl AsyncFnMut(Option<String>) -> Result<Page<T>, PortError>,
) -> Result<(Vec<T>, bool), PortError> {
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..most_pages {
        let (page, token) = ask(next).await?;
        found.extend(page);
        next = token.filter(|token| !token.is_empty());
        if next.is_none() || found.len() >= most {
            let more = next.is_some() || found.len() > most;
            found.truncate(most);
            return Ok((found, more));
        }
    }
    Err(PortError::new(operation, Kind::Garbled, format!("it has more than {most_pages} pages")))
}

/// A question about a list, about its next page where there is one: `key` is what its service calls that.
pub(crate) fn page_of(question: &Value, key: &str, next: Option<String>) -> Value {
    let mut question = question.clone();
    if let Some(next) = next {
        question[key] = next.into();
    }
    question
}
