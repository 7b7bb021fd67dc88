//! Smoke requests over HTTP: to the load balancer that is named, and nowhere else.
//!
//! - [`guard`]: where requests may go
//! - [`tls`]: who is believed to be the host

mod guard;
mod tls;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper_util::rt::TokioIo;
use tidegate_core::smoke::{Answer, Endpoint, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::clock::ClockSource;
use crate::error::chain;

/// Asks a new version.
pub trait Probe {
    /// One attempt. TLS is verified against the host that the request names, redirects are not followed, and of a body no
    /// more is read than [`LONGEST_BODY`]. Whatever goes wrong is an answer, too.
    async fn probe(&self, to: &Endpoint, request: &Request) -> Answer;
}

/// As much of a body as is read, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;

/// An answer that comes so much later than it should is still told with its time.
const MARGIN: Duration = Duration::from_secs(1);

/// Sends requests without any rights in AWS, and without its SDK. Clones share whom they trust.
#[derive(Clone)]
pub struct Prober {
    local: bool,
    tls: Arc<OnceLock<Result<TlsConnector, String>>>,
}

impl Probe for Prober {
    async fn probe(&self, to: &Endpoint, request: &Request) -> Answer {
        let began = Instant::now();
        let within = Duration::from_millis(request.expected.within_ms.into()) + MARGIN;
        let late = |_| Err(format!("no answer of {} within {} ms", place(to), within.as_millis()));
        let answer = timeout_at(began + within, self.ask(to, request)).await.unwrap_or_else(late);
        match answer {
            Ok(read) => Answer::Answered {
                took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
                status: read.status,
                body: read.body,
                cut: read.cut,
                location: read.location,
            },
            Err(why) => Answer::Failed { why },
        }
    }
}

impl Probe for crate::Aws {
    async fn probe(&self, to: &Endpoint, request: &Request) -> Answer {
        self.prober.probe(to, request).await
    }
}

impl Prober {
    /// Only in a local world may requests go to loopback: in Lambda that is where the runtime itself listens.
    #[must_use]
    pub fn new(clock: ClockSource) -> Self {
        Self { local: clock != ClockSource::System, tls: Arc::default() }
    }
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Prober").finish_non_exhaustive()
    }
}

/// What was read of an answer.
struct Read {
    status: u16,
    body: String,
    cut: bool,
    location: Option<String>,
}

impl Prober {
    async fn ask(&self, to: &Endpoint, request: &Request) -> Result<Read, String> {
        guard::check(&to.dns_name, self.local)?;
        let host = request.host.as_deref().unwrap_or(&to.dns_name);
        let message = message(host, request)?;
        let stream = connect(to).await?;
        if to.tls {
            let connector = self.tls.get_or_init(tls::connector).as_ref().map_err(Clone::clone)?;
            let name = tls::name(host)?;
            let stream = connector.connect(name, stream).await.map_err(|error| tls::told(&error, host))?;
            exchange(stream, message, to).await
        } else {
            exchange(stream, message, to).await
        }
    }
}

/// The request as it is sent. Its host has no port: that of the test listener is none that the service's clients know.
fn message(host: &str, request: &Request) -> Result<hyper::Request<Full<Bytes>>, String> {
    let broken = |error: &dyn std::error::Error| format!("the request can't be sent: {}", chain(error));
    let body = Full::new(Bytes::from(request.body.clone().unwrap_or_default()));
    let mut message = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(request.path.as_str())
        .header(HOST, host)
        .body(body)
        .map_err(|error| broken(&error))?;
    for (name, value) in &request.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).map_err(|error| broken(&error))?;
        let value = HeaderValue::from_str(value).map_err(|error| broken(&error))?;
        message.headers_mut().insert(name, value);
    }
    let agent = HeaderValue::from_static(concat!("tidegate/", env!("CARGO_PKG_VERSION")));
    message.headers_mut().entry(USER_AGENT).or_insert(agent);
    Ok(message)
}

async fn connect(to: &Endpoint) -> Result<TcpStream, String> {
    let unknown = |error: &std::io::Error| format!("the name {} can't be resolved: {error}", to.dns_name);
    let addresses = lookup_host((to.dns_name.as_str(), to.port)).await.map_err(|error| unknown(&error))?;
    let mut last = format!("the name {} has no address", to.dns_name);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                last = format!("nothing listens at {}: the connection to {} is refused", place(to), address.ip());
            }
            Err(error) => last = format!("no connection to {} at {}: {error}", place(to), address.ip()),
        }
    }
    Err(last)
}

/// One request and its answer.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    message: hyper::Request<Full<Bytes>>,
    to: &Endpoint,
) -> Result<Read, String> {
    let failed = |error: &hyper::Error| {
        let hint = if to.tls { "" } else { "; does it speak TLS?" };
        format!("no answer of {} that is HTTP: {}{hint}", place(to), chain(error))
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    let driver = tokio::spawn(connection);
    let read = async {
        let answer = sender.send_request(message).await.map_err(|error| failed(&error))?;
        let status = answer.status().as_u16();
        let location = answer.headers().get(LOCATION).filter(|_| (300..400).contains(&status));
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let (body, cut) = body(answer.into_body()).await.map_err(|error| failed(&error))?;
        Ok(Read { status, body, cut, location })
    };
    let read = read.await;
    // What is left of a body that is too long is not waited for.
    driver.abort();
    read
}

async fn body(mut body: Incoming) -> Result<(String, bool), hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        read.extend_from_slice(frame?.data_ref().map_or(&[][..], |data| data));
        if read.len() > LONGEST_BODY {
            break;
        }
    }
    let cut = read.len() > LONGEST_BODY;
    read.truncate(LONGEST_BODY);
    Ok((String::from_utf8_lossy(&read).into_owned(), cut))
}

fn place(to: &Endpoint) -> String {
    format!("{}:{}", to.dns_name, to.port)
}

#[cfg(test)]
mod tests;
