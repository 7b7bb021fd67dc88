//! `make demo`: a day of several services in the local world, scaled by the real binary.

use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match tidegate_tests::demo::run(&mut stdout(), Path::new("target/demo/report.html")).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(unexpected) => {
            let _ = writeln!(stderr(), "{unexpected}");
            ExitCode::FAILURE
        }
    }
}
