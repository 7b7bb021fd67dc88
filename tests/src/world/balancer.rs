//! Load balancers: listeners whose weights say which target group gets a request, and the versions behind them.

use std::sync::Arc;

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::service::Load;
use super::version::Version;
use super::{ACCOUNT, REGION};

/// The load balancer of one service, with everything behind it.
#[derive(Clone)]
pub struct Balancer {
    /// `cluster/name` of the service.
    pub service: String,
    /// Its ARN.
    pub arn: String,
    /// Whether it is an Application Load Balancer; a Network Load Balancer counts no requests.
    pub application: bool,
    /// Its DNS name.
    pub dns_name: String,
    /// Whether it has private addresses only.
    pub internal: bool,
    /// Requests of production traffic that no target answered.
    pub lost: u64,
    /// Requests of production traffic that a target answered with a 5xx status.
    pub failed: u64,
    /// The listener that production traffic comes to.
    pub listener: Listener,
    /// The listener for tests.
    pub test_listener: Option<Listener>,
    /// Two target groups, or one where versions are not told apart.
    pub groups: Vec<TargetGroup>,
    /// Requests a minute at a moment.
    pub requests: Load,
    /// What falls the same way in every run.
    pub(super) dice: Xoshiro256PlusPlus,
}

/// A listener. Its default action and its one rule forward alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its rule.
    pub rule: String,
    /// Its port.
    pub port: u16,
    /// `HTTPS`, `HTTP`, `TLS` or `TCP`.
    pub protocol: &'static str,
    /// ARNs of target groups with their weights.
    pub weights: Vec<(String, u32)>,
}

/// A target group.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The tasks behind it, by version: two of them only where versions are not told apart.
    pub running: Vec<Running>,
}

/// The tasks of one version: a task set under CodeDeploy, a service revision under ECS's own deployments.
#[derive(Clone, Debug)]
pub struct Running {
    /// `ecs-svc/...`, or the ARN of the service revision.
    pub id: String,
    /// The deployment that made it, under CodeDeploy.
    pub external_id: Option<String>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: &'static str,
    /// How it behaves.
    pub version: Version,
    /// How many tasks.
    pub tasks: u32,
    /// When its tasks begin to serve.
    pub serves_from: Timestamp,
    /// How its targets stand where something happens to its tasks one by one.
    pub seen: Option<Seen>,
}

/// How targets stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Those that answer their health checks.
    pub healthy: u32,
    /// Those that do not.
    pub unhealthy: u32,
    /// Those of which it is not known yet.
    pub initial: u32,
}

impl std::fmt::Debug for Balancer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, listener, groups, .. } = self;
        let mut out = out.debug_struct("Balancer");
        out.field("service", service).field("listener", listener).field("groups", groups).finish_non_exhaustive()
    }
}

impl Balancer {
    /// An Application Load Balancer with two target groups before a service, all weight on the first.
    #[must_use]
    pub fn application(service: &str) -> Self {
        Self::new(service, "app")
    }

    /// A Network Load Balancer.
    #[must_use]
    pub fn network(service: &str) -> Self {
        Self { application: false, ..Self::new(service, "net") }
    }

    fn new(service: &str, kind: &str) -> Self {
        let name = service.replace('/', "-");
        let path = format!("{kind}/{name}/{}", hex(&name));
        let groups = ["1", "2"].map(|side| {
            let name = format!("{name}-{side}");
            TargetGroup { arn: arn(&format!("targetgroup/{name}/{}", hex(&name))), name, running: Vec::new() }
        });
        Self {
            service: service.to_owned(),
            arn: arn(&format!("loadbalancer/{path}")),
            application: true,
            dns_name: format!("{name}-{}.{REGION}.elb.amazonaws.com", hash(&name) % 10_000_000_000),
            internal: false,
            lost: 0,
            failed: 0,
            listener: Listener::new(&path, 443, &groups),
            test_listener: None,
            groups: groups.into(),
            requests: Arc::new(|_| 0.0),
            dice: Xoshiro256PlusPlus::seed_from_u64(hash(&name)),
        }
    }

    /// With so many requests a minute.
    #[must_use]
    pub fn requests(mut self, a_minute: impl Fn(Timestamp) -> f64 + Send + Sync + 'static) -> Self {
        self.requests = Arc::new(a_minute);
        self
    }

    /// With a listener for tests.
    #[must_use]
    pub fn test_listener(mut self) -> Self {
        let path = self.arn.rsplit("loadbalancer/").next().unwrap_or_default().to_owned();
        self.test_listener = Some(Listener::new(&path, 8443, &self.groups));
        self
    }

    /// With private addresses only.
    #[must_use]
    pub fn internal(self) -> Self {
        Self { internal: true, dns_name: format!("internal-{}", self.dns_name), ..self }
    }

    /// With one target group for all versions, as rolling deployments have it.
    #[must_use]
    pub fn one_group(mut self) -> Self {
        self.groups.truncate(1);
        self.listener.weights.truncate(1);
        self
    }

    /// With other dice.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        self
    }

    /// With a version that has been serving all along. Without one, the first deployment creates the service.
    #[must_use]
    pub fn serving(mut self, version: Version, tasks: u32) -> Self {
        let (id, external_id) = (String::new(), None);
        let serves_from = Timestamp::UNIX_EPOCH;
        let (status, seen) = ("PRIMARY", None);
        self.groups[0].running.push(Running { id, external_id, status, version, tasks, serves_from, seen });
        self
    }

    /// `app/name/id`, as CloudWatch names it.
    #[must_use]
    pub fn dimension(&self) -> &str {
        self.arn.split_once(":loadbalancer/").map_or("", |(_, name)| name)
    }

    /// What ECS shifts production traffic with: a Network Load Balancer's listener has no rules.
    #[must_use]
    pub fn production_rule(&self) -> &str {
        if self.application { &self.listener.rule } else { &self.listener.arn }
    }

    /// Its listeners.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        std::iter::once(&self.listener).chain(&self.test_listener)
    }

    /// What ECS shifts test traffic with.
    #[must_use]
    pub fn test_rule(&self) -> Option<&str> {
        self.test_listener.as_ref().map(|own| if self.application { own.rule.as_str() } else { own.arn.as_str() })
    }

    /// The target group with this ARN.
    ///
    /// # Panics
    /// Where there is none: the test is wrong.
    pub fn group(&mut self, arn: &str) -> &mut TargetGroup {
        let found = self.groups.iter_mut().find(|group| group.arn == arn);
        found.unwrap_or_else(|| panic!("there is no target group {arn}"))
    }

    /// The target group that a version is behind, by the version's name.
    #[must_use]
    pub fn group_of(&self, version: &str) -> Option<&TargetGroup> {
        let runs = |group: &&TargetGroup| group.running.iter().any(|running| running.version.name == version);
        self.groups.iter().find(runs)
    }

    /// The share of production traffic that a target group gets, in percent.
    #[must_use]
    pub fn percent(&self, group: &str) -> f64 {
        let all: u32 = self.listener.weights.iter().map(|(_, weight)| weight).sum();
        let own: u32 = self.listener.weights.iter().filter(|(arn, _)| arn == group).map(|(_, weight)| weight).sum();
        if all == 0 { 0.0 } else { f64::from(own) * 100.0 / f64::from(all) }
    }
}

impl Listener {
    fn new(path: &str, port: u16, groups: &[TargetGroup]) -> Self {
        let id = hex(&port.to_string());
        let protocol = if path.starts_with("net/") { "TLS" } else { "HTTPS" };
        Self {
            arn: arn(&format!("listener/{path}/{id}")),
            rule: arn(&format!("listener-rule/{path}/{id}/{}", hex(&id))),
            port,
            protocol,
            weights: groups.iter().enumerate().map(|(at, group)| (group.arn.clone(), u32::from(at == 0))).collect(),
        }
    }

    /// Whether it speaks TLS.
    #[must_use]
    pub fn tls(&self) -> bool {
        matches!(self.protocol, "HTTPS" | "TLS")
    }

    /// Gives a target group this share in percent, and the rest to the other one.
    pub fn shift(&mut self, group: &str, percent: f64) {
        // Weights are whole numbers up to 999.
        let whole = if percent.fract() == 0.0 { 100.0 } else { 900.0 };
        let weight = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 900")]
            let weight = (share / 100.0 * whole).round() as u32;
            weight
        };
        for (arn, own) in &mut self.weights {
            *own = weight(if arn == group { percent } else { 100.0 - percent });
        }
    }
}

impl TargetGroup {
    /// `targetgroup/name/id`, as CloudWatch names it.
    #[must_use]
    pub fn dimension(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }
}

impl Running {
    /// Tasks that answer their health checks, and those that do not.
    #[must_use]
    pub fn health(&self, now: Timestamp) -> (u32, u32) {
        let seen = self.seen(now);
        (seen.healthy, seen.unhealthy)
    }

    /// How all its targets stand.
    #[must_use]
    pub fn seen(&self, now: Timestamp) -> Seen {
        let mut seen = match self.seen {
            Some(seen) => seen,
            None if now < self.serves_from => Seen { initial: self.tasks, ..Seen::default() },
            None => Seen { healthy: self.tasks, ..Seen::default() },
        };
        let unhealthy = self.version.at(now).unhealthy.min(seen.healthy);
        seen.healthy -= unhealthy;
        seen.unhealthy += unhealthy;
        seen
    }
}

fn arn(resource: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{resource}")
}

/// Sixteen digits, as ELB ends its names; the same ones in every run.
fn hex(name: &str) -> String {
    format!("{:016x}", hash(name))
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
