//! Smoke requests, to the listeners of the account.

use std::collections::BTreeMap;

use tidegate_aws::probe::{LONGEST_BODY, Probe};
use tidegate_core::smoke::{Answer, Endpoint, Request};

use crate::world::World;
use crate::world::faults::PROBE;
use crate::world::smoke::Asked;

impl Probe for World {
    async fn probe(&self, to: &Endpoint, request: &Request) -> Answer {
        let failed = |why: &str| Answer::Failed { why: why.to_owned() };
        let mut account = self.lock();
        if account.faults.strike(PROBE).is_some() {
            return failed("connection timed out");
        }
        let names = request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
        let asked = Asked {
            at: account.now,
            listener: (to.dns_name.clone(), to.port),
            method: request.method.clone(),
            path: request.path.clone(),
            host: request.host.clone().unwrap_or_else(|| to.dns_name.clone()),
            headers: names.collect::<BTreeMap<_, _>>(),
            body: request.body.clone().unwrap_or_default(),
        };
        let Some((reply, tls)) = account.ask(asked) else { return failed("connection refused") };
        if tls != to.tls {
            return failed("the listener does not speak what it was spoken to in");
        }
        let (body, cut) = match reply.body.char_indices().nth(LONGEST_BODY) {
            Some((at, _)) => (reply.body[..at].to_owned(), true),
            None => (reply.body, false),
        };
        let took_ms = u32::try_from(reply.latency.as_millis()).unwrap_or(u32::MAX);
        Answer::Answered { status: reply.status, took_ms, body, cut, location: reply.location }
    }
}
