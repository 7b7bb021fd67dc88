//! What a function's memory means for its time: Lambda gives it a share of a CPU in proportion.
//!
//! While a function computes, more memory costs nothing: it takes so much less time. While it waits for AWS, it does. So
//! the template has the smallest size at which a first invocation computes for less time than its calls take at 20 ms
//! each; scan-gate has twice that, as it reads thousands of findings.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Line;
use super::functions::Function;
use super::measure::milliseconds;

/// Memory with which a function has one whole CPU, in MB.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const WHOLE_CPU: f64 = 1769.0;

/// How long a first invocation computes in less and in more memory than the template has.
///
/// # Errors
/// Where the template does not say how much that is.
pub fn time_of(function: &Function, first: Duration) -> Result<Line, Box<dyn Error>> {
    let template = in_the_template(function.memory)?;
    let time = |mb: f64| format!("{:.0}", milliseconds(first) * WHOLE_CPU / mb);
    let times = [template / 2.0, template, template * 2.0].map(time).join(", ");
    let what =
        format!("  its time with {:.0}, {template:.0} (the template's), {:.0} MB", template / 2.0, template * 2.0);
    Ok(Line::told(what, format!("{times} ms")))
}

/// The default of a parameter of the template, in MB.
fn in_the_template(parameter: &str) -> Result<f64, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let template = fs::read_to_string(root.join("template.yaml"))?;
    let lines = template.lines().skip_while(|line| *line != format!("  {parameter}:")).skip(1);
    let default =
        lines.take_while(|line| line.starts_with("    ")).find_map(|line| line.trim().strip_prefix("Default: "));
    Ok(default.ok_or_else(|| format!("the template has no default of {parameter}"))?.parse()?)
}
