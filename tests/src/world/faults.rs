//! What goes wrong, and how often.

use std::time::Duration;

/// The local world's clock: no call of AWS's, so that it fails under its own name only, and is not counted.
pub const CLOCK: &str = "Clock";

/// Smoke requests: no calls of AWS's either. Whatever strikes them, they fail.
pub const PROBE: &str = "Probe";

/// Single messages of a batch to a queue, which is answered all the same. Whatever strikes them, they are refused.
pub const QUEUE_ENTRY: &str = "QueueEntry";

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The account's bucket is empty: HTTP 400 with `ThrottlingException`.
    Throttle,
    /// The service is broken: HTTP 500.
    ServerError,
    /// The role may not: HTTP 400 with `AccessDeniedException`.
    Denied,
    /// The call is refused with this code: HTTP 400.
    Refused(&'static str),
    /// No answer, ever.
    Hang,
    /// An answer, late.
    Delay(Duration),
    /// HTTP 200 with a body that no client can read.
    MalformedBody,
    /// Some queries of `GetMetricData` answer `PartialData` and no more comes.
    PartialData,
    /// `GetMetricData` answers with pages that hold nothing before the one that holds something.
    EmptyPages(u32),
    /// `DescribeServices` names this service among the failures, with this reason.
    FailService(String, String),
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Every time.
    Always,
    /// This many times, from now on.
    First(u32),
    /// Every time but for this many, from now on.
    After(u32),
    /// Every so manyth call: with 2, the second, the fourth and so on.
    Every(u32),
    /// So many calls in a hundred, the same ones in every run.
    InAHundred(u32),
}

/// The faults of an account.
#[derive(Debug, Default)]
pub struct Faults {
    /// What fails, how, how often, and how many calls it has seen.
    rules: Vec<(String, Fault, Times, u32)>,
    dice: u64,
}

impl Faults {
    /// Lets an operation, or the [`CLOCK`], fail; `*` is every operation.
    pub fn add(&mut self, operation: &str, fault: Fault, times: Times) {
        self.rules.push((operation.to_owned(), fault, times, 0));
    }

    /// What goes wrong with this call; the first rule that strikes.
    pub fn strike(&mut self, operation: &str) -> Option<Fault> {
        let Self { rules, dice } = self;
        let concerns = |on: &str| on == operation || on == "*" && ![CLOCK, PROBE, QUEUE_ENTRY].contains(&operation);
        rules.iter_mut().filter(|(on, ..)| concerns(on)).find_map(|(_, fault, times, seen)| {
            *seen += 1;
            let strikes = match times {
                Times::Always => true,
                Times::First(left) => {
                    let strikes = *left > 0;
                    *left = left.saturating_sub(1);
                    strikes
                }
                Times::After(left) => {
                    let strikes = *left == 0;
                    *left = left.saturating_sub(1);
                    strikes
                }
                Times::Every(nth) => seen.is_multiple_of((*nth).max(1)),
                Times::InAHundred(share) => roll(dice) % 100 < u64::from(*share),
            };
            strikes.then(|| fault.clone())
        })
    }
}

/// A die that falls the same way in every run (Knuth's MMIX constants).
fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *dice >> 33
}
