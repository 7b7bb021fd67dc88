//! Smithy RPC v2 CBOR, which CloudWatch speaks, with the SDK's own reader and writer.
//!
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::decode::{Decoder, DeserializeError};

/// What can go wrong with an answer.
pub(crate) type Read<T> = Result<T, DeserializeError>;

/// Reads the fields of a map one by one: each by its name, those that are null left out. What is not looked at is skipped
/// by `read`.
pub(crate) fn fields<'b>(from: &mut Decoder<'b>, mut read: impl FnMut(&str, &mut Decoder<'b>) -> Read<()>) -> Read<()> {
    let length = from.map()?;
    several(from, length, |from| {
        let name = from.str()?;
        if is_null(from)? { from.skip() } else { read(&name, from) }
    })
}

/// Reads the members of a list one by one, those that are null left out.
pub(crate) fn list<'b, T>(from: &mut Decoder<'b>, mut read: impl FnMut(&mut Decoder<'b>) -> Read<T>) -> Read<Vec<T>> {
    let length = from.list()?;
    let expected = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut found = Vec::with_capacity(expected.min(MOST_RESERVED));
    several(
        from,
        length,
        |from| {
            if is_null(from)? { from.skip() } else { read(from).map(|member| found.push(member)) }
        },
    )?;
    Ok(found)
}

/// An answer is not believed that it is longer than this before it has been.
const MOST_RESERVED: usize = 2048;

/// A text.
pub(crate) fn text(from: &mut Decoder<'_>) -> Read<String> {
    from.str().map(std::borrow::Cow::into_owned)
}

fn is_null(from: &Decoder<'_>) -> Read<bool> {
    Ok(matches!(from.datatype()?, Type::Null | Type::Undefined))
}

/// As many as were announced; where none were, as many as there are.
fn several<'b>(
    from: &mut Decoder<'b>,
    length: Option<u64>,
    mut read: impl FnMut(&mut Decoder<'b>) -> Read<()>,
) -> Read<()> {
    if let Some(length) = length {
        return (0..length).try_for_each(|_| read(from));
    }
    while from.datatype()? != Type::Break {
        read(from)?;
    }
    from.skip()
}
