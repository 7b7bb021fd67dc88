//! One pass over a trace, and what it comes to.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::demand::Demand;
use super::scaler::{Scaler, View};
use super::service::{Served, Service, Shape};
use crate::scaling::facts::Point;
use crate::scaling::history::Change;

/// A change in the other direction within this long of the one before is a flap.
const FLAP: SignedDuration = SignedDuration::from_mins(10);

/// ECS keeps a service's last 100 events, and a change makes about three: tasks started or stopped, targets registered
/// or deregistered, steady state.
const CHANGES_KEPT: usize = 33;

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// What a pass over a trace came to, over the minutes that have a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Minutes that have a value.
    pub minutes: u64,
    /// Task-seconds billed.
    pub billed_s: i64,
    /// Work that arrived, in the trace's unit.
    pub demand: f64,
    /// Work that found no capacity, in the trace's unit.
    pub unmet: f64,
    /// Minutes in which any work found no capacity.
    pub unmet_minutes: u64,
    /// Mean utilisation of the tasks that served, in percent.
    pub utilisation: f64,
    /// Changes of the count.
    pub actions: u64,
    /// Changes that turned back one of the last ten minutes.
    pub flaps: u64,
}

impl Figures {
    /// The share of the work that found no capacity, from 0 to 1.
    #[must_use]
    pub fn unmet_share(&self) -> f64 {
        if self.demand > 0.0 { self.unmet / self.demand } else { 0.0 }
    }

    /// Days that the figures cover.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "minutes of at most ten years")]
    pub fn days(&self) -> f64 {
        self.minutes as f64 / (24.0 * 60.0)
    }
}

/// One simulated minute, for pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// When it began.
    pub at: Timestamp,
    /// Work that arrived in it, in the trace's unit; None in a gap of the trace.
    pub demand: Option<f64>,
    /// Tasks that served at its end.
    pub running: u32,
    /// Task-seconds billed in it.
    pub billed_s: i64,
    /// Work that found no capacity, in the trace's unit.
    pub unmet: f64,
    /// Mean utilisation, in percent; None where no task served.
    pub utilisation: Option<f64>,
}

/// Drives a scaler over a trace. `each` sees every minute as it ends.
pub fn run(demand: &Demand, shape: Shape, scaler: &mut dyn Scaler, first: u32, mut each: impl FnMut(Frame)) -> Figures {
    let mut pass = Pass::new(demand.start, shape, first);
    let mut figures = Figures::default();
    let mut served = Served::default();
    for value in &demand.minutes {
        let billed = pass.service.billed_s();
        let minute = pass.minute(*value, scaler, &mut figures);
        let billed_s = pass.service.billed_s() - billed;
        each(Frame {
            at: pass.now - MINUTE,
            demand: *value,
            running: pass.service.running(),
            billed_s,
            unmet: minute.unmet,
            utilisation: utilisation(&minute),
        });
        if value.is_some() {
            figures.minutes += 1;
            figures.billed_s += billed_s;
            figures.unmet_minutes += u64::from(minute.unmet > 0.0);
            served.demand += minute.demand;
            served.unmet += minute.unmet;
            served.busy_s += minute.busy_s;
            served.running_s += minute.running_s;
        }
    }
    Figures { demand: served.demand, unmet: served.unmet, utilisation: utilisation(&served).unwrap_or(0.0), ..figures }
}

fn utilisation(served: &Served) -> Option<f64> {
    (served.running_s > 0.0).then(|| served.busy_s / served.running_s * 100.0)
}

struct Pass {
    service: Service,
    shape: Shape,
    now: Timestamp,
    desired: u32,
    cpu: Vec<Point>,
    changes: Vec<Change>,
}

impl Pass {
    fn new(start: Timestamp, shape: Shape, first: u32) -> Self {
        let service = Service::new(shape, first);
        Self { service, shape, now: start, desired: first, cpu: Vec::new(), changes: Vec::new() }
    }

    fn minute(&mut self, value: Option<f64>, scaler: &mut dyn Scaler, figures: &mut Figures) -> Served {
        let started = self.now;
        let mut minute = Served::default();
        for _ in 0..60 / scaler.period_s() {
            self.look(scaler, figures);
            let part = self.service.advance(scaler.period_s(), value.unwrap_or(0.0));
            minute.demand += part.demand;
            minute.unmet += part.unmet;
            minute.busy_s += part.busy_s;
            minute.running_s += part.running_s;
            self.now += SignedDuration::from_secs(scaler.period_s());
        }
        // In a gap of the trace there is nothing to publish.
        if let (Some(_), Some(percent)) = (value, utilisation(&minute)) {
            let samples = Some(f64::from(self.service.running()));
            self.cpu.push(Point { at: started, value: percent, samples, period_s: 60 });
        }
        minute
    }

    fn look(&mut self, scaler: &mut dyn Scaler, figures: &mut Figures) {
        let delay = SignedDuration::from_secs(self.shape.metric_delay_s);
        let visible = self.cpu.partition_point(|point| point.at + MINUTE + delay <= self.now);
        let forgotten = self.changes.len().saturating_sub(CHANGES_KEPT);
        let view = View {
            now: self.now,
            desired: self.desired,
            running: self.service.running(),
            pending: self.service.pending(),
            cpu: &self.cpu[..visible],
            changes: &self.changes[forgotten..],
            forgotten: forgotten > 0,
        };
        let desired = scaler.desired(view);
        if desired == self.desired {
            return;
        }
        let tasks = i32::try_from(i64::from(desired) - i64::from(self.desired)).unwrap_or(i32::MAX);
        let turned = self
            .changes
            .last()
            .is_some_and(|last| last.tasks.signum() != tasks.signum() && self.now.duration_since(last.at) <= FLAP);
        figures.actions += 1;
        figures.flaps += u64::from(turned);
        self.changes.push(Change { at: self.now, tasks });
        self.desired = desired;
        self.service.set_desired(desired);
    }
}
