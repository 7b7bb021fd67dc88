//! `make judges`: how often the canary judge is wrong, and how soon it is right, beside other judges.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use tidegate_tests::judges::report::{Size, print};

fn main() -> ExitCode {
    match print(&mut stdout(), Size { seed: 1, good: 60, bad: 500 }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
