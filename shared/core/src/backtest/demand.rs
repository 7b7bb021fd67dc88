//! A trace as demand per minute.

use jiff::{SignedDuration, Timestamp};

use crate::scaling::facts::Point;

/// Work that arrives, in the trace's own unit, for each minute from `start`. None where the trace says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The minute that the first value belongs to.
    pub start: Timestamp,
    /// One value per minute, in the unit of the trace; None in a gap of it.
    pub minutes: Vec<Option<f64>>,
}

/// What is wrong with a trace.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// Too little to tell an interval.
    #[error("a trace needs at least two points, this one has {0}")]
    TooShort(usize),
    /// A value that no demand can have.
    #[error("the value {value} at {at} is not a demand: it must be a finite number, 0 or more")]
    Value {
        /// When.
        at: Timestamp,
        /// The value.
        value: f64,
    },
    /// A trace that would not fit in memory.
    #[error("the trace spans {days} days; at most {most} can be simulated minute by minute", most = MOST_DAYS)]
    TooLong {
        /// Days.
        days: i64,
    },
}

/// Ten years of minutes are 42 MB per array.
const MOST_DAYS: i64 = 3660;

const MINUTE: i64 = 60;

impl Demand {
    /// Spreads points over minutes. A point stands until the next one, but not longer than one and a half times the
    /// trace's median interval: beyond that the trace has a gap, and stays without a value.
    ///
    /// # Errors
    /// [`TraceError`] where the points are too few, too far apart in time, or no demand.
    pub fn from_points(points: &[(Timestamp, f64)]) -> Result<Self, TraceError> {
        if let Some((at, value)) = points.iter().find(|(_, value)| !value.is_finite() || *value < 0.0) {
            return Err(TraceError::Value { at: *at, value: *value });
        }
        let mut points: Vec<(i64, f64)> = points.iter().map(|(at, value)| (at.as_second(), *value)).collect();
        points.sort_by_key(|(at, _)| *at);
        points.dedup_by_key(|(at, _)| *at);
        let mut intervals: Vec<i64> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        intervals.sort_unstable();
        let (Some((first, _)), Some((last, _)), Some(interval)) =
            (points.first(), points.last(), intervals.get(intervals.len() / 2))
        else {
            return Err(TraceError::TooShort(points.len()));
        };
        let longest = interval + interval / 2;
        let start = first.div_euclid(MINUTE);
        let end = (last + interval + MINUTE - 1).div_euclid(MINUTE);
        if end - start > MOST_DAYS * 24 * 60 {
            return Err(TraceError::TooLong { days: (end - start) / (24 * 60) });
        }
        let mut held = Held::new(start, end);
        let next = points.iter().skip(1).map(|(at, _)| *at).chain([last + interval]);
        for ((at, value), next) in points.iter().zip(next) {
            let until = if next - at > longest { at + interval } else { next };
            held.hold(*at, until, *value);
        }
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(start * MINUTE);
        Ok(Self { start, minutes: held.means() })
    }

    /// The work of a live service, in percent of a task and minute: its CPU times its tasks, each of which has one sample.
    /// Minutes without both are gaps. None without any.
    #[must_use]
    pub fn from_cpu(cpu: &[Point]) -> Option<Self> {
        let minute = |point: &Point| point.at.as_second().div_euclid(MINUTE);
        let first = cpu.iter().map(minute).min()?;
        let last = cpu.iter().map(minute).max()?;
        let mut minutes = vec![None; usize::try_from(last - first + 1).ok()?];
        for point in cpu {
            let index = usize::try_from(minute(point) - first).ok()?;
            minutes[index] = point.samples.map(|samples| point.value * samples).filter(|work| work.is_finite());
        }
        Some(Self { start: Timestamp::from_second(first * MINUTE).ok()?, minutes })
    }

    /// Minutes that have a value.
    pub fn known(&self) -> impl Iterator<Item = f64> {
        self.minutes.iter().copied().flatten()
    }

    /// The value that a share of the known minutes stays at or below. None without any.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let mut values: Vec<f64> = self.known().collect();
        values.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "an index of an array")]
        let rank = (share * values.len() as f64).ceil();
        values.get(crate::scaling::whole(rank).saturating_sub(1) as usize).copied()
    }
}

/// Values held over seconds, summed up by minute.
struct Held {
    start: i64,
    sums: Vec<f64>,
    seconds: Vec<i64>,
}

impl Held {
    fn new(start: i64, end: i64) -> Self {
        let minutes = usize::try_from(end - start).unwrap_or(0);
        Self { start, sums: vec![0.0; minutes], seconds: vec![0; minutes] }
    }

    fn hold(&mut self, from: i64, until: i64, value: f64) {
        let mut at = from;
        while at < until {
            let minute = at.div_euclid(MINUTE);
            let end = until.min((minute + 1) * MINUTE);
            if let Ok(index) = usize::try_from(minute - self.start)
                && let (Some(sum), Some(seconds)) = (self.sums.get_mut(index), self.seconds.get_mut(index))
            {
                #[expect(clippy::cast_precision_loss, reason = "at most 60")]
                let length = (end - at) as f64;
                *sum += value * length;
                *seconds += end - at;
            }
            at = end;
        }
    }

    /// The mean of each minute that is covered at least by half.
    fn means(&self) -> Vec<Option<f64>> {
        let mean = |(sum, seconds): (&f64, &i64)| {
            #[expect(clippy::cast_precision_loss, reason = "at most 60")]
            let length = *seconds as f64;
            (*seconds >= MINUTE / 2).then(|| sum / length)
        };
        self.sums.iter().zip(&self.seconds).map(mean).collect()
    }
}
