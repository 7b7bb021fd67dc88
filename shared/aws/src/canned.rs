//! An AWS that gives prepared answers, in their order, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_config::Region;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use crate::clock::ClockSource;
use crate::sdk::{Aws, loader};

/// Answers that are left, and calls that were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canned(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Prepared>,
    asked: Vec<Asked>,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The operation's name; its path and query where the protocol has no names.
    pub(crate) operation: String,
    /// The region that it was signed for.
    pub(crate) region: String,
    /// JSON, or a form.
    pub(crate) body: String,
    /// The same as it was sent, where it is neither.
    pub(crate) bytes: Vec<u8>,
    /// Headers by their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
}

impl From<(u16, &str)> for Prepared {
    fn from((status, body): (u16, &str)) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }
}

impl Canned {
    /// The ports in eu-west-1, and what they are made to ask.
    pub(crate) async fn aws(answers: impl IntoIterator<Item = impl Into<Prepared>>) -> (Aws, Self) {
        let canned = Self::default();
        let answers = answers.into_iter().map(Into::into);
        canned.0.lock().expect("no poison").answers.extend(answers);
        let connector = SharedHttpConnector::new(canned.clone());
        let config = loader()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::for_tests())
            .load()
            .await;
        (Aws::new(&config, ClockSource::System), canned)
    }

    /// The calls that were made.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.lock().expect("no poison").asked.clone()
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let path = request.uri().splitn(4, '/').last().unwrap_or_default();
        let bytes = request.body().bytes().unwrap_or_default().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        let target = header("x-amz-target").rsplit('.').next().filter(|name| !name.is_empty());
        let action = || body.strip_prefix("Action=").and_then(|form| form.split('&').next());
        let asked = Asked {
            operation: target.or_else(action).unwrap_or(path).to_owned(),
            region: header("authorization").split('/').nth(2).unwrap_or_default().to_owned(),
            headers: request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body,
            bytes,
        };
        let mut state = self.0.lock().expect("no poison");
        state.asked.push(asked);
        let nothing_left = || (400, r#"{"__type": "NothingCanned", "message": "no answer is left"}"#).into();
        let Prepared { status, headers, body } = state.answers.pop_front().unwrap_or_else(nothing_left);
        let mut answer = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body));
        for (name, value) in headers {
            answer.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(answer))
    }
}
