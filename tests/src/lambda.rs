//! The Lambda Runtime API, and a function's real binary behind it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

use crate::world::{REGION, World};

/// What an invocation was answered with.
pub type Answered = Result<Value, Value>;

/// The release binary of a function, as `make` builds it.
///
/// # Panics
/// Where it is not built.
#[must_use]
pub fn binary(function: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("target/release");
    let binary = target.join(function);
    assert!(binary.exists(), "{} is not there: run `cargo build --release -p {function}` first", binary.display());
    binary
}

/// How a function is started.
#[derive(Debug)]
pub struct Start {
    /// Its binary.
    pub binary: PathBuf,
    /// Where AWS is.
    pub endpoint: String,
    /// Where the time is; None for the system's.
    pub clock: Option<String>,
    /// Further variables, in the place of any others.
    pub variables: Vec<(String, String)>,
}

/// A function's process, until it is dropped.
#[derive(Debug)]
pub struct Lambda {
    runtime: Runtime,
    process: Child,
    printed: Lines<BufReader<ChildStdout>>,
    world: World,
    number: u64,
}

impl Lambda {
    /// Starts a function's process.
    ///
    /// # Panics
    /// Where it can't be started.
    pub async fn start(start: Start, world: World) -> Self {
        let runtime = Runtime::listen().await;
        let mut command = Command::new(&start.binary);
        command.env_clear().envs(runtime.environment()).env("AWS_ENDPOINT_URL", &start.endpoint);
        if let Some(clock) = &start.clock {
            command.env("TIDEGATE_CLOCK", clock);
        }
        command.envs(start.variables).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("the function's binary starts");
        let printed = process.stdout.take().expect("its output is piped");
        let printed = BufReader::new(printed).lines();
        Self { runtime, process, printed, world, number: 0 }
    }

    /// Waits until the function asks for its first event: its start is then over.
    pub async fn started(&self) {
        self.runtime.polled().await;
    }

    /// The process id, for measurements.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Invokes the function with `seconds` until its deadline: the answer, or the error with its type and message.
    ///
    /// # Errors
    /// The function's own.
    ///
    /// # Panics
    /// Where the process dies before it answers.
    pub async fn invoke(&mut self, event: Value, seconds: i64) -> Answered {
        self.number += 1;
        let (answer, mut answered) = oneshot::channel();
        let deadline_ms = self.world.lock().now.as_millisecond() + seconds * 1000;
        let id = format!("{:08x}-0000-4000-8000-000000000000", self.number);
        self.runtime.events.send(Invocation { id, event, deadline_ms, answer }).expect("the Runtime API is up");
        loop {
            // What it prints comes first: whoever has its answer has every line that it printed before.
            tokio::select! {
                biased;
                line = self.printed.next_line() => match line {
                    Ok(Some(line)) => self.world.lock().printed.push(line),
                    _ => panic!("the function died: {:?}", self.process.wait().await),
                },
                answered = &mut answered => return answered.expect("the function answers"),
            }
        }
    }

    /// Ends the process.
    pub async fn stop(mut self) {
        let _ = self.process.kill().await;
    }
}

/// The Lambda Runtime API on loopback, for one process.
#[derive(Debug)]
pub struct Runtime {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Invocation>,
    first_poll: Arc<Notify>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Value,
    deadline_ms: i64,
    answer: oneshot::Sender<Answered>,
}

impl Runtime {
    /// Listens on a free port.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn listen() -> Self {
        let (events, inbox) = mpsc::unbounded_channel();
        let first_poll = Arc::new(Notify::new());
        let api = RuntimeApi { inbox: Mutex::new(inbox), open: Mutex::default(), first_poll: Arc::clone(&first_poll) };
        Self { address: serve(Arc::new(api)).await, events, first_poll }
    }

    /// Waits for the first request for an event.
    pub async fn polled(&self) {
        self.first_poll.notified().await;
    }

    /// What Lambda puts into a function's environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let address = self.address.to_string();
        let variables = [
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "function"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

/// Longer than any test.
const FOREVER: Duration = Duration::from_hours(1);

struct RuntimeApi {
    inbox: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    open: Mutex<Option<Invocation>>,
    first_poll: Arc<Notify>,
}

async fn serve(api: Arc<RuntimeApi>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let api = Arc::clone(&api);
            tokio::spawn(async move {
                let answer = service_fn(move |request| {
                    let api = Arc::clone(&api);
                    async move { Ok::<_, std::convert::Infallible>(api.answer(request).await) }
                });
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    address
}

impl RuntimeApi {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if path.ends_with("/invocation/next") {
            return self.next().await;
        }
        let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(invocation) = self.open.lock().await.take() {
            let answer = if path.ends_with("/response") { Ok(body) } else { Err(body) };
            let _ = invocation.answer.send(answer);
        }
        status(StatusCode::ACCEPTED)
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.first_poll.notify_one();
        let Some(invocation) = self.inbox.lock().await.recv().await else {
            // The test is over; the function waits for its end.
            tokio::time::sleep(FOREVER).await;
            return status(StatusCode::GONE);
        };
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", &invocation.id)
            .header("lambda-runtime-deadline-ms", invocation.deadline_ms)
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:function")
            .header("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
            .body(Full::from(invocation.event.to_string()));
        *self.open.lock().await = Some(invocation);
        response.expect("plain headers")
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
