//! What enrols a service and says how it is judged: tags, and the variables of the functions.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tidegate_aws::clock::ClockSource;
use tidegate_aws::settings::SettingFaults;
use tidegate_core::mode::Mode;
use tidegate_core::tags::{KNOWN, PREFIX, TagFault, Tags};
use tidegate_core::{canary, hook, scaling, scan};
use tidegate_lambda::settings::Common;

use super::{NOW, is_sentence};

/// `name=value` of each line.
fn pairs(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once('=')).collect()
}

/// A text of `name=value`, a line each, read as tags by every function, and as the details of a hook.
///
/// # Panics
/// Where something does not hold.
pub fn tags(text: &str) {
    let pairs = pairs(text);
    let tags = Tags::new(pairs.iter().map(|(name, value)| (format!("{PREFIX}{name}"), *value)));
    let none = Tags::default();

    let scaling = scaling::enrolment::read(&tags, &scaling::Policy::default());
    assert_eq!(scaling, scaling::enrolment::read(&tags, &scaling::Policy::default()));
    if let Some(enrolment) = kept(scaling, &tags) {
        let policy = enrolment.policy;
        enrolled(&tags, scaling::enrolment::SCALE, policy.mode);
        assert!(policy.min.zip(policy.max).is_none_or(|(min, max)| min <= max), "{policy:?}");
        recorded(&policy);
    }

    if let Some(enrolment) = kept(scan::enrolment::read(&tags, NOW), &tags) {
        enrolled(&tags, scan::enrolment::SCAN, enrolment.mode);
        recorded(&enrolment);
    }

    for (of_service, of_hook) in [(&tags, &none), (&none, &tags), (&tags, &tags)] {
        let gate = canary::enrolment::read(of_service, of_hook, &canary::Policy::default(), NOW);
        assert_eq!(gate, canary::enrolment::read(of_service, of_hook, &canary::Policy::default(), NOW));
        if let Some(policy) = kept(gate, &tags) {
            enrolled(of_service, canary::enrolment::GATE, policy.mode);
            recorded(&policy);
        }
        let hook = hook::enrolment::read(of_service, of_hook, &hook::Policy::default(), NOW);
        assert_eq!(hook, hook::enrolment::read(of_service, of_hook, &hook::Policy::default(), NOW));
        if let Some(policy) = kept(hook, &tags) {
            enrolled(of_service, hook::enrolment::HOOK, policy.mode);
            recorded(&policy);
        }
    }
}

/// What was read; where it could not be, its faults name tags that are there.
fn kept<T>(read: Result<T, Vec<TagFault>>, tags: &Tags) -> Option<T> {
    let faults = match read {
        Ok(read) => return Some(read),
        Err(faults) => faults,
    };
    assert!(!faults.is_empty(), "nothing was read, and nothing is wrong");
    for fault in faults {
        is_sentence(&fault.to_string());
        is_sentence(&fault.rule);
        // That no metric is left to scale by is the fault of a tag that need not be there.
        let is_there = tags.get(&fault.tag).is_some_and(|value| value == fault.value.trim());
        assert!(is_there || KNOWN.contains(&fault.tag.as_str()), "{fault}");
    }
    None
}

/// Nothing acts but by the letter of its tag.
fn enrolled(tags: &Tags, tag: &str, mode: Mode) {
    let said = tags.mode(tag).expect("it was read");
    assert!(mode <= said, "{tag} says {said:?}, and the mode is {mode:?}");
    assert!(mode < Mode::On || tags.get(tag) == Some("on"), "{tag} is {:?}", tags.get(tag));
}

/// A record has it whole.
fn recorded<T: Serialize + DeserializeOwned + PartialEq + Debug>(policy: &T) {
    assert_eq!(serde_json::from_value(json!(policy)).ok().as_ref(), Some(policy));
}

/// A text of `NAME=value`, a line each, read as the environment by every function.
///
/// # Panics
/// Where something does not hold.
pub fn settings(text: &str) {
    let pairs = pairs(text);
    let source = |name: &str| pairs.get(name).map(|value| (*value).to_owned());
    set(&pairs, &cost_scaler::settings::Settings::read(source), |read| &read.common);
    set(&pairs, &canary_gate::settings::Settings::read(source), |read| &read.common);
    set(&pairs, &scan_gate::settings::Settings::read(source), |read| &read.common);
    set(&pairs, &deploy_hook::settings::Settings::read(source), |read| &read.common);
}

fn set<T>(pairs: &BTreeMap<&str, &str>, read: &Result<T, SettingFaults>, common: impl Fn(&T) -> &Common) {
    match read {
        Ok(read) => {
            let common = common(read);
            assert!((1..=50).contains(&common.concurrency), "{common:?}");
            let is_near = match &common.clock {
                ClockSource::System => true,
                ClockSource::World(address) => address.ip().is_loopback(),
            };
            assert!(is_near, "{common:?}");
        }
        Err(SettingFaults(faults)) => {
            assert!(!faults.is_empty(), "nothing was read, and nothing is wrong");
            for fault in faults {
                is_sentence(&fault.to_string());
                is_sentence(&fault.rule);
                let value = pairs.get(fault.name.as_str()).map(|value| value.trim());
                assert_eq!(value, Some(fault.value.as_str()), "{fault}");
            }
        }
    }
}
