//! What errors say.

use std::borrow::Cow;

use aws_smithy_types::error::ErrorMetadata;
use serde::Deserialize;

/// What an error says: in JSON with or without its code in a header, or in XML.
pub(super) fn failure(kind: Option<&str>, body: &[u8]) -> ErrorMetadata {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        __type: Option<String>,
        code: Option<String>,
        message: Option<String>,
        #[serde(rename = "Message")]
        capital: Option<String>,
    }
    let json: Said = serde_json::from_slice(body).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let code = kind.map(str::to_owned).or(json.code).or(json.__type).or_else(|| element(&text, "Code"));
    let message = json.message.or(json.capital).or_else(|| element(&text, "Message"));
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
        let read = |header, body: &str| {
            let said = failure(header, body.as_bytes());
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
