//! `make scale`: what the scaler makes of 1,000, 5,000 and 10,000 services.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use tidegate_tests::scale::{SIZES, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&SIZES, &mut stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
