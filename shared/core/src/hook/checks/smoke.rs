//! Whether the new version answers.

use jiff::Timestamp;

use crate::hook::facts::Facts;
use crate::hook::judgement::Finding;
use crate::hook::policy::Policy;
use crate::hook::rule::Rule;
use crate::hook::stage::Check;
use crate::smoke::{Request, Tried, fits};
use crate::words::counted;

/// What is broken, or not kept yet.
#[must_use]
pub fn check(facts: &Facts, policy: &Policy, _now: Timestamp) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.smoke.iter().filter_map(failed).collect();
    // Where it is known why nothing was sent, that is told in the place of it.
    if !facts.unreadable.iter().any(|unreadable| unreadable.what == Check::Smoke) {
        let tried = |request: &Request| facts.smoke.iter().any(|tried| tried.request == *request);
        findings.extend(
            policy
                .smoke
                .iter()
                .filter(|request| !tried(request))
                .map(|request| Finding::broken(Rule::SmokeFailed, "it was not sent").about(request.told()).fix(FIX)),
        );
        if let Some(name) = policy.smoke_parameter.as_ref().filter(|_| policy.smoke.is_empty()) {
            let why = format!("the requests in the parameter {name} were not read");
            findings.push(Finding::broken(Rule::SmokeFailed, why).fix(FIX));
        }
    }
    findings
}

const FIX: &str = "see what the hook's log says about sending, and deploy again";

/// The last attempt has the say.
fn failed(tried: &Tried) -> Option<Finding> {
    let broken = |why: String| Finding::broken(Rule::SmokeFailed, why).about(tried.request.told());
    let Some(last) = tried.attempts.last() else {
        return Some(broken("it could not be sent".to_owned()).fix(FIX));
    };
    let why = fits(&tried.request, last).err()?;
    let attempts = match tried.attempts.len() {
        1 => String::new(),
        more => format!(", in the last of {}", counted(more, "attempt")),
    };
    let fix = "ask the new version yourself at the test listener; where the answer is right, mend what is expected";
    Some(broken(format!("{why}{attempts}")).fix(fix))
}
