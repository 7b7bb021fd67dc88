//! Now: the only place that asks for the time.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;

/// The time as a port.
pub trait Clock {
    /// The present moment.
    async fn now(&self) -> Timestamp;

    /// Waits. In a local world it is that world's time that passes.
    async fn sleep(&self, length: Duration);
}

/// Where the time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockSource {
    /// The system.
    #[default]
    System,
    /// A local world on loopback, whose clock a test or a demo sets: `GET /clock` answers in RFC 3339.
    World(SocketAddr),
}

impl ClockSource {
    /// Reads `http://127.0.0.1:4566`. None for anything but a loopback address with its port: whoever sets the clock
    /// of a scaler sets its counts.
    #[must_use]
    pub fn from_url(url: &str) -> Option<Self> {
        let address: SocketAddr = url.strip_prefix("http://")?.trim_end_matches('/').parse().ok()?;
        address.ip().is_loopback().then_some(Self::World(address))
    }
}

impl Clock for ClockSource {
    /// # Panics
    /// Where the local world does not tell the time: the test is over, and any other time would falsify it.
    async fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            #[expect(clippy::panic, reason = "never without a local world")]
            Self::World(world) => ask(*world)
                .await
                .unwrap_or_else(|error| panic!("the local world at {world} does not tell the time: {error}")),
        }
    }

    async fn sleep(&self, length: Duration) {
        match self {
            Self::System => tokio::time::sleep(length).await,
            // A world that does not answer is told by the next look at its time.
            Self::World(world) => drop(get(*world, &format!("/clock/sleep?seconds={}", length.as_secs())).await),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

async fn ask(world: SocketAddr) -> Result<Timestamp, Box<dyn std::error::Error>> {
    Ok(std::str::from_utf8(&get(world, "/clock").await?)?.parse()?)
}

async fn get(world: SocketAddr, path: &str) -> Result<Bytes, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(world).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(path).header(hyper::header::HOST, world.to_string()).body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?.into_body().collect().await?.to_bytes())
}
