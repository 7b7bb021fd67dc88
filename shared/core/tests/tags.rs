//! The table of tags beside the readers of each function.

use std::fmt::Debug;

use jiff::Timestamp;
use tidegate_core::tags::{PREFIX, TABLE, Tag, TagFault, Tags};
use tidegate_core::{canary, hook, scaling, scan};

/// What a function makes of tags, in words that can be compared.
fn read(function: &str, tags: &Tags) -> Result<String, Vec<TagFault>> {
    fn plain(policy: impl Debug) -> String {
        format!("{policy:?}")
    }
    let none = Tags::default();
    let now = Timestamp::UNIX_EPOCH;
    match function {
        "cost-scaler" => scaling::enrolment::read(tags, &scaling::Policy::default()).map(plain),
        "canary-gate" => canary::enrolment::read(tags, &none, &canary::Policy::default(), now).map(plain),
        "deploy-hook" => hook::enrolment::read(tags, &none, &hook::Policy::default(), now).map(plain),
        "scan-gate" => scan::enrolment::read(tags, now).map(plain),
        other => unreachable!("no function is called {other}"),
    }
}

fn with(tag: &Tag, value: &str) -> Tags {
    Tags::new([(format!("{PREFIX}{}", tag.name), value)])
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let mut written = 0;
    for tag in TABLE {
        let Some(default) = tag.default else { continue };
        let without = read(tag.function, &Tags::default());
        assert!(without.is_ok(), "{tag:?}: {without:?}");
        assert_eq!(read(tag.function, &with(tag, default)), without, "{tag:?}");
        written += 1;
    }
    assert!(written > 25, "{written} tags have a default");
}

#[test]
fn every_function_reads_the_tags_that_are_said_to_be_its_own() {
    // Names of alarms are any words, and the scaler's function reads them itself, where there are alarms.
    for tag in TABLE.iter().filter(|tag| tag.name != "alarms") {
        let faults = read(tag.function, &with(tag, "?")).expect_err("nobody could read that");
        assert_eq!(faults.iter().map(|fault| fault.tag.as_str()).collect::<Vec<_>>(), [tag.name], "{tag:?}");
    }
}

#[test]
fn each_tag_is_in_the_table_once_for_each_function() {
    for (tag, at) in TABLE.iter().zip(0..) {
        let twin = TABLE[..at].iter().find(|other| (other.function, other.name) == (tag.function, tag.name));
        assert_eq!(twin, None);
    }
}
