//! What functions are doing when something fails.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;

use serde_json::Value;

use super::proxy::{Fired, Proxy, Rule};
use super::router::Router;
use super::seen::Seen;
use super::{gate, hooks, scaler, scans};
use crate::drive::Drive;
use crate::world::World;

/// What is lived in a situation.
pub type Lived = Pin<Box<dyn Future<Output = Seen>>>;

/// A standard situation of a function, in which it has something to do.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// The function.
    pub function: &'static str,
    /// In a word or two.
    pub name: &'static str,
    /// What happens, and what should be done.
    pub story: &'static str,
    /// Lives it, in a world of its own.
    pub lives: fn(Way) -> Lived,
}

/// All of them, by function.
#[must_use]
pub fn all() -> Vec<Situation> {
    [scaler::SITUATIONS, gate::SITUATIONS, scans::SITUATIONS, hooks::SITUATIONS].concat()
}

/// Proxy and router of one thread, which its rows share.
#[derive(Debug)]
pub struct Lane {
    /// Where functions call.
    pub proxy: Proxy,
    /// Where the proxy passes calls on.
    pub router: Router,
}

impl Lane {
    /// Starts both.
    ///
    /// # Errors
    /// Where one does not start.
    pub async fn start() -> io::Result<Rc<Self>> {
        let router = Router::start().await?;
        let proxy = Proxy::start(&router.url()).await?;
        Ok(Rc::new(Self { proxy, router }))
    }
}

/// How the calls of one world reach it, with the fault on the way.
#[derive(Clone, Debug)]
pub struct Way {
    lane: Rc<Lane>,
    key: String,
    rule: Rc<RefCell<Option<Rule>>>,
    fired: Rc<RefCell<Vec<Fired>>>,
}

impl Way {
    /// A way with a fault on it. The key is no other way's.
    ///
    /// # Errors
    /// Where the proxy does not take the rule.
    pub async fn with(lane: &Rc<Lane>, key: &str, rule: Value) -> io::Result<Self> {
        let rule = lane.proxy.add(key, rule).await?;
        let rule = Rc::new(RefCell::new(Some(rule)));
        Ok(Self { lane: Rc::clone(lane), key: key.to_owned(), rule, fired: Rc::default() })
    }

    /// A function in a world whose calls take this way.
    pub async fn drive(&self, world: &World, function: &str, name: &'static str, variables: &[(&str, &str)]) -> Drive {
        let drive = Drive::start(world.clone(), function, name, variables).await;
        self.lane.router.lead(&self.key, world, &drive.host());
        drive.by_way_of(&self.lane.proxy.url(), &self.key)
    }

    /// From now on nothing fails.
    ///
    /// # Panics
    /// Where the proxy does not answer.
    pub async fn heals(&self) {
        let rule = self.rule.borrow_mut().take();
        if let Some(rule) = rule {
            let fired = self.lane.proxy.remove(&rule).await.expect("microburst answers");
            self.fired.borrow_mut().extend(fired);
        }
    }

    /// What the fault did, now that it is over.
    pub async fn fired(&self) -> Vec<Fired> {
        self.heals().await;
        self.lane.router.forget(&self.key);
        self.fired.take()
    }
}
