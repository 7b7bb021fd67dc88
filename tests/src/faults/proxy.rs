//! microburst: a process that stands between functions and their endpoint, and is told what to do to which calls.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// Where `tools/install.sh faults` puts it.
const PROGRAM: &str = ".tools/venv-faults/bin/microburst";

/// It loads the models of every service before it listens.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The services that functions call, as signatures name them.
const SCOPES: [&str; 13] = [
    "application-autoscaling",
    "codedeploy",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "inspector2",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "sns",
    "ssm",
    "tagging",
];

/// The key of requests that are no function's.
const WARM_UP: &str = "WARMUP";

/// Longer than the list of what it did.
const EVERYTHING: u32 = 100_000;

/// The process, until this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    _process: Child,
}

/// A rule that is in force.
#[derive(Clone, Debug)]
pub struct Rule {
    id: u64,
    key: String,
}

/// Something that a rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// As microburst names it: `ecs`, `cloudwatch`, `elbv2`.
    pub service: String,
    /// The API's name of the call; None where it could not tell.
    pub operation: Option<String>,
}

/// What a rule finds in the headers of calls that are signed with a key.
#[must_use]
pub fn signed_with(key: &str) -> Value {
    json!({"Authorization": format!("Credential={key}/")})
}

impl Proxy {
    /// Starts it in front of a server.
    ///
    /// # Errors
    /// Where it is not installed, or does not start.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PROGRAM);
        if !program.exists() {
            return Err(io::Error::other("microburst is not there: run `tools/install.sh faults` first"));
        }
        // Nobody else takes a port of the kernel's choice so soon after it was free.
        let address = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?;
        let port = address.port().to_string();
        let process = Command::new(program)
            .args(["--upstream", upstream, "--port", &port])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let proxy = Self { address, _process: process };
        let listens = async {
            while proxy.ask("GET", "health", &Value::Null).await.is_err() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(STARTS_WITHIN, listens)
            .await
            .map_err(|_| io::Error::other("microburst does not start"))?;
        proxy.warm_up().await?;
        Ok(proxy)
    }

    /// Lets it load the models that it knows services by: that takes longer than a function waits for an answer.
    async fn warm_up(&self) -> io::Result<()> {
        let rule = json!({"headers": signed_with(WARM_UP), "error": {"code": "ThrottlingException"}});
        let rule = self.add(WARM_UP, rule).await?;
        for scope in SCOPES {
            let signed =
                format!("AWS4-HMAC-SHA256 Credential={WARM_UP}/20261121/eu-west-1/{scope}/aws4_request, Signature=0");
            self.send("POST", "/service/none", &signed, Bytes::new()).await?;
        }
        self.remove(&rule).await.map(drop)
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets a rule act on calls that are signed with this key.
    ///
    /// # Errors
    /// Where it does not take the rule.
    pub async fn add(&self, key: &str, rule: Value) -> io::Result<Rule> {
        let added = self.ask("PATCH", "rules", &json!([rule])).await?;
        let id = added[0]["id"].as_u64().ok_or_else(|| io::Error::other(format!("no rule was made: {added}")))?;
        Ok(Rule { id, key: key.to_owned() })
    }

    /// Takes a rule back: what it did.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn remove(&self, rule: &Rule) -> io::Result<Vec<Fired>> {
        self.ask("DELETE", "rules", &json!([{"headers": signed_with(&rule.key)}])).await?;
        let fired = self.ask("GET", &format!("fired?limit={EVERYTHING}&rule_id={}", rule.id), &Value::Null).await?;
        let read = |event: &Value| Fired {
            service: event["service"].as_str().unwrap_or_default().to_owned(),
            operation: event["operation"].as_str().map(str::to_owned),
        };
        Ok(fired.as_array().into_iter().flatten().map(read).collect())
    }

    async fn ask(&self, method: &str, what: &str, body: &Value) -> io::Result<Value> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.send(method, &format!("/_microburst/{what}"), "", body).await?;
        serde_json::from_slice(&answer).map_err(io::Error::other)
    }

    async fn send(&self, method: &str, path: &str, signed: &str, body: Bytes) -> io::Result<Bytes> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("authorization", signed)
            .body(Full::new(body))
            .map_err(io::Error::other)?;
        let answer = sender.send_request(request).await.map_err(io::Error::other)?;
        Ok(answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes())
    }
}
