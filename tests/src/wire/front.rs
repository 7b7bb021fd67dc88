//! A load balancer's test listener on loopback: what the version behind it answers, over HTTP.

use std::convert::Infallible;

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::world::World;
use crate::world::faults::PROBE;
use crate::world::smoke::Asked;

/// A listener, until it is dropped.
#[derive(Debug)]
pub struct Front {
    /// The name that the load balancer has now.
    pub name: String,
    /// The port that its test listener has now.
    pub port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    /// Moves the load balancer of a service to loopback, where its test listener answers in the clear.
    ///
    /// # Panics
    /// Where it has no test listener: the test is wrong.
    pub async fn start(world: &World, service: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound address").port();
        let name = "127.0.0.1".to_owned();
        {
            let mut account = world.lock();
            let balancer = account.balancer(service);
            balancer.dns_name.clone_from(&name);
            let tests = balancer.test_listener.as_mut().expect("a test listener");
            tests.port = port;
            tests.protocol = "HTTP";
        }
        let (world, at) = (world.clone(), (name.clone(), port));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (world, at) = (world.clone(), at.clone());
                let answer = service_fn(move |request| {
                    let (world, at) = (world.clone(), at.clone());
                    async move { Ok::<_, Infallible>(answer(request, &world, at).await) }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { name, port, task }
    }
}

async fn answer(request: Request<Incoming>, world: &World, listener: (String, u16)) -> Response<Full<Bytes>> {
    let named = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let mut headers: std::collections::BTreeMap<String, String> = request.headers().iter().filter_map(named).collect();
    let host = headers.remove("host").unwrap_or_default();
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let method = request.method().to_string();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let reply = {
        let mut account = world.lock();
        let fails = account.faults.strike(PROBE).is_some();
        let body = String::from_utf8_lossy(&body).into_owned();
        let asked = Asked { at: account.now, listener, method, path, host, headers, body };
        account.ask(asked).map(|(reply, _)| reply).filter(|_| !fails)
    };
    let Some(reply) = reply else {
        // As if the connection were lost in between.
        return respond(StatusCode::GATEWAY_TIMEOUT, String::new(), None);
    };
    tokio::time::sleep(reply.latency).await;
    respond(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK), reply.body, reply.location)
}

fn respond(status: StatusCode, body: String, location: Option<String>) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    response.body(Full::from(body)).expect("plain headers")
}
