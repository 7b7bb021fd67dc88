//! What errors say.

use std::borrow::Cow;

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::error::ErrorMetadata;
use serde::Deserialize;

/// What an error says: in JSON, XML or CBOR, with or without its code in a header.
pub(super) fn failure(headers: &Headers, body: &[u8]) -> ErrorMetadata {
    let text = String::from_utf8_lossy(body);
    let said = said(headers.get("content-type"), body);
    // `code;Sender`, from services that once had other names for their errors.
    let query = headers.get("x-amzn-query-error").and_then(|error| Some(error.split_once(';')?.0));
    let kind = query.or_else(|| headers.get("x-amzn-errortype")).map(str::to_owned);
    let code = kind.or(said.code).or(said.__type).or_else(|| element(&text, "Code"));
    let message = said.message.or(said.capital).or_else(|| element(&text, "Message"));
    let mut said = ErrorMetadata::builder();
    if let Some(code) = code.as_deref() {
        // `namespace#Code:where it is explained`
        let code = code.split(':').next().unwrap_or(code);
        said = said.code(code.rsplit('#').next().unwrap_or(code));
    }
    if let Some(message) = message {
        said = said.message(message);
    }
    said.build()
}

/// The fields of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    __type: Option<String>,
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    capital: Option<String>,
}

/// What can't be read says nothing.
fn said(content: Option<&str>, body: &[u8]) -> Said {
    #[cfg(feature = "cloudwatch")]
    if content == Some("application/cbor") {
        return in_cbor(body).unwrap_or_default();
    }
    let _ = content;
    serde_json::from_slice(body).unwrap_or_default()
}

#[cfg(feature = "cloudwatch")]
fn in_cbor(body: &[u8]) -> super::cbor::Read<Said> {
    use super::cbor::{fields, text};
    let mut said = Said::default();
    fields(&mut aws_smithy_cbor::Decoder::new(body), |name, from| {
        match name {
            "__type" => said.__type = Some(text(from)?),
            "message" => said.message = Some(text(from)?),
            "Message" => said.capital = Some(text(from)?),
            _ => from.skip()?,
        }
        Ok(())
    })?;
    Ok(said)
}

/// What stands between the tags of a name, the first time.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let letters = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    let plain = letters.iter().fold(Cow::Borrowed(text), |text, (name, letter)| Cow::Owned(text.replace(name, letter)));
    Some(plain.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_in_every_form() {
        let read = |header: Option<&'static str>, body: &str| {
            let mut headers = Headers::new();
            header.map(|header| headers.insert("x-amzn-errortype", header));
            let said = failure(&headers, body.as_bytes());
            (said.code().map(str::to_owned), said.message().map(str::to_owned))
        };
        let said = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        assert_eq!(read(None, r#"{"__type": "x.y#Code", "message": "so"}"#), said("Code", "so"));
        assert_eq!(read(None, r#"{"code": "Code", "Message": "so"}"#), said("Code", "so"));
        assert_eq!(read(Some("Code:http://x/y#z"), r#"{"message": "so"}"#), said("Code", "so"));
        let xml = "<Error><Type>Sender</Type><Code>Code</Code><Message>so &amp;lt; &quot;</Message></Error>";
        assert_eq!(read(None, xml), said("Code", "so &lt; \""));
        assert_eq!(read(None, "<html>Bad Gateway</html>"), (None, None));
        assert_eq!(read(None, ""), (None, None));
    }
}
