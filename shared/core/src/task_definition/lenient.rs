//! Fields that are written in more than one way, and of which only a part is looked at; for `#[serde(deserialize_with)]`.

use serde::{Deserialize, Deserializer};

/// A number is taken for its digits: files say `256` and `"256"`.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Whole(u64),
        Fraction(f64),
    }
    Ok(Option::deserialize(from)?.map(|word| match word {
        Word::Text(text) => text,
        Word::Whole(number) => number.to_string(),
        Word::Fraction(number) => number.to_string(),
    }))
}

/// A list of which only its length is looked at; a count, as records have it, stays one.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Count(usize),
        Items(Vec<serde::de::IgnoredAny>),
    }
    Ok(match Option::deserialize(from)? {
        None => 0,
        Some(Listed::Count(count)) => count,
        Some(Listed::Items(items)) => items.len(),
    })
}

/// Something of which only matters whether it is there; a flag, as records have it, stays one.
pub(super) fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum There {
        Flag(bool),
        Anything(serde::de::IgnoredAny),
    }
    Ok(match Option::deserialize(from)? {
        None => false,
        Some(There::Flag(flag)) => flag,
        Some(There::Anything(_)) => true,
    })
}
