//! The demo: images gated, releases looked at and judged, and a simulated day of several services scaled, by the real
//! binaries through the Lambda Runtime API.
//!
//! - [`pushes`], [`push`], [`scans`]: the images and how each should end, how they are lived, what is told of one
//! - [`acts`], [`release`], [`verdicts`]: the same of the releases
//! - [`cast`], [`day`], [`show`]: the same of the day, and of everything together
//! - [`told`]: the messages of all of them

pub mod acts;
pub mod cast;
pub mod day;
pub mod push;
pub mod pushes;
pub mod release;
pub mod scans;
pub mod show;
pub mod told;
pub mod verdicts;

use std::error::Error;
use std::io::Write;
use std::path::Path;

/// Runs the demo.
///
/// # Errors
/// Where something can't be written, or any push, release or service ended differently from what it should.
pub async fn run(out: &mut impl Write, report: &Path) -> Result<(), Box<dyn Error>> {
    writeln!(out, "Two pushes, gated by the scan-gate's binary.\n")?;
    let pushes = push::live(pushes::acts()).await?;
    for push in &pushes {
        scans::print(out, push)?;
    }
    let acts = acts::acts();
    writeln!(
        out,
        "{} releases: the deploy-hook's binary looks before, the canary-gate's judges what is live.\n",
        acts.len()
    )?;
    let mut releases = Vec::new();
    for act in acts {
        let release = release::live(act).await?;
        verdicts::print(out, &release)?;
        releases.push(release);
    }
    writeln!(out, "A day of {} services, a run of the cost-scaler's binary every minute.\n", cast::cast().len())?;
    let day = day::live(cast::cast()).await?;
    show::print(out, &day)?;
    if let Some(folder) = report.parent() {
        std::fs::create_dir_all(folder)?;
    }
    show::page(&pushes, &releases, &day).write(report)?;
    show::sum_up(out, &pushes, &releases, &day)?;
    writeln!(out, "\nAll of it in pictures: {}", report.display())?;
    let of_pushes = pushes.iter().filter_map(push::Push::unexpected);
    let of_releases = releases.iter().filter_map(release::Release::unexpected);
    let of_the_day = day.parts.iter().filter_map(day::Part::unexpected);
    let unexpected: Vec<String> = of_pushes.chain(of_releases).chain(of_the_day).collect();
    if unexpected.is_empty() { Ok(()) } else { Err(unexpected.join("\n").into()) }
}
