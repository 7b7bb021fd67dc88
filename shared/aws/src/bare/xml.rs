//! XML, which the older services answer in, with the SDK's own reader.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

pub(crate) use aws_smithy_xml::decode::ScopedDecoder as Tag;
use aws_smithy_xml::decode::{Document, XmlDecodeError, try_data};

/// What can go wrong with an answer.
pub(crate) type Read<T> = Result<T, XmlDecodeError>;

/// Reads what an operation answers: the elements within `<OperationResult>` within `<OperationResponse>`.
pub(crate) fn result(
    operation: &str,
    body: &[u8],
    mut read: impl FnMut(&str, &mut Tag<'_, '_>) -> Read<()>,
) -> Read<()> {
    // The reader takes what is there for all that there is.
    if !body.trim_ascii_end().ends_with(format!("</{operation}Response>").as_bytes()) {
        return Err(XmlDecodeError::custom(format!("it breaks off: it has no end of {operation}Response")));
    }
    let mut document = Document::try_from(body)?;
    let mut root = document.root_element()?;
    if root.start_el().local() != format!("{operation}Response") {
        return Err(XmlDecodeError::custom(format!("it is no answer to {operation}: {}", root.start_el().local())));
    }
    let inside = format!("{operation}Result");
    let mut found = false;
    elements(&mut root, |name, tag| {
        if name == inside {
            found = true;
            elements(tag, &mut read)?;
        }
        Ok(())
    })?;
    if found { Ok(()) } else { Err(XmlDecodeError::custom(format!("it has no {inside}"))) }
}

/// Reads elements one by one, each by its name. What is not looked at is skipped.
pub(crate) fn elements(tag: &mut Tag<'_, '_>, mut read: impl FnMut(&str, &mut Tag<'_, '_>) -> Read<()>) -> Read<()> {
    while let Some(mut inside) = tag.next_tag() {
        let name = inside.start_el().local().to_owned();
        read(&name, &mut inside)?;
    }
    Ok(())
}

/// Reads a list.
pub(crate) fn members<T>(tag: &mut Tag<'_, '_>, mut read: impl FnMut(&mut Tag<'_, '_>) -> Read<T>) -> Read<Vec<T>> {
    let mut found = Vec::new();
    elements(tag, |name, tag| {
        if name == "member" {
            found.push(read(tag)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// A text.
pub(crate) fn text(tag: &mut Tag<'_, '_>) -> Read<String> {
    try_data(tag).map(std::borrow::Cow::into_owned)
}

/// A number.
pub(crate) fn number(tag: &mut Tag<'_, '_>) -> Read<i64> {
    let text = try_data(tag)?;
    text.parse().map_err(|_| XmlDecodeError::custom(format!("{text:?} is no number")))
}
