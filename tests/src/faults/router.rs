//! From one proxy to many worlds: a call is for the world whose key it is signed with.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::wire;
use crate::world::World;

/// Worlds by their key, each with the address of its own server.
type Worlds = Arc<Mutex<BTreeMap<String, (World, String)>>>;

/// A server on loopback, until it is dropped.
#[derive(Debug)]
pub struct Router {
    address: SocketAddr,
    worlds: Worlds,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Router {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Router {
    /// Listens on a free port.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let worlds = Worlds::default();
        let all = Arc::clone(&worlds);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let worlds = Arc::clone(&all);
                let answer = service_fn(move |request| {
                    let worlds = Arc::clone(&worlds);
                    async move { Ok::<_, Infallible>(answer(request, &worlds).await) }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Ok(Self { address, worlds, task })
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, calls that are signed with this key are for this world. `host` is where its own server is: what it
    /// gives URLs of, such as those of layers, is fetched from there.
    pub fn lead(&self, key: &str, world: &World, host: &str) {
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        worlds.insert(key.to_owned(), (world.clone(), host.to_owned()));
    }

    /// What is late for a world that is over reaches nothing.
    pub fn forget(&self, key: &str) {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

async fn answer(mut request: Request<Incoming>, worlds: &Worlds) -> Response<Full<Bytes>> {
    let signed = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // `AWS4-HMAC-SHA256 Credential=key/day/region/service/aws4_request, ...`
    let key = signed.split_once("Credential=").and_then(|(_, scope)| scope.split('/').next()).unwrap_or_default();
    let found = worlds.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
    let (Some((world, host)), headers) = (found, request.headers_mut()) else {
        let mut nobodys = Response::new(Full::default());
        *nobodys.status_mut() = StatusCode::NOT_FOUND;
        return nobodys;
    };
    if let Ok(host) = HeaderValue::from_str(&host) {
        headers.insert(HOST, host);
    }
    wire::answer(request, world).await
}
