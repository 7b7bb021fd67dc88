//! Lists that come in pages.

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

/// How the API counts; it does not take 0.
pub(crate) fn limit(count: usize) -> i32 {
    i32::try_from(count.max(1)).unwrap_or(i32::MAX)
}
