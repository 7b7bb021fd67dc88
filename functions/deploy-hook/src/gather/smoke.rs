//! What the new version is asked: by its test listener, and only by the load balancer that is the service's own.

use futures_util::{StreamExt, stream};
use serde_json::json;
use tidegate_aws::error::{Kind, PortError};
use tidegate_aws::listeners::listener_of;
use tidegate_core::smoke::{Answer, Endpoint, PAUSE, Request, Tried, read_document};
use tidegate_core::words;
use tidegate_lambda::deployments::InProgress;

use super::{Gather, Ports};
use crate::deployment::groups;

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The requests of the policy's parameter; None where it names none, or it could not be read.
    pub(super) requests: Option<Vec<Request>>,
    /// Each request with what came of it; those that nobody could send are not here.
    pub(super) tried: Vec<Tried>,
    /// Why something could not be sent, or not be read.
    pub(super) why: Option<String>,
    /// The parameter is not what it should be.
    pub(super) broken: Option<String>,
}

impl<P: Ports> Gather<'_, P> {
    /// Asks the new version whatever the policy says.
    pub(super) async fn smoke(&self, deployment: &InProgress) -> Asked {
        let mut asked = Asked::default();
        if let Some(name) = &self.policy.smoke_parameter {
            let read = self.deadline.bound("GetParameter", self.ports.parameter(name)).await;
            let text = match read {
                Ok(Some(text)) => text,
                Ok(None) => {
                    let why = format!("there are no smoke requests: the SSM parameter {name} does not exist");
                    return Asked { broken: Some(why), ..asked };
                }
                Err(error) => {
                    let why = format!("the smoke requests in {name} could not be read: {error}");
                    return Asked { why: Some(why), ..asked };
                }
            };
            match read_document(&text) {
                Ok(requests) => asked.requests = Some(requests),
                Err(faults) => {
                    let why = format!("the smoke requests in {name} can't be read: {}", words::faults(&faults));
                    return Asked { broken: Some(why), ..asked };
                }
            }
        }
        let requests = asked.requests.clone().unwrap_or_else(|| self.policy.smoke.clone());
        if requests.is_empty() {
            return asked;
        }
        let to = match self.endpoint(deployment).await {
            Ok(to) => to,
            Err(why) => return Asked { why: Some(why), ..asked },
        };
        let tried = stream::iter(requests).map(|request| self.ask(&to, request));
        for tried in tried.buffered(self.settings.common.concurrency).collect::<Vec<_>>().await {
            match tried {
                Ok(tried) => asked.tried.push(tried),
                Err(why) => asked.why = asked.why.or(Some(why)),
            }
        }
        asked
    }

    /// Where the new version has the test traffic.
    ///
    /// # Errors
    /// Why it can't be asked, in a sentence.
    async fn endpoint(&self, deployment: &InProgress) -> Result<Endpoint, String> {
        let unread = |error: PortError| format!("the test listener could not be read: {error}");
        let test = groups(deployment).test;
        let test = test.ok_or("the deployment has no test listener, so that nobody can ask its new version")?;
        let arn = listener_of(&test).ok_or_else(|| format!("{test} is no listener, nor a rule of one"))?;
        let gone = || format!("the test listener {arn} is gone");
        let listener = self.deadline.bound("DescribeListeners", self.ports.listener(&arn)).await;
        let listener = listener.map_err(unread)?.ok_or_else(gone)?;
        let tls = match listener.protocol.as_str() {
            "HTTPS" | "TLS" => true,
            "HTTP" | "TCP" => false,
            other => return Err(format!("the test listener speaks {other}, and no HTTP")),
        };
        let balancer = self.ports.load_balancer(&listener.load_balancer);
        let balancer =
            self.deadline.bound("DescribeLoadBalancers", balancer).await.map_err(unread)?.ok_or_else(gone)?;
        if balancer.internal && self.settings.prober.is_none() {
            return Err(format!(
                "the load balancer {} has private addresses only: set DeployHookSubnets and DeployHookSecurityGroups, so \
                 that there is a copy of this function in its VPC that can ask it",
                balancer.dns_name
            ));
        }
        Ok(Endpoint { dns_name: balancer.dns_name, port: listener.port, tls, internal: balancer.internal })
    }

    /// Asks until an answer fits, or there are no attempts left.
    ///
    /// # Errors
    /// Why it could not be sent, in a sentence: that says nothing of the new version.
    async fn ask(&self, to: &Endpoint, request: Request) -> Result<Tried, String> {
        if !self.acts && !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(format!("{} is not sent by a dry run: it may change something", request.told()));
        }
        let mut tried = Tried { request, attempts: Vec::new() };
        loop {
            let answer = self.attempt(to, &tried.request).await?;
            tried.attempts.push(answer);
            if !tried.is_sent_again() || self.deadline.is_past() {
                return Ok(tried);
            }
            self.ports.sleep(PAUSE).await;
        }
    }

    async fn attempt(&self, to: &Endpoint, request: &Request) -> Result<Answer, String> {
        let Some(prober) = self.settings.prober.as_ref().filter(|_| to.internal) else {
            return Ok(self.ports.probe(to, request).await);
        };
        let payload = json!({"to": to, "request": request}).to_string();
        let asked = async {
            let text = self.deadline.bound("Invoke", self.ports.invoke(prober, &payload)).await?;
            let garbled = |error: serde_json::Error| PortError::new("Invoke", Kind::Garbled, error.to_string());
            serde_json::from_str(&text).map_err(garbled)
        };
        asked.await.map_err(|error| format!("the copy in the VPC, {prober}, could not be asked: {error}"))
    }
}
