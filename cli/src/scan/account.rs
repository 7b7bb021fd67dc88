//! An image of the account, looked at as the gate does, and with patience where it is not scanned yet. Nothing is changed:
//! not even a scan is begun.

use std::time::Duration;

use anyhow::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use scan_gate::settings::Settings;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::parameters::Parameters;
use tidegate_core::mode::Mode;
use tidegate_core::scan::document::Document;
use tidegate_core::scan::facts::Facts;
use tidegate_core::scan::{Judgement, Reason};
use tidegate_core::verdict::Verdict;
use tidegate_core::words::counted;
use tidegate_lambda::images::{self, Looking, NoImage, repository_of};

use super::name::Named;
use super::{Args, Judged};

/// What an image is looked at through.
pub trait Ports: images::Ports + Parameters {}
impl<T: images::Ports + Parameters> Ports for T {}

/// An image of the account.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Live {
    /// The image as a task definition names it; without a host it is in the account's own registry.
    #[arg(value_name = "IMAGE", value_parser = Named::read)]
    pub image: Option<Named>,
    /// The architecture that it is to run on [default: every platform of an index has to pass].
    #[arg(long, conflicts_with = "findings", value_parser = ["amd64", "arm64"])]
    pub architecture: Option<String>,
    /// Wait for the scan, for 30 minutes at most, or for so many.
    #[arg(
        long,
        value_name = "MINUTES",
        conflicts_with_all = ["findings", "now"],
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "30",
        value_parser = clap::value_parser!(u16).range(1..=1440)
    )]
    pub wait: Option<u16>,
}

/// The account is given so long for one look.
const PATIENCE: Duration = Duration::from_mins(5);

/// When to look again where nothing is said about it.
const LOOK_AGAIN_S: u32 = 30;

/// What can't be read so many times in a row is not waited for any longer.
const MOST_UNREAD: u32 = 3;

/// Judges an image, and where it is to be waited for until there is a verdict or the time is over. `tell` is told what is
/// waited for.
///
/// # Errors
/// Where it is no image that could run, which registry it is in could not be told, or the policy can't be read.
pub async fn judged<P: Ports>(
    ports: &P,
    settings: &Settings,
    region: &str,
    image: &Named,
    args: &Args,
    mut tell: impl FnMut(&str),
) -> Result<Judged> {
    let began = ports.now().await;
    let name = image.in_account(ports, region).await?;
    let document = args.rules.in_account(ports, settings, args.now.unwrap_or(began)).await?;
    let policy = document.clone().unwrap_or_default().policy(&name.repository);
    let until = args.live.wait.map(|minutes| began + SignedDuration::from_mins(minutes.into()));
    let mut unread = 0;
    loop {
        let at = match args.now {
            Some(moment) => moment,
            None => ports.now().await,
        };
        let deadline = &Deadline::within(PATIENCE);
        let looking = Looking::new(ports, deadline, settings.common.concurrency, false, at);
        let looked = looking.judge(&name, args.live.architecture.as_deref(), &policy).await;
        let (facts, judgement) = looked.map_err(|NoImage(why)| Error::msg(why))?;
        unread = if judgement.verdict == Verdict::Error { unread + 1 } else { 0 };
        let open = judgement.verdict == Verdict::Inconclusive || (1..MOST_UNREAD).contains(&unread);
        let left = left(until, at).filter(|_| open);
        if let Some(left) = left {
            let pause = Duration::from_secs(judgement.look_again_s.unwrap_or(LOOK_AGAIN_S).into()).min(left);
            tell(&waiting(&judgement, pause, left));
            ports.sleep(pause).await;
            continue;
        }
        let mut notes = notes(&facts, &judgement, document.as_ref());
        if let Some(minutes) = args.live.wait.filter(|_| open) {
            notes.push(format!("there was no verdict within {}", counted(minutes, "minute")));
        }
        return Ok(Judged { facts, policy, judgement, notes, at });
    }
}

/// What is left of the time to wait. None where it is over, or nobody waits.
fn left(until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    Duration::try_from(until?.duration_since(now)).ok().filter(|left| !left.is_zero())
}

fn waiting(judgement: &Judgement, pause: Duration, left: Duration) -> String {
    format!(
        "{} ({}): {}; looking again in {}, for at most {}",
        judgement.verdict.as_str(),
        judgement.reason.code(),
        judgement.why,
        counted(pause.as_secs(), "second"),
        counted(left.as_secs().div_ceil(60), "more minute"),
    )
}

/// What is to be known beside the verdict.
fn notes(facts: &Facts, judgement: &Judgement, document: Option<&Document>) -> Vec<String> {
    let repository = &facts.image.repository;
    let mut notes = Vec::new();
    match document.map(|document| document.policy(repository).mode) {
        None => notes.push("it is judged by the built-in policy: no document was named".to_owned()),
        Some(Mode::Off) => notes.push(format!(
            "the policy's mode for {repository} is off: the gate looks at the image only where a service or task that is \
             enrolled brings it"
        )),
        Some(Mode::Shadow | Mode::On) => {}
    }
    let unread = facts.unreadable.iter().filter(|unreadable| !judgement.why.contains(&unreadable.why));
    notes.extend(unread.map(|unreadable| format!("it could not be read: {}", unreadable.why)));
    if let Some(repository) = repository_of(&facts.image) {
        notes.extend(judgement.scan_to_begin.iter().map(|digest| {
            format!(
                "this command begins no scan; to begin one: aws ecr start-image-scan --region {} --registry-id {} \
                 --repository-name {} --image-id imageDigest={digest}",
                repository.region, repository.account, repository.name
            )
        }));
    }
    if judgement.reason == Reason::ImageArchived {
        notes.push(format!("to bring it back: tidegate scan release {}/{}", facts.image.registry, facts.image.id()));
    }
    notes
}
