//! Services that are called without a client that is generated for them.
//!
//! The SDK's own runtime makes the calls, and signs, tries again, times out and counts them as it does for every other
//! client; only what is generated is written by hand: where a service is, what it is asked, and how its errors read. A
//! generated client costs a binary far more than the two or three calls that are made with it.
//!
//! - `endpoint`: where services are
//! - `failure`: what errors say
//! - `cbor`, `xml`: reading answers that are not JSON

#[cfg(feature = "cloudwatch")]
pub(crate) mod cbor;
mod endpoint;
mod failure;
#[cfg(feature = "loadbalancing")]
pub(crate) mod xml;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::orchestrator::invoke;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, ModeledAsRetryableClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime::client::stalled_stream_protection::StalledStreamProtectionInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::endpoint::{EndpointResolverParams, SharedEndpointResolver};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, InterceptorContext, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::calls::Calls;
use crate::error::{Kind, PortError};
use endpoint::Place;
pub(crate) use endpoint::Service;
use failure::failure;

/// Why a call failed, in the SDK's words.
pub(crate) type Failure = SdkError<ErrorMetadata, HttpResponse>;

/// A service that can be called.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    service: &'static Service,
    place: Place,
    plugins: RuntimePlugins,
}

/// What a service is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    /// From the first slash, with what follows a question mark, as it is sent.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// In the place of the usual time-outs.
    pub(crate) patience: Option<TimeoutConfig>,
    /// In the place of the region that is worked in.
    pub(crate) region: Option<String>,
    /// Codes of errors that stand, although the SDK takes them for something that passes.
    pub(crate) stands: &'static [&'static str],
}

impl Ask {
    /// JSON for a path.
    pub(crate) fn rest(path: &str, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: "POST", path: path.to_owned(), headers, body: body.to_string().into_bytes(), ..Self::default() }
    }

    /// A form for an operation, which the services have that answer in XML.
    pub(crate) fn form(operation: &str, version: &str, fields: &[(&str, &str)]) -> Self {
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in fields {
            body.extend(["&", name, "=", &escaped(value)]);
        }
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Self { method: "POST", path: "/".to_owned(), headers, body: body.into_bytes(), ..Self::default() }
    }

    /// CBOR for an operation of a service, as it calls itself.
    #[cfg(feature = "cloudwatch")]
    pub(crate) fn cbor(service: &str, operation: &str, body: Vec<u8>) -> Self {
        let headers = [
            ("content-type", "application/cbor"),
            ("accept", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
            // Errors are then called what the service called them before it spoke CBOR.
            ("x-amzn-query-mode", "true"),
        ];
        let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
        let path = format!("/service/{service}/operation/{operation}");
        Self { method: "POST", path, headers, body, ..Self::default() }
    }

    /// JSON for an operation, such as `Logs_20140328.DescribeLogGroups`.
    pub(crate) fn rpc(target: &str, body: &Value) -> Self {
        Self::rpc_of("1.1", target, body)
    }

    /// The same in the older version of the protocol, which SQS speaks.
    #[cfg(feature = "queues")]
    pub(crate) fn older_rpc(target: &str, body: &Value) -> Self {
        Self::rpc_of("1.0", target, body)
    }

    fn rpc_of(version: &str, target: &str, body: &Value) -> Self {
        let kind = ("content-type", format!("application/x-amz-json-{version}"));
        Self { headers: vec![kind, ("x-amz-target", target.to_owned())], ..Self::rest("/", body) }
    }
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What is in its JSON. An answer without a body is none: read as one that lists nothing, it would be believed.
    pub(crate) fn json<T: DeserializeOwned>(&self, operation: &'static str) -> Result<T, PortError> {
        serde_json::from_slice(&self.body).map_err(|error| PortError::new(operation, Kind::Garbled, error.to_string()))
    }
}

impl Bare {
    /// As the SDK's clients are made of the same configuration.
    pub(crate) fn new(service: &'static Service, config: &SdkConfig, calls: &Calls) -> Self {
        let region = config.region().map_or("", |region| region.as_ref());
        let mut settings = Layer::new("bare");
        settings.store_put(SharedRequestSerializer::new(Plain));
        settings.store_put(SharedResponseDeserializer::new(Plain));
        settings.store_put(AuthSchemeOptionResolverParams::new(()));
        settings.store_put(EndpointResolverParams::new(()));
        settings.store_put(ApiMetadata::new(service.signed_for, env!("CARGO_PKG_VERSION")));
        settings.store_put(SigningName::from_static(service.signed_for));
        settings.store_put(signing(service));
        config.region().cloned().map(|region| settings.store_put(SigningRegion::from(region)));
        config.retry_config().cloned().map(|retries| settings.store_put(retries));
        config.timeout_config().cloned().map(|timeouts| settings.store_put(timeouts));
        config.app_name().cloned().map(|name| settings.store_put(name));

        let mut parts = RuntimeComponentsBuilder::new("bare");
        parts.set_http_client(config.http_client());
        parts.set_sleep_impl(config.sleep_impl());
        parts.set_time_source(config.time_source());
        parts.set_identity_cache(config.identity_cache());
        if let Some(credentials) = config.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
        }
        parts.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        let by_signature = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        parts.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(by_signature)));
        let place = Place::of(service, config);
        let url = place.url(service, region);
        parts.set_endpoint_resolver(Some(SharedEndpointResolver::new(StaticUriEndpointResolver::uri(url))));
        for interceptor in [
            SharedInterceptor::permanent(ConnectionPoisoningInterceptor::new()),
            SharedInterceptor::permanent(StalledStreamProtectionInterceptor::default()),
            SharedInterceptor::permanent(ServiceClockSkewInterceptor::new()),
            SharedInterceptor::permanent(RequestInfoInterceptor::new()),
            SharedInterceptor::permanent(UserAgentInterceptor::new()),
            SharedInterceptor::permanent(InvocationIdInterceptor::new()),
            SharedInterceptor::permanent(RecursionDetectionInterceptor::new()),
            SharedInterceptor::new(calls.clone()),
        ] {
            parts.push_interceptor(interceptor);
        }
        parts.push_retry_classifier(HttpStatusCodeClassifier::default());
        parts.push_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(ModeledAsRetryableClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new());
        parts.push_retry_classifier(ThrottledBySns);

        let mut defaults = DefaultPluginParams::new().with_is_aws_sdk(true);
        defaults = defaults.with_retry_partition_name(format!("{}-{region}", service.signed_for));
        if let Some(version) = config.behavior_version() {
            defaults = defaults.with_behavior_version(version);
        }
        let own = StaticRuntimePlugin::new().with_config(settings.freeze()).with_runtime_components(parts);
        let plugins = RuntimePlugins::new().with_client_plugins(default_plugins(defaults)).with_client_plugin(own);
        Self { service, place, plugins }
    }

    /// Asks.
    pub(crate) async fn ask(&self, operation: &'static str, ask: Ask) -> Result<Answer, PortError> {
        self.send(operation, ask).await.map_err(PortError::of(operation))
    }

    /// Asks, where an error's code matters.
    pub(crate) async fn send(&self, operation: &'static str, ask: Ask) -> Result<Answer, Failure> {
        let mut settings = Layer::new("operation");
        settings.store_put(Metadata::new(operation, self.service.id));
        ask.patience.clone().map(|patience| settings.store_put(patience));
        let mut parts = RuntimeComponentsBuilder::new("operation");
        if let Some(region) = ask.region.clone() {
            let url = self.place.url(self.service, &region);
            settings.store_put(SigningRegion::from(Region::new(region)));
            parts.set_endpoint_resolver(Some(SharedEndpointResolver::new(StaticUriEndpointResolver::uri(url))));
        }
        if !ask.stands.is_empty() {
            parts.push_retry_classifier(Stands(ask.stands));
        }
        let own = StaticRuntimePlugin::new().with_config(settings.freeze()).with_runtime_components(parts);
        let plugins = self.plugins.clone().with_operation_plugin(own);
        // Boxed: it would be part of the future of everybody who calls anything.
        let answer =
            Box::pin(invoke(self.service.id, operation, Input::erase(ask), &plugins)).await.map_err(|error| {
                let unknown = |_| ErrorMetadata::builder().build();
                error.map_service_error(|error| error.downcast().unwrap_or_else(unknown))
            })?;
        answer.downcast().map_err(|_| Failure::construction_failure("it is no answer"))
    }

    /// Asks for JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, operation: &'static str, ask: Ask) -> Result<T, PortError> {
        self.ask(operation, ask).await?.json(operation)
    }
}

/// S3 signs a path as it is sent, and every other service a path that is encoded once more.
fn signing(service: &Service) -> SigV4OperationSigningConfig {
    let mut options = SigningOptions::default();
    let is_s3 = service.signed_for == "s3";
    options.double_uri_encode = !is_s3;
    options.normalize_uri_path = !is_s3;
    options.content_sha256_header = is_s3;
    SigV4OperationSigningConfig { signing_options: options, ..SigV4OperationSigningConfig::default() }
}

/// Keeps the SDK from trying again what it takes for something that passes.
#[derive(Debug)]
struct Stands(&'static [&'static str]);

impl ClassifyRetry for Stands {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let stands = code(context).is_some_and(|code| self.0.contains(&code));
        if stands { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "Stands"
    }
}

/// SNS has a word of its own for throttling, which the SDK knows only from SNS's model.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>
#[derive(Debug)]
struct ThrottledBySns;

impl ClassifyRetry for ThrottledBySns {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if code(context) == Some("Throttled") {
            RetryAction::throttling_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "ThrottledBySns"
    }
}

/// The code of the error that a call ended with.
fn code(context: &InterceptorContext) -> Option<&str> {
    let error = context.output_or_error().and_then(Result::err).and_then(OrchestratorError::as_operation_error);
    error.and_then(|error| error.downcast_ref::<ErrorMetadata>()?.code())
}

/// Requests and answers as they are.
#[derive(Debug)]
struct Plain;

impl SerializeRequest for Plain {
    fn serialize_input(&self, input: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let ask: Ask = input.downcast().map_err(|_| "it is no question")?;
        let length = ask.body.len();
        let mut request = HttpRequest::new(SdkBody::from(ask.body));
        request.set_method(ask.method)?;
        request.set_uri(ask.path)?;
        for (name, value) in ask.headers {
            request.headers_mut().try_insert(name, value)?;
        }
        if length > 0 {
            request.headers_mut().try_insert("content-length", length.to_string())?;
        }
        Ok(request)
    }
}

impl DeserializeResponse for Plain {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let status = response.status();
        let body = response.body().bytes().unwrap_or_default();
        if !status.is_success() {
            return Err(OrchestratorError::operation(Error::erase(failure(response.headers(), body))));
        }
        let headers = response.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Ok(Output::erase(Answer { status: status.as_u16(), headers: headers.collect(), body: body.to_vec() }))
    }
}

/// A name, or names with slashes between them, as they stand in a URL.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(all(test, feature = "logs"))]
mod tests {
    use super::*;
    use crate::calls::Counted;
    use crate::canned::Canned;

    async fn ask(aws: &crate::sdk::Aws) -> Result<Value, PortError> {
        aws.logs.json("DescribeLogGroups", Ask::rpc("Logs_20140328.DescribeLogGroups", &Value::Null)).await
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_every_try_is_counted() {
        let throttled = r#"{"__type": "ThrottlingException", "message": "slower"}"#;
        let (aws, canned) = Canned::aws([(400, throttled), (503, ""), (500, "<html>"), (200, "{}")]).await;
        assert_eq!(ask(&aws).await, Ok(serde_json::json!({})));
        let counted = BTreeMap::from([("CloudWatch Logs.DescribeLogGroups".to_owned(), 4)]);
        assert_eq!(aws.take_calls(), counted);
        let tries: Vec<Option<String>> =
            canned.asked().iter().map(|call| call.headers.get("amz-sdk-request").cloned()).collect();
        assert!(tries[3].as_ref().is_some_and(|header| header.contains("attempt=4; max=6")), "{tries:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_given_up_in_the_end() {
        let (aws, canned) = Canned::aws([(503, "no"); 9]).await;
        assert_eq!(ask(&aws).await.map_err(|error| error.kind), Err(Kind::Unavailable));
        assert_eq!(canned.asked().len(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn the_word_of_sns_for_throttling_is_tried_again() {
        let throttled = "<ErrorResponse><Error><Code>Throttled</Code><Message>slower</Message></Error></ErrorResponse>";
        let (aws, canned) = Canned::aws([(429, throttled), (200, "{}")]).await;
        assert_eq!(ask(&aws).await, Ok(serde_json::json!({})));
        assert_eq!(canned.asked().len(), 2);
    }

    #[tokio::test]
    async fn an_answer_without_a_body_is_not_one_that_lists_nothing() {
        let (aws, _canned) = Canned::aws([(200, "")]).await;
        assert_eq!(ask(&aws).await.map_err(|error| error.kind), Err(Kind::Garbled));
    }

    #[tokio::test]
    async fn what_is_refused_is_not_tried_again() {
        let (aws, canned) =
            Canned::aws([(400, r#"{"__type": "a.b#ValidationException:http://x/", "Message": "no"}"#)]).await;
        let error = ask(&aws).await.expect_err("an error");
        assert_eq!((error.kind, &*error.message), (Kind::Refused, "ValidationException: no"));
        assert_eq!(canned.asked().len(), 1);
    }

    #[test]
    fn names_stand_in_a_url_as_s3_reads_them() {
        assert_eq!(escaped("a/b c+d~ü%"), "a/b%20c%2Bd~%C3%BC%25");
    }
}
