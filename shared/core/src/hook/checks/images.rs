//! Whether every container's image may run, is there, and fits: the scan verdict, in the rules of a deployment.

use jiff::Timestamp;

use crate::hook::facts::{Facts, Image};
use crate::hook::judgement::{Finding, Waits};
use crate::hook::policy::{Level, Policy};
use crate::hook::rule::Rule;
use crate::mode::Mode;
use crate::scan::{self, Reason};
use crate::verdict::Verdict;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    facts.images.iter().flat_map(|image| verdict(image, policy, now)).collect()
}

/// The scan verdict. Whoever has `tidegate:scan` in shadow is told, and not held up.
fn verdict(image: &Image, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let Some(facts) = &image.facts else {
        let why = format!("{} is no image that could run", image.name);
        return vec![Finding::broken(Rule::ImageMissing, why).fix("name the image itself, not what is attached to it")];
    };
    let judgement = scan::judge(facts, &image.policy, now);
    let level = if policy.images == Mode::On { Level::Block } else { Level::Warn };
    let warning = |why: String| Finding { level: Level::Warn, ..Finding::broken(Rule::ImageBlocked, why) };
    let of_platform = facts.image.short();
    let mut findings: Vec<Finding> = match (judgement.verdict, judgement.reason) {
        (Verdict::Pass, Reason::RollBack | Reason::BreakGlass) => vec![warning(judgement.why)],
        (Verdict::Pass, _) => Vec::new(),
        (Verdict::Fail, Reason::ImageMissing) => {
            let fix = "push it, or name one that is there";
            vec![Finding::broken(Rule::ImageMissing, judgement.why).fix(fix)]
        }
        (Verdict::Fail, Reason::ImageArchived) => {
            let fix = "deploy another image, or restore this one, which takes up to 20 minutes";
            vec![Finding::broken(Rule::ImageArchived, judgement.why).fix(fix)]
        }
        (Verdict::Fail, Reason::NoPlatform) => {
            let fix = "build it for the task's CPU architecture, or set runtimePlatform to one that it has";
            vec![Finding::broken(Rule::WrongArchitecture, judgement.why).fix(fix)]
        }
        (Verdict::Fail, _) => {
            let fix =
                "update what has a fix and deploy the rebuilt image, or accept the finding in the policy for a while";
            let finding = Finding::broken(Rule::ImageBlocked, judgement.why).fix(fix);
            vec![Finding { level, ..finding }]
        }
        // The scan's own policy says for how long it is waited for: then it is unknown, and blocks or warns.
        (Verdict::Inconclusive, _) => {
            let waits = Waits { until: Some(Timestamp::MAX), look_again_s: judgement.look_again_s };
            vec![Finding { level, ..Finding::waiting(Rule::ImageBlocked, waits, judgement.why) }]
        }
        (Verdict::Error, _) => {
            vec![Finding { level, ..Finding::waiting(Rule::ImageBlocked, Waits::default(), judgement.why) }]
        }
    };
    let of_image = |text: String| {
        if text.contains(&of_platform) { text } else { format!("{of_platform}: {text}") }
    };
    findings.extend(judgement.warnings.into_iter().map(|text| warning(of_image(text))));
    findings
}
