//! Requests to listeners, one by one, and what the version behind them answers.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::balancer::{Balancer, Listener};
use super::{Account, World};

/// A request that came to a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// The load balancer's DNS name, and the listener's port.
    pub listener: (String, u16),
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The host that it is for.
    pub host: String,
    /// Its other headers, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// What came with it.
    pub body: String,
}

/// What a version answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// How long it takes.
    pub latency: Duration,
    /// Where a redirect leads.
    pub location: Option<String>,
}

impl Reply {
    /// An answer at once.
    #[must_use]
    pub fn of(status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), latency: Duration::ZERO, location: None }
    }
}

impl World {
    /// The requests so far that came to listeners one by one, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }
}

impl Account {
    /// A request to whatever listens at a load balancer's DNS name and a port: what is answered, and whether that listener
    /// speaks TLS. None where nothing listens there.
    pub fn ask(&mut self, asked: Asked) -> Option<(Reply, bool)> {
        let now = self.now;
        let (name, port) = asked.listener.clone();
        let of = |balancer: &Balancer| balancer.listeners().find(|own| own.port == port).cloned();
        let found = self.balancers.iter().filter(|own| own.dns_name == name).find_map(|own| Some((own, of(own)?)));
        let (balancer, listener) = found?;
        let path = asked.path.split('?').next().unwrap_or_default();
        let reply = answer(balancer, &listener, path, now);
        self.asked.push(asked);
        Some((reply, listener.tls()))
    }
}

/// What is behind the listener answers; where nothing is that could, the load balancer does.
fn answer(balancer: &Balancer, listener: &Listener, path: &str, now: Timestamp) -> Reply {
    let heaviest = listener.weights.iter().filter(|(_, weight)| *weight > 0).max_by_key(|(_, weight)| *weight);
    let group = heaviest.and_then(|(arn, _)| balancer.groups.iter().find(|group| group.arn == *arn));
    let serving = |running: &&super::balancer::Running| running.health(now) != (0, 0);
    // Of two versions in one group the newer one is meant.
    let running = group.and_then(|group| group.running.iter().rfind(serving));
    let Some(version) = running.map(|running| running.version.at(now)) else {
        return Reply::of(503, "<html><head><title>503 Service Temporarily Unavailable</title></head></html>");
    };
    if version.crash_percent >= 100.0 {
        return Reply::of(502, "<html><head><title>502 Bad Gateway</title></head></html>");
    }
    let own = version.answers.iter().rfind(|(own, _)| own == path).map(|(_, reply)| reply.clone());
    own.unwrap_or_else(|| Reply {
        latency: Duration::from_secs_f64(version.median_ms / 1000.0),
        ..Reply::of(200, "ok")
    })
}
