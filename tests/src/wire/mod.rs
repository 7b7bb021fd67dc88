//! The account as a server that speaks the protocols of the AWS APIs.
//!
//! - `json`: awsJson 1.1, as ECS, ECR, CodeDeploy, SSM, the tagging API and Application Auto Scaling speak it
//! - `cbor`: Smithy RPC v2 CBOR, as CloudWatch speaks it
//! - `query`: awsQuery with XML, as SNS and Elastic Load Balancing speak it
//! - `rest`, `lambda`: REST with JSON, as Lambda and Inspector speak it
//! - `s3`: S3
//! - [`front`]: what is behind a load balancer's test listener, which is no API
//!
//! `GET /clock` tells the account's time, or garbage where the clock has a fault; `GET /clock/sleep?seconds=30` answers
//! when so much of it has passed. `GET /blobs/sha256:...` gives what ECR gives a URL for.

mod cbor;
pub mod front;
mod inspector;
mod json;
mod lambda;
mod query;
mod rest;
mod s3;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::api::ApiError;
use crate::world::faults::{CLOCK, Fault};
use crate::world::{ACCOUNT, World};

/// What no client can read.
const GARBAGE: &str = "<html>not what you expect";

/// A server on loopback, until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves the account in the clear.
    pub async fn start(world: World) -> Self {
        Self::listen(world, None).await
    }

    /// Serves the account over TLS.
    pub async fn start_tls(world: World, tls: Arc<tokio_rustls::rustls::ServerConfig>) -> Self {
        Self::listen(world, Some(TlsAcceptor::from(tls))).await
    }

    async fn listen(world: World, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Without this, delayed acknowledgements add 40 ms to every answer.
                let _ = stream.set_nodelay(true);
                let (world, tls) = (world.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, world).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, world).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, task }
    }

    /// Its address as a URL in the clear.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, world: World) {
    let answer = service_fn(move |request| {
        let world = world.clone();
        async move { Ok::<_, Infallible>(answer(request, world).await) }
    });
    // A client that goes away mid-call is no failure of the world's.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// A protocol of AWS's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Cbor,
    Query,
    Rest,
    S3,
}

/// An error, before a protocol writes it down.
struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
}

impl Refusal {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: code.to_owned(), message: message.into() }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::new(error.code, error.message)
    }
}

impl Protocol {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
            Self::Query => "text/xml",
            Self::S3 => "application/xml",
            Self::Rest => "application/json",
        }
    }

    fn error(self, refusal: &Refusal) -> Vec<u8> {
        match self {
            Self::Json => json::error(refusal),
            Self::Cbor => cbor::error(refusal),
            Self::Query => query::error(refusal),
            Self::Rest => rest::error(refusal),
            Self::S3 => s3::error(refusal),
        }
    }

    /// The account's bucket is empty. Every service has its own word for that, and for the others.
    fn throttled(self) -> Refusal {
        match self {
            Self::Json | Self::Cbor => Refusal::new("ThrottlingException", "Rate exceeded"),
            Self::Query => Refusal::new("Throttling", "Rate exceeded"),
            Self::S3 => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Refusal { status, ..Refusal::new("SlowDown", "Please reduce your request rate.") }
            }
            Self::Rest => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                Refusal { status, ..Refusal::new("TooManyRequestsException", "Rate Exceeded.") }
            }
        }
    }

    fn broken(self) -> Refusal {
        let code = match self {
            Self::Json | Self::Cbor => "ServerException",
            Self::Query => "InternalFailure",
            Self::S3 => "InternalError",
            Self::Rest => "ServiceException",
        };
        Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, ..Refusal::new(code, "Service Unavailable") }
    }

    fn denied(self, service: &str, operation: &str) -> Refusal {
        // The names that policies have, where a signature has others.
        let action = match (service, operation) {
            ("lambda", "Invoke") => "lambda:InvokeFunction".to_owned(),
            ("tagging", _) => format!("tag:{operation}"),
            ("monitoring", _) => format!("cloudwatch:{operation}"),
            _ => format!("{service}:{operation}"),
        };
        let message = format!(
            "User: arn:aws:sts::{ACCOUNT}:assumed-role/tidegate/tidegate is not authorized to perform: {action}"
        );
        let (status, code) = match (self, service) {
            (Self::Json | Self::Cbor, _) => (StatusCode::BAD_REQUEST, "AccessDeniedException"),
            (Self::Rest, _) => (StatusCode::FORBIDDEN, "AccessDeniedException"),
            // S3 names no action.
            (Self::S3, _) => {
                let (status, message) = (StatusCode::FORBIDDEN, "Access Denied");
                return Refusal { status, ..Refusal::new("AccessDenied", message) };
            }
            (Self::Query, "sns") => (StatusCode::FORBIDDEN, "AuthorizationError"),
            (Self::Query, _) => (StatusCode::FORBIDDEN, "AccessDenied"),
        };
        Refusal { status, ..Refusal::new(code, message) }
    }
}

/// What is asked for.
struct Call {
    protocol: Protocol,
    /// As its signature names it: `ecs`, `tagging`, `monitoring`.
    service: String,
    /// The region that it was signed for.
    region: String,
    /// The server, as the client calls it.
    url: String,
    operation: String,
    /// The function, and how it is invoked.
    invoked: Option<(String, String)>,
    /// The function that is asked about.
    about: Option<String>,
    /// The object.
    key: Option<String>,
    body: Bytes,
}

impl Call {
    async fn read(request: Request<Incoming>) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let target = header("x-amz-target");
        let kind = header("x-amz-invocation-type").unwrap_or_default();
        // `AWS4-HMAC-SHA256 Credential=key/day/region/service/aws4_request, ...`
        let scope = |nth| header("authorization").and_then(|scope| scope.split('/').nth(nth).map(str::to_owned));
        let (region, service) = (scope(2).unwrap_or_default(), scope(3));
        let url = format!("http://{}", header("host").unwrap_or_default());
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let invoked = rest::function(&path).map(|function| (function, kind));
        let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
        let key = s3::key(&path).filter(|_| service.as_deref() == Some("s3"));
        let about = lambda::operation(&path, &query);
        let (protocol, operation) = match (target, path.split_once("/operation/"), &invoked) {
            _ if key.is_some() => (Protocol::S3, "GetObject".to_owned()),
            (Some(target), ..) => (Protocol::Json, target.rsplit('.').next().unwrap_or_default().to_owned()),
            (_, Some((_, operation)), _) => (Protocol::Cbor, operation.to_owned()),
            (.., Some(_)) => (Protocol::Rest, "Invoke".to_owned()),
            _ if about.is_some() => (Protocol::Rest, about.as_ref().map_or("", |(operation, _)| operation).to_owned()),
            _ if inspector::operation(&path).is_some() => {
                (Protocol::Rest, inspector::operation(&path).unwrap_or_default().to_owned())
            }
            _ => (Protocol::Query, query::operation(&body)),
        };
        Self {
            protocol,
            service: service.unwrap_or_default(),
            region,
            url,
            operation,
            invoked,
            about: about.map(|(_, function)| function),
            key,
            body,
        }
    }

    async fn answer(&self, world: &World, fault: Option<&Fault>) -> Result<Vec<u8>, Refusal> {
        match (self.protocol, &self.invoked) {
            (Protocol::S3, _) => s3::get_object(self.key.as_deref().unwrap_or_default(), world),
            (Protocol::Json, _) => {
                let place = json::Place { region: &self.region, url: &self.url };
                json::answer(&self.operation, &self.body, &place, (world, fault))
            }
            (Protocol::Cbor, _) => cbor::answer(&self.operation, &self.body, world, fault),
            (Protocol::Rest, Some((function, kind))) => rest::invoke(function, kind, &self.body, world).await,
            (Protocol::Rest, None) if self.about.is_some() => {
                lambda::answer(&self.operation, self.about.as_deref().unwrap_or_default(), world)
            }
            (Protocol::Rest, None) => inspector::answer(&self.operation, &self.body, world),
            (Protocol::Query, _) => query::answer(&self.operation, &self.body, world),
        }
    }
}

/// What the account answers.
pub(crate) async fn answer(request: Request<Incoming>, world: World) -> Response<Full<Bytes>> {
    if request.method() == Method::GET && request.uri().path() == "/clock" {
        let mut account = world.lock();
        let garbled = account.faults.strike(CLOCK).is_some();
        return Response::new(Full::from(if garbled { GARBAGE.into() } else { account.now.to_string() }));
    }
    if let Some(digest) = request.uri().path().strip_prefix("/blobs/").filter(|_| request.method() == Method::GET) {
        return blob(&world, digest);
    }
    if let Some(seconds) = sleep_asked(&request) {
        world.sleeps(SignedDuration::from_secs(seconds)).await;
        return Response::new(Full::default());
    }
    let call = Call::read(request).await;
    let (latency, fault) = {
        let mut account = world.lock();
        (account.latency, account.called(&call.operation))
    };
    if latency > Duration::ZERO {
        tokio::time::sleep(latency).await;
    }
    let protocol = call.protocol;
    match &fault {
        Some(Fault::Throttle) => return refuse(protocol, &protocol.throttled()),
        Some(Fault::ServerError) => return refuse(protocol, &protocol.broken()),
        Some(Fault::Denied) => return refuse(protocol, &protocol.denied(&call.service, &call.operation)),
        Some(Fault::Refused(code)) => return refuse(protocol, &Refusal::new(code, "as it was told to")),
        Some(Fault::MalformedBody) => return respond(protocol, StatusCode::OK, GARBAGE.into()),
        Some(Fault::Hang) => tokio::time::sleep(Duration::from_hours(1)).await,
        Some(Fault::Delay(long)) => tokio::time::sleep(*long).await,
        Some(Fault::PartialData | Fault::EmptyPages(_) | Fault::FailService(..)) | None => {}
    }
    match call.answer(&world, fault.as_ref()).await {
        // An invocation that nobody waits for is accepted, not answered.
        Ok(body) if call.invoked.as_ref().is_some_and(|(_, kind)| kind == "Event") => {
            respond(protocol, StatusCode::ACCEPTED, body)
        }
        // The answer to one is a 200 too where the function failed.
        Err(refusal) if refusal.code == rest::FUNCTION_ERROR => {
            let mut response = respond(protocol, StatusCode::OK, refusal.message.into_bytes());
            let header = HeaderName::from_static(rest::FUNCTION_ERROR);
            response.headers_mut().insert(header, HeaderValue::from_static("Unhandled"));
            response
        }
        Ok(body) => respond(protocol, StatusCode::OK, body),
        Err(refusal) => refuse(protocol, &refusal),
    }
}

/// The seconds that a client wants to wait.
fn sleep_asked(request: &Request<Incoming>) -> Option<i64> {
    let query = request.uri().query().filter(|_| request.uri().path() == "/clock/sleep")?;
    query.strip_prefix("seconds=")?.parse().ok()
}

/// What a signed URL of ECR's leads to.
fn blob(world: &World, digest: &str) -> Response<Full<Bytes>> {
    let found = world.lock().blob(digest).map(str::to_owned);
    let mut response = Response::new(Full::from(found.clone().unwrap_or_default()));
    if found.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn refuse(protocol: Protocol, refusal: &Refusal) -> Response<Full<Bytes>> {
    let mut response = respond(protocol, refusal.status, protocol.error(refusal));
    if let (Protocol::Rest, Ok(code)) = (protocol, HeaderValue::from_str(&refusal.code)) {
        response.headers_mut().insert(HeaderName::from_static(rest::ERROR_TYPE), code);
    }
    response
}

fn respond(protocol: Protocol, status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(protocol.content_type()));
    headers.insert(HeaderName::from_static("smithy-protocol"), HeaderValue::from_static("rpc-v2-cbor"));
    response
}
