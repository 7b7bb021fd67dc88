//! Logs, records and metrics, as Lambda's JSON log format wants them.

use tracing::Level;

/// Standard output, where Lambda reads records and metrics line by line.
pub trait Output {
    /// Writes one line.
    fn line(&self, line: &str);
}

impl Output for crate::sdk::Aws {
    #[expect(clippy::print_stdout, reason = "this is the way to CloudWatch Logs")]
    fn line(&self, line: &str) {
        println!("{line}");
    }
}

/// Sets up logging for a function. The runtime's own set-up leaves the time out, without which CloudWatch takes every
/// line for `INFO`.
///
/// `level` is what Lambda puts into `AWS_LAMBDA_LOG_LEVEL`.
pub fn init(level: Option<&str>) {
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true).with_span_list(false);
    lines.with_target(false).with_max_level(level).init();
}
