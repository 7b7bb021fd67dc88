//! CodeDeploy: the AppSpec of a deployment, wherever it is kept.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bare::{Answer, Ask, Service, escaped};
use crate::codedeploy::said::{DeploymentInfo, RevisionLocation, S3Location};
use crate::error::{Kind, PortError, unless_gone};
use crate::sdk::Aws;

/// The calls that are used.
pub trait AppSpecs {
    /// `GetDeployment`, and then what its revision leads to: `GetApplicationRevision` by the hash that it names, or the
    /// object in S3, up to [`LONGEST`]. None where that is neither, or is gone.
    async fn app_spec(&self, deployment: &str) -> Result<Option<String>, PortError>;
}

/// As much of an object as is read, in bytes. An AppSpec has a few hundred.
pub const LONGEST: usize = 1024 * 1024;

/// S3, of which one object is read.
pub(crate) const S3: Service = Service { id: "S3", host: "s3", signed_for: "s3" };

/// What `GetDeployment` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    deployment_info: Option<DeploymentInfo>,
}

/// What `GetApplicationRevision` answers.
#[derive(Deserialize)]
struct Revision {
    revision: Option<RevisionLocation>,
}

impl AppSpecs for Aws {
    async fn app_spec(&self, deployment: &str) -> Result<Option<String>, PortError> {
        let question = json!({"deploymentId": deployment});
        let answer = unless_gone(self.deploys::<Deployment>("GetDeployment", &question).await)?;
        let found = answer.and_then(|answer| answer.deployment_info);
        let Some((application, revision)) = found.and_then(|found| found.application_name.zip(found.revision)) else {
            return Ok(None);
        };
        let revision = match kept(revision) {
            Kept::Here(text) => return Ok(Some(text)),
            Kept::InS3(object) => return self.object(object).await,
            Kept::Elsewhere => return Ok(None),
            Kept::ByHash(revision) => revision,
        };
        let question = json!({"applicationName": application, "revision": revision});
        let answer = unless_gone(self.deploys::<Revision>("GetApplicationRevision", &question).await)?;
        Ok(answer.and_then(|answer| answer.revision).and_then(|revision| match kept(revision) {
            Kept::Here(text) => Some(text),
            _ => None,
        }))
    }
}

/// Where the AppSpec of a revision is.
enum Kept {
    /// In the answer itself.
    Here(String),
    /// With CodeDeploy, which gives it for this.
    ByHash(Value),
    /// In a bucket.
    InS3(S3Location),
    /// Nowhere that an ECS deployment can have it.
    Elsewhere,
}

fn kept(revision: RevisionLocation) -> Kept {
    if let Some(object) = revision.s3_location {
        return Kept::InS3(object);
    }
    let content = revision.app_spec_content.map(|content| (content, "AppSpecContent", "appSpecContent"));
    let string = revision.string.map(|content| (content, "String", "string"));
    let Some((own, kind, member)) = content.or(string) else { return Kept::Elsewhere };
    match (own.content.filter(|text| !text.is_empty()), own.sha256) {
        (Some(text), _) => Kept::Here(text),
        (None, Some(hash)) => Kept::ByHash(json!({"revisionType": kind, member: {"sha256": hash}})),
        (None, None) => Kept::Elsewhere,
    }
}

impl Aws {
    /// `GetObject`.
    async fn object(&self, object: S3Location) -> Result<Option<String>, PortError> {
        const OPERATION: &str = "GetObject";
        let Some((bucket, key)) = object.bucket.zip(object.key) else { return Ok(None) };
        let version = object.version.filter(|version| !version.is_empty());
        let name = format!("s3://{bucket}/{key}");
        let told = |error: PortError| {
            let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
            let message = match error.kind {
                // S3 says so, too, of an object that is not there to somebody who may not list the bucket.
                Kind::Denied => format!("{name} takes {action} on it: {}", error.message),
                _ => format!("{name}: {}", error.message),
            };
            PortError { message, ..error }
        };
        let query = version.as_ref().map_or_else(String::new, |version| format!("?versionId={}", escaped(version)));
        let path = format!("/{}/{}{query}", escaped(&bucket), escaped(&key));
        // One byte more than is taken, to know that there is more.
        let headers = vec![("range", format!("bytes=0-{LONGEST}"))];
        let ask = Ask { method: "GET", path, headers, ..Ask::default() };
        let Some(answer) = unless_gone(self.s3.ask(OPERATION, ask).await).map_err(told)? else { return Ok(None) };
        text(answer).map(Some).map_err(|why| told(PortError::new(OPERATION, Kind::Refused, why)))
    }
}

/// What an object holds.
fn text(answer: Answer) -> Result<String, String> {
    if answer.body.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes, which is no AppSpec"));
    }
    String::from_utf8(answer.body).map_err(|_| "it is no text, which an AppSpec for ECS has to be".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Canned, Prepared};

    const SPEC: &str = "version: 0.0";

    fn deployment(revision: &str) -> Prepared {
        let body = format!(
            r#"{{"deploymentInfo": {{"applicationName": "shop", "deploymentId": "d-1", "revision": {revision}, "createTime": 1767225600}}}}"#
        );
        (200, &*body).into()
    }

    #[tokio::test]
    async fn codedeploy_gives_it_for_its_hash() {
        for (revision, kept) in [
            (r#"{"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "abc"}}"#, "appSpecContent"),
            (r#"{"revisionType": "String", "string": {"sha256": "abc"}}"#, "string"),
        ] {
            let given = format!(
                r#"{{"applicationName": "shop", "revision": {{"{kept}": {{"content": "{SPEC}", "sha256": "abc"}}}}, "revisionInfo": {{}}}}"#
            );
            let (aws, canned) = Canned::aws([deployment(revision), (200, &*given).into()]).await;
            assert_eq!(aws.app_spec("d-1").await, Ok(Some(SPEC.to_owned())), "{revision}");
            let asked = canned.asked();
            assert_eq!(
                asked.iter().map(|call| &*call.operation).collect::<Vec<_>>(),
                ["GetDeployment", "GetApplicationRevision"]
            );
            assert!(asked[1].body.contains(r#""applicationName":"shop""#), "{asked:?}");
            assert!(asked[1].body.contains(&format!(r#""{kept}":{{"sha256":"abc"}}"#)), "{asked:?}");
        }
    }

    #[tokio::test]
    async fn what_the_deployment_says_itself_is_not_asked_for_again() {
        let revision = format!(r#"{{"revisionType": "AppSpecContent", "appSpecContent": {{"content": "{SPEC}"}}}}"#);
        let (aws, canned) = Canned::aws([deployment(&revision)]).await;
        assert_eq!(aws.app_spec("d-1").await, Ok(Some(SPEC.to_owned())));
        assert_eq!(canned.asked().len(), 1);
    }

    const IN_S3: &str = r#"{"revisionType": "S3", "s3Location": {"bucket": "builds", "key": "live/app spec+1.yaml", "bundleType": "YAML"}}"#;

    #[tokio::test]
    async fn an_object_is_read_from_its_bucket() {
        let versioned = IN_S3.replace(r#""bundleType""#, r#""version": "v.1+2", "bundleType""#);
        let answers = [deployment(IN_S3), (206, SPEC).into(), deployment(&versioned), (200, SPEC).into()];
        let (aws, canned) = Canned::aws(answers).await;
        assert_eq!(aws.app_spec("d-1").await, Ok(Some(SPEC.to_owned())));
        assert_eq!(aws.app_spec("d-1").await, Ok(Some(SPEC.to_owned())));
        let asked = canned.asked();
        assert_eq!(asked[1].operation, "builds/live/app%20spec%2B1.yaml");
        assert_eq!(asked[1].headers.get("range").map(String::as_str), Some("bytes=0-1048576"));
        assert!(asked[1].headers.contains_key("x-amz-content-sha256"), "S3 wants it");
        assert_eq!(asked[3].operation, "builds/live/app%20spec%2B1.yaml?versionId=v.1%2B2");
    }

    #[tokio::test]
    async fn who_may_not_read_an_object_is_told_which_action_it_takes() {
        let denied =
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        let versioned = IN_S3.replace(r#""bundleType""#, r#""version": "7", "bundleType""#);
        for (revision, action) in [(IN_S3, "s3:GetObject"), (&versioned, "s3:GetObjectVersion")] {
            let (aws, _) = Canned::aws([deployment(revision), (403, denied).into()]).await;
            let error = aws.app_spec("d-1").await.expect_err("an error");
            let message = format!("s3://builds/live/app spec+1.yaml takes {action} on it: AccessDenied: Access Denied");
            assert_eq!((error.kind, error.message), (Kind::Denied, message));
        }
    }

    #[tokio::test]
    async fn what_is_too_long_or_no_text_is_refused() {
        let long = "x".repeat(LONGEST + 1);
        for (answer, why) in [((206, &*long), "it is longer than 1048576 bytes"), ((200, "\u{fffd}"), "")] {
            let (aws, _) = Canned::aws([deployment(IN_S3), answer.into()]).await;
            match aws.app_spec("d-1").await {
                Err(error) => assert!(!why.is_empty() && error.message.contains(why), "{error}"),
                Ok(found) => assert!(why.is_empty() && found.is_some()),
            }
        }
        assert!(text(Answer { status: 200, headers: [].into(), body: vec![0x50, 0x4b, 0xff] }).is_err(), "a ZIP file");
    }

    #[tokio::test]
    async fn what_is_gone_or_kept_elsewhere_is_none() {
        let gone = |code: &str| -> Prepared { (400, &*format!(r#"{{"__type": "{code}"}}"#)).into() };
        let missing: Prepared = (404, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>").into();
        let by_hash = deployment(r#"{"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "abc"}}"#);
        for answers in [
            vec![gone("DeploymentDoesNotExistException")],
            vec![by_hash, gone("RevisionDoesNotExistException")],
            vec![deployment(IN_S3), missing],
            vec![deployment(
                r#"{"revisionType": "GitHub", "gitHubLocation": {"repository": "shop", "commitId": "1"}}"#,
            )],
        ] {
            let (aws, _) = Canned::aws(answers).await;
            assert_eq!(aws.app_spec("d-1").await, Ok(None));
        }
    }
}
