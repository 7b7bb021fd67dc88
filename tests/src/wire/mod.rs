//! The account as a server that speaks the protocols of the AWS APIs.
//!
//! - `json`: awsJson 1.1, as ECS, the tagging API and Application Auto Scaling speak it
//! - `cbor`: Smithy RPC v2 CBOR, as CloudWatch speaks it
//! - `query`: awsQuery with XML, as SNS speaks it
//!
//! `GET /clock` tells the account's time.

mod cbor;
mod json;
mod query;

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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::World;
use crate::world::faults::Fault;

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
#[derive(Clone, Copy)]
enum Protocol {
    Json,
    Cbor,
    Query,
}

impl Protocol {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
            Self::Query => "text/xml",
        }
    }

    fn error(self, code: &str, message: &str) -> Vec<u8> {
        match self {
            Self::Json => json::error(code, message),
            Self::Cbor => cbor::error(code, message),
            Self::Query => query::error(code, message),
        }
    }

    fn answer(
        self,
        operation: &str,
        body: &[u8],
        world: &World,
        fault: Option<&Fault>,
    ) -> Result<Vec<u8>, (String, String)> {
        match self {
            Self::Json => json::answer(operation, body, world, fault),
            Self::Cbor => cbor::answer(operation, body, world, fault),
            Self::Query => query::answer(operation, body, world),
        }
    }
}

async fn answer(request: Request<Incoming>, world: World) -> Response<Full<Bytes>> {
    if request.method() == Method::GET && request.uri().path() == "/clock" {
        let now = world.lock().now.to_string();
        return Response::new(Full::from(now));
    }
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let target = header("x-amz-target");
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let (protocol, operation) = match (target, path.split_once("/operation/")) {
        (Some(target), _) => (Protocol::Json, target.rsplit('.').next().unwrap_or_default().to_owned()),
        (None, Some((_, operation))) => (Protocol::Cbor, operation.to_owned()),
        (None, None) => (Protocol::Query, query::operation(&body)),
    };
    let (latency, fault) = {
        let mut account = world.lock();
        (account.latency, account.called(&operation))
    };
    if latency > Duration::ZERO {
        tokio::time::sleep(latency).await;
    }
    let failed = |status, code: &str, message: &str| respond(protocol, status, protocol.error(code, message));
    match &fault {
        Some(Fault::Throttle) => return failed(StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded"),
        Some(Fault::ServerError) => {
            return failed(StatusCode::INTERNAL_SERVER_ERROR, "ServerException", "Service Unavailable");
        }
        Some(Fault::Denied) => {
            let message = format!("User is not authorized to perform: {operation}");
            return failed(StatusCode::BAD_REQUEST, "AccessDeniedException", &message);
        }
        Some(Fault::MalformedBody) => return respond(protocol, StatusCode::OK, b"<html>not what you expect".to_vec()),
        Some(Fault::Hang) => tokio::time::sleep(Duration::from_hours(1)).await,
        Some(Fault::Delay(long)) => tokio::time::sleep(*long).await,
        Some(Fault::PartialData | Fault::EmptyPages(_) | Fault::FailService(..)) | None => {}
    }
    match protocol.answer(&operation, &body, &world, fault.as_ref()) {
        Ok(body) => respond(protocol, StatusCode::OK, body),
        Err((code, message)) => failed(StatusCode::BAD_REQUEST, &code, &message),
    }
}

fn respond(protocol: Protocol, status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(protocol.content_type()));
    headers.insert(HeaderName::from_static("smithy-protocol"), HeaderValue::from_static("rpc-v2-cbor"));
    response
}
