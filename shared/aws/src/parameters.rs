//! SSM: the parameters that documents are kept in.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::Deserialize;
use serde_json::json;

use crate::bare::{Ask, Service};
use crate::error::{Kind, PortError};
use crate::sdk::Aws;

/// The calls that are used.
pub trait Parameters {
    /// `GetParameter`, decrypted. None where there is none of this name.
    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError>;
}

pub(crate) const SERVICE: Service = Service { id: "SSM", host: "ssm", signed_for: "ssm" };

/// What `GetParameter` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    parameter: Option<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: Option<String>,
}

impl Parameters for Aws {
    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError> {
        const OPERATION: &str = "GetParameter";
        let ask = Ask::rpc("AmazonSSM.GetParameter", &json!({"Name": name, "WithDecryption": true}));
        match self.ssm.send(OPERATION, ask).await {
            // A version of it that is gone is another thing: somebody wrote a document, and means it to be used.
            Err(error) if error.code() == Some("ParameterNotFound") => Ok(None),
            answer => {
                let found: Found = answer.map_err(PortError::of(OPERATION))?.json(OPERATION)?;
                let empty = || PortError::new(OPERATION, Kind::Garbled, format!("{name} has no value"));
                found.parameter.and_then(|parameter| parameter.value).map(Some).ok_or_else(empty)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Canned;

    #[tokio::test]
    async fn a_parameter_is_read_decrypted() {
        let (aws, canned) = Canned::aws([(200, r#"{"Parameter": {"Name": "/gate", "Value": "version: 1"}}"#)]).await;
        assert_eq!(aws.parameter("/gate").await, Ok(Some("version: 1".to_owned())));
        assert!(canned.asked()[0].body.contains(r#""WithDecryption":true"#), "{:?}", canned.asked());
    }

    #[tokio::test]
    async fn only_a_name_that_nobody_uses_is_none() {
        let missing = r#"{"__type": "ParameterNotFound"}"#;
        let (aws, _) = Canned::aws([(400, missing)]).await;
        assert_eq!(aws.parameter("/gate").await, Ok(None));
        for (status, answer, kind) in [
            (400, r#"{"__type": "ParameterVersionNotFound", "message": "of 3"}"#, Kind::NotFound),
            (400, r#"{"__type": "AccessDeniedException", "message": "kms:Decrypt"}"#, Kind::Denied),
            (200, r#"{"Parameter": {"Name": "/gate"}}"#, Kind::Garbled),
        ] {
            let (aws, _) = Canned::aws([(status, answer)]).await;
            assert_eq!(aws.parameter("/gate").await.map_err(|error| error.kind), Err(kind), "{answer}");
        }
    }
}
