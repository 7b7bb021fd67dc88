//! `make bench`: measures the release binaries against the budgets of the design, beside Python. Arguments are the names of
//! functions, where not all of them are meant.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match tidegate_tests::bench::run(&names, &mut stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
