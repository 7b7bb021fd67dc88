//! How time passes, and who waits for it.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::hooks::HookCall;
use super::{Account, World};

/// Traffic and deployments are looked at this often.
const TICK_S: i64 = 10;

/// Who waits for the time to pass.
#[derive(Debug)]
pub(super) struct Sleepers {
    now: watch::Sender<Timestamp>,
    wake_up: watch::Sender<Vec<Timestamp>>,
}

impl Default for Sleepers {
    fn default() -> Self {
        Self { now: watch::Sender::new(Timestamp::MIN), wake_up: watch::Sender::default() }
    }
}

/// One sleep, which is over when it is dropped too.
struct Sleep<'a>(&'a Sleepers, Timestamp);

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.0.wake_up.send_modify(|all| {
            all.iter().position(|at| *at == self.1).map(|index| all.swap_remove(index));
        });
    }
}

impl World {
    /// Lets whole minutes pass.
    pub fn pass(&self, minutes: u32) {
        self.pass_for(SignedDuration::from_mins(i64::from(minutes)));
    }

    /// Lets time pass, in whole seconds.
    pub fn pass_for(&self, length: SignedDuration) {
        let now = {
            let mut account = self.lock();
            account.pass_seconds(length.as_secs());
            account.now
        };
        self.0.sleepers.now.send_replace(now);
    }

    /// Lets time pass until a deployment calls a function, but no longer than this: the call.
    #[must_use]
    pub fn next_call(&self, within: SignedDuration) -> Option<HookCall> {
        let until = self.lock().now + within;
        loop {
            let mut account = self.lock();
            if let Some(call) = account.hooks_due.pop_front() {
                return Some(call);
            }
            let left = until.duration_since(account.now).as_secs();
            drop(account);
            if left <= 0 {
                return None;
            }
            self.pass_for(SignedDuration::from_secs(left.min(TICK_S)));
        }
    }

    /// Waits until somebody else has let so much time pass.
    pub async fn sleeps(&self, length: SignedDuration) {
        let sleepers = &self.0.sleepers;
        let mut now = sleepers.now.subscribe();
        let until = self.lock().now + length;
        sleepers.wake_up.send_modify(|all| all.push(until));
        let _sleep = Sleep(sleepers, until);
        // The sender lives as long as the world.
        let _ = now.wait_for(|_| self.lock().now >= until).await;
    }

    /// How many wait for a moment that has not come.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.yet_asleep(&self.0.sleepers.wake_up.borrow()).count()
    }

    /// The next moment that somebody waits for.
    #[must_use]
    pub fn wakes_up(&self) -> Option<Timestamp> {
        self.yet_asleep(&self.0.sleepers.wake_up.borrow()).min()
    }

    /// Waits until so many wait for a moment that has not come.
    pub async fn asleep(&self, many: usize) {
        let mut wake_up = self.0.sleepers.wake_up.subscribe();
        // The sender lives as long as the world.
        let _ = wake_up.wait_for(|all| self.yet_asleep(all).count() >= many).await;
    }

    fn yet_asleep<'a>(&self, all: &'a [Timestamp]) -> impl Iterator<Item = Timestamp> + use<'a> {
        let now = self.lock().now;
        all.iter().copied().filter(move |at| *at > now)
    }
}

impl Account {
    fn pass_seconds(&mut self, seconds: i64) {
        self.step();
        let end = self.now + SignedDuration::from_secs(seconds);
        while self.now < end {
            let second = self.now.as_second();
            // Services alone are looked at once a minute.
            let quiet = self.balancers.is_empty()
                && self.native.deployments.is_empty()
                && self.fleets.is_empty()
                && self.tasks_rest();
            let tick = if quiet { 60 } else { TICK_S };
            let step = (tick - second.rem_euclid(tick)).min(end.as_second() - second);
            for balancer in &mut self.balancers {
                balancer.pass(self.now, step, &mut self.metrics);
            }
            self.now += SignedDuration::from_secs(step);
            if self.now.as_second().rem_euclid(60) == 0 {
                let minute = self.now - SignedDuration::from_mins(1);
                self.services.iter_mut().for_each(|service| service.pass_minute(minute, &mut self.metrics));
            }
            self.step();
        }
    }

    fn step(&mut self) {
        self.step_registry();
        self.step_code_deployments();
        self.step_service_deployments();
        self.step_fleets();
        self.step_tasks();
    }
}
