//! Faults between the functions and AWS: what `make faults` tries.
//!
//! Every function's release binary runs in a few standard situations in which it has something to do. First nothing goes
//! wrong, and [microburst](https://github.com/pingedbrain/microburst), a proxy that knows AWS's protocols, tells which
//! operations are called; then each of these operations fails in each way, in a world of its own.
//!
//! - [`kinds`]: the ways in which a call fails
//! - [`proxy`]: microburst; [`router`]: from it back to the world that a call is for
//! - [`situations`], with [`scaler`], [`gate`], [`scans`] and [`hooks`]: what functions are doing meanwhile
//! - [`seen`]: what came of it, in the account and in words; [`queues`]: where events wait that were not dealt with
//! - [`must`]: what has to hold, whatever fails
//! - [`rows`]: the trying; [`table`]: what is printed, and written into `docs/reliability.md`

pub mod gate;
pub mod hooks;
pub mod kinds;
pub mod must;
pub mod proxy;
pub mod queues;
pub mod router;
pub mod rows;
pub mod scaler;
pub mod scans;
pub mod seen;
pub mod situations;
pub mod table;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use tokio::time::Instant;

use rows::{Row, Trial};

/// What is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How much of it.
    pub set: Set,
    /// Words of which a row's function, situation, service, operation or fault has each; none for all rows.
    pub words: Vec<String>,
}

/// How much is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Set {
    /// Every operation of every function with every fault, in one of the situations that call it: they take turns.
    #[default]
    Standard,
    /// The same in every situation that calls it.
    Every,
    /// Every operation of every function with one fault, and every fault with some operation.
    Quick,
}

impl Extent {
    /// From the words of a command line: `every` and `quick` say how much, any other word which rows.
    #[must_use]
    pub fn of(words: impl IntoIterator<Item = String>) -> Self {
        let mut extent = Self::default();
        for word in words {
            match word.as_str() {
                "every" => extent.set = Set::Every,
                "quick" => extent.set = Set::Quick,
                _ => extent.words.push(word.to_lowercase()),
            }
        }
        extent
    }
}

/// Tries faults, prints what came of them, and writes the table of all of them into a document. False where something
/// that must hold did not.
///
/// # Errors
/// Where microburst is not there, or what should be done without any fault is not.
pub fn run(extent: &Extent, document: &Path, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let situations = situations::all();
    let clean = rows::clean(&situations)?;
    let trials: Vec<Trial> = rows::trials(&clean, extent);
    let rows: Vec<Row> = rows::tried(&clean, trials);
    table::print(out, &rows)?;
    table::sum_up(out, &rows, began.elapsed())?;
    let broken: Vec<&Row> = rows.iter().filter(|row| row.is_broken()).collect();
    let in_detail = |row: &&Row| row.is_broken() || !extent.words.is_empty();
    for row in rows.iter().filter(in_detail) {
        writeln!(out, "\n{}", row.told())?;
    }
    if *extent == Extent::default() && broken.is_empty() {
        table::write(document, &rows)?;
        writeln!(out, "The table is in {}.", document.display())?;
    }
    Ok(broken.is_empty() && !rows.is_empty())
}
