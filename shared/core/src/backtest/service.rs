//! A simulated service: tasks that take time to start, that saturate at 100 %, and that are billed by the second.

use std::collections::VecDeque;

/// What a simulated service is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// What one task serves in a minute at 100 %, in the trace's unit.
    pub capacity: f64,
    /// Seconds from launch until a task serves.
    pub start_s: i64,
    /// Seconds after its end until a minute's metric can be read.
    pub metric_delay_s: i64,
}

/// A task is billed for at least this long.
///
/// Source: <https://aws.amazon.com/fargate/pricing/> (Linux).
pub const LEAST_BILLED_S: i64 = 60;

/// Tasks that were launched together and do not serve yet.
#[derive(Clone, Copy, Debug)]
struct Launch {
    at: i64,
    tasks: u32,
}

/// What a stretch of time has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Served {
    /// Work that arrived, in the trace's unit.
    pub demand: f64,
    /// Work that the tasks could not take, in the trace's unit.
    pub unmet: f64,
    /// Task-seconds that served.
    pub running_s: f64,
    /// Task-seconds of work at 100 %, were it done by tasks that are full.
    pub busy_s: f64,
}

/// The service at one moment. Time is in seconds since some start.
#[derive(Clone, Debug)]
pub struct Service {
    shape: Shape,
    now: i64,
    running: u32,
    launches: VecDeque<Launch>,
    billed_s: i64,
}

impl Service {
    /// A service whose tasks have been running for a while.
    #[must_use]
    pub fn new(shape: Shape, running: u32) -> Self {
        Self { shape, now: 0, running, launches: VecDeque::new(), billed_s: 0 }
    }

    /// Tasks that serve.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Tasks that start.
    #[must_use]
    pub fn pending(&self) -> u32 {
        self.launches.iter().map(|launch| launch.tasks).sum()
    }

    /// Task-seconds billed so far.
    #[must_use]
    pub fn billed_s(&self) -> i64 {
        self.billed_s
    }

    /// Launches or stops tasks until there are `desired`. Those that do not serve yet go first, youngest first.
    pub fn set_desired(&mut self, desired: u32) {
        let present = self.running + self.pending();
        if desired > present {
            self.launches.push_back(Launch { at: self.now, tasks: desired - present });
        }
        let mut surplus = present.saturating_sub(desired);
        while surplus > 0 {
            let Some(mut launch) = self.launches.pop_back() else {
                self.running -= surplus;
                break;
            };
            let stopped = surplus.min(launch.tasks);
            self.billed_s += i64::from(stopped) * (LEAST_BILLED_S - (self.now - launch.at)).max(0);
            surplus -= stopped;
            launch.tasks -= stopped;
            if launch.tasks > 0 {
                self.launches.push_back(launch);
            }
        }
    }

    /// Lets `seconds` pass under a constant demand per minute.
    pub fn advance(&mut self, seconds: i64, demand: f64) -> Served {
        let end = self.now + seconds;
        let mut served = Served::default();
        while self.now < end {
            let ready = self.launches.front().map_or(end, |launch| launch.at + self.shape.start_s);
            if ready <= self.now {
                self.running += self.launches.pop_front().map_or(0, |launch| launch.tasks);
                continue;
            }
            let until = ready.min(end);
            self.pass(until - self.now, demand, &mut served);
            self.now = until;
        }
        while self.launches.front().is_some_and(|launch| launch.at + self.shape.start_s <= self.now) {
            self.running += self.launches.pop_front().map_or(0, |launch| launch.tasks);
        }
        served
    }

    fn pass(&mut self, seconds: i64, demand: f64, served: &mut Served) {
        #[expect(clippy::cast_precision_loss, reason = "seconds of one simulated minute")]
        let length = seconds as f64;
        let minutes = length / 60.0;
        let capacity = f64::from(self.running) * self.shape.capacity;
        served.demand += demand * minutes;
        served.unmet += (demand - capacity).max(0.0) * minutes;
        served.running_s += f64::from(self.running) * length;
        served.busy_s += demand.min(capacity) / self.shape.capacity * length;
        self.billed_s += i64::from(self.running + self.pending()) * seconds;
    }
}
