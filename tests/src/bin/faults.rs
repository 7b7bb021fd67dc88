//! `make faults`: every call of every function fails in every way, and what must hold is checked.

use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use tidegate_tests::faults::{Extent, run};

fn main() -> ExitCode {
    let extent = Extent::of(std::env::args().skip(1));
    match run(&extent, Path::new("docs/reliability.md"), &mut stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
