//! `make demo`: releases and a day of several services in the local world, judged and scaled by the real binaries.

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
