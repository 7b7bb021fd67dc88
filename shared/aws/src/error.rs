//! What can go wrong with a call to AWS, classified once, with a message that says something.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A call that failed, after its retries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {what}: {message}", what = kind.words())]
pub struct PortError {
    /// The API's name of the call.
    pub operation: &'static str,
    /// What kind of failure it is.
    pub kind: Kind,
    /// What AWS or the network said.
    pub message: String,
}

/// Kinds of failure, as far as anybody treats them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The account's token bucket for the call is empty.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// The role may not make the call.
    Denied,
    /// What the call is about does not exist.
    NotFound,
    /// The service, or the way to it, is broken.
    Unavailable,
    /// The request is not acceptable.
    Refused,
    /// The answer can't be understood.
    Garbled,
    /// The invocation has no time left for it.
    NoTime,
}

impl Kind {
    /// What an error code of AWS's says; None where it says no more than that the call was refused.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            // The last one is S3's.
            "TooManyRequestsException" | "RequestLimitExceeded" | "LimitExceededException" | "SlowDown" => {
                Some(Self::Throttled)
            }
            // ThrottlingException, Throttling, ThrottledException: every service has its own word.
            _ if code.starts_with("Throttl") => Some(Self::Throttled),
            "AccessDeniedException"
            | "AccessDenied"
            // SNS's word.
            | "AuthorizationError"
            | "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "InvalidClientTokenId" => Some(Self::Denied),
            _ if GONE.iter().any(|ending| code.ends_with(ending)) => Some(Self::NotFound),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Throttled => "was throttled",
            Self::TimedOut => "timed out",
            Self::Denied => "is not allowed",
            Self::NotFound => "found nothing",
            Self::Unavailable => "is unavailable",
            Self::Refused => "was refused",
            Self::Garbled => "was answered with something unreadable",
            Self::NoTime => "had no time left",
        }
    }
}

impl PortError {
    /// A failure that did not come from the SDK.
    #[must_use]
    pub fn new(operation: &'static str, kind: Kind, message: impl Into<String>) -> Self {
        Self { operation, kind, message: message.into() }
    }

    /// The failure of an SDK call. `SdkError` itself displays as "service error" and no more.
    pub fn of<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        move |error| {
            let kind = kind(&error);
            let message = match error.as_service_error().map(|service| (service.code(), service.message())) {
                Some((Some(code), Some(message))) => format!("{code}: {message}"),
                Some((Some(code), None)) => code.to_owned(),
                _ => chain(&error),
            };
            Self { operation, kind, message }
        }
    }
}

/// None where what was asked about is gone.
///
/// # Errors
/// Any other.
pub fn unless_gone<T>(answer: Result<T, PortError>) -> Result<Option<T>, PortError> {
    match answer {
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

/// An error and its causes, each said once. The SDK's own display of it ends in a page of debugging.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let mut said: Vec<String> = vec![error.to_string()];
    for cause in causes.map(ToString::to_string) {
        if !said.iter().any(|before| before.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}

/// How the codes end that say that something is not there: ECS's, the load balancers', CodeDeploy's, S3's.
const GONE: [&str; 6] =
    ["NotFoundException", "NotFound", "DoesNotExistException", "NoSuchBucket", "NoSuchKey", "NoSuchVersion"];

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Kind {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error {
        SdkError::TimeoutError(_) => Kind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Kind::TimedOut,
        SdkError::DispatchFailure(_) => Kind::Unavailable,
        SdkError::ResponseError(_) if status < 500 => Kind::Garbled,
        // Some clients take a body that they can't read for an error of the service, whatever its status.
        SdkError::ServiceError(_) if (200..300).contains(&status) => Kind::Garbled,
        SdkError::ServiceError(service) => match service.err().code().and_then(Kind::of_code) {
            Some(kind) => kind,
            None if status >= 500 => Kind::Unavailable,
            None => Kind::Refused,
        },
        _ if status >= 500 => Kind::Unavailable,
        _ => Kind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_own_words_for_the_same_failures() {
        for (kind, codes) in [
            (
                Kind::Throttled,
                &["ThrottlingException", "TooManyRequestsException", "LimitExceededException", "SlowDown"][..],
            ),
            (Kind::Denied, &["AccessDeniedException", "AccessDenied", "AuthorizationError", "ExpiredTokenException"]),
            (
                Kind::NotFound,
                &[
                    "ClusterNotFoundException",
                    "DeploymentDoesNotExistException",
                    "ImageNotFoundException",
                    "LayersNotFoundException",
                    "ListenerNotFound",
                    "LoadBalancerNotFound",
                    "NoSuchKey",
                    "NoSuchVersion",
                    "ParameterNotFound",
                    "RepositoryNotFoundException",
                    "ResourceNotFoundException",
                    "RevisionDoesNotExistException",
                    "ScanNotFoundException",
                    "TargetGroupNotFound",
                ],
            ),
        ] {
            for code in codes {
                assert_eq!(Kind::of_code(code), Some(kind), "{code}");
            }
        }
        for refusal in [
            "ClientException",
            "ImageArchivedException",
            "ImageStorageClassUpdateNotSupportedException",
            "InvalidParameterException",
            "LayerInaccessibleException",
            "UnsupportedImageTypeException",
            "ValidationException",
        ] {
            assert_eq!(Kind::of_code(refusal), None, "{refusal}");
        }
    }

    #[test]
    fn what_is_gone_is_none_and_any_other_failure_stays_one() {
        let failure = |kind| PortError::new("DescribeImages", kind, "so");
        assert_eq!(unless_gone(Ok(1)), Ok(Some(1)));
        assert_eq!(unless_gone::<u8>(Err(failure(Kind::NotFound))), Ok(None));
        assert_eq!(unless_gone::<u8>(Err(failure(Kind::Denied))), Err(failure(Kind::Denied)));
    }
}
