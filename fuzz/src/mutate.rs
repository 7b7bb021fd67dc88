//! JSON, changed so that it stays JSON: bytes that are changed at random mostly are none any more, which ends every reader's
//! work before it begins.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

/// One in so many changes is of the bytes all the same.
const BYTES: usize = 8;

/// A list grows by up to so many copies of an item at once: more than anything keeps or tells.
const COPIES: usize = 64;

/// Words that AWS says, and readers tell apart.
const WORDS: &[&str] = &[
    "",
    "ACTIVE",
    "ALARM",
    "ARCHIVE",
    "CLOSED",
    "COMPLETE",
    "CRITICAL",
    "CVE-2026-1234",
    "ECR Image Action",
    "ECR Image Scan",
    "ECS Deployment State Change",
    "ECS Task State Change",
    "FAILED",
    "HIGH",
    "IN_PROGRESS",
    "Inspector2 Finding",
    "Inspector2 Scan",
    "LOW",
    "MEDIUM",
    "NO",
    "NotAvailable",
    "OK",
    "PARTIAL",
    "PENDING",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PUSH",
    "SCAN_ELIGIBILITY_EXPIRED",
    "SERVICE_DEPLOYMENT_IN_PROGRESS",
    "SUCCESS",
    "SUPPRESSED",
    "Scheduled Event",
    "UNDEFINED",
    "UNSUPPORTED_IMAGE",
    "UNTRIAGED",
    "YES",
    "arn:aws:ecr:eu-west-1:123456789012:repository/shop/sha256:a",
    "arn:aws:ecs:eu-west-1:123456789012:service/main/shop",
    "arn:aws:ecs:eu-west-1:123456789012:task/main/1",
    "aws:sns",
    "aws:sqs",
    "off",
    "openssl",
    "service:shop",
    "sha256:a",
    "shop",
    "\u{e9}\u{1f600}",
    "-009999-01-02T01:59:59Z",
    "1970-01-01T00:00:00Z",
    "2026-11-20T00:00:00Z",
    "2026-11-27T13:59:59.999999999Z",
    "2026-11-27T14:00:00+23:59",
    "9999-12-30T22:00:00Z",
];

/// Keys under which readers look.
const KEYS: &[&str] = &[
    "LifecycleEventHookExecutionId",
    "Message",
    "Records",
    "Timestamp",
    "attributes",
    "body",
    "cluster",
    "clusterArn",
    "desiredStatus",
    "detail",
    "detail-type",
    "enhancedFindings",
    "epoch",
    "epss",
    "eventName",
    "executionDetails",
    "exploitAvailable",
    "findingArn",
    "findingSeverityCounts",
    "findings",
    "fixAvailable",
    "group",
    "hookDetails",
    "image-digest",
    "imageDigest",
    "imageId",
    "imageScanCompletedAt",
    "imageScanFindings",
    "imageScanStatus",
    "imageTag",
    "lifecycleStage",
    "mode",
    "nextToken",
    "packageVulnerabilityDetails",
    "pushedAt",
    "release",
    "repository-name",
    "repositoryName",
    "resources",
    "score",
    "serviceArn",
    "severity",
    "status",
    "taskArn",
    "tidegate",
    "time",
    "vendorCreatedAt",
];

/// Changes JSON within its buffer, of which the first `size` bytes are it; answers with its new size.
///
/// The same `seed` makes the same of it. What is no JSON, or does not fit, is changed by its bytes.
pub fn json(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed));
    let read = serde_json::from_slice::<Value>(&data[..size]).ok().filter(|_| dice.roll(BYTES) > 0);
    let changed = read.map(|mut value| {
        for _ in 0..=dice.roll(3) {
            change(&mut value, &mut dice);
        }
        value.to_string()
    });
    match changed.filter(|text| text.len() <= max_size.min(data.len())) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}

/// Changes one of the values in a value.
fn change(root: &mut Value, dice: &mut Dice) {
    let count = count(root);
    let other = nth(root, dice.roll(count)).map(|value| value.clone()).unwrap_or_default();
    let Some(value) = nth(root, dice.roll(count)) else { return };
    match (dice.roll(4), value) {
        (0, value) => *value = edge(dice),
        (1, value) => *value = other,
        (2, Value::Array(items)) if !items.is_empty() => {
            items.remove(dice.roll(items.len()));
        }
        (3, Value::Array(items)) if !items.is_empty() => {
            let (item, at) = (items[dice.roll(items.len())].clone(), dice.roll(items.len()));
            let copies = if dice.roll(4) == 0 { 1 + dice.roll(COPIES) } else { 1 };
            items.splice(at..at, std::iter::repeat_n(item, copies));
        }
        (_, Value::Array(items)) => items.push(other),
        (2, Value::Object(entries)) if !entries.is_empty() => {
            let key = entries.keys().nth(dice.roll(entries.len())).cloned();
            key.and_then(|key| entries.remove(&key));
        }
        (3, Value::Object(entries)) => {
            entries.insert(dice.of(KEYS).to_owned(), other);
        }
        (_, Value::Object(entries)) => {
            entries.insert(dice.of(KEYS).to_owned(), edge(dice));
        }
        (_, Value::String(text)) => *text = reworded(text, dice),
        (_, value) => *value = edge(dice),
    }
}

/// A text, of which a JSON in it is changed like any other: messages are in messages.
fn reworded(text: &str, dice: &mut Dice) -> String {
    if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        change(&mut inner, dice);
        return inner.to_string();
    }
    let letters: Vec<char> = text.chars().collect();
    let (before, after) = letters.split_at(dice.roll(letters.len() + 1));
    let part = |letters: &[char]| letters.iter().collect::<String>();
    match dice.roll(3) {
        0 => part(before),
        1 => part(after),
        _ => format!("{}{}{}", part(before), dice.of(&["/", ":", "@", "*", " ", "\n", "0", "\u{e9}"]), part(after)),
    }
}

/// A value at the edge of what is understood.
fn edge(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(0.5),
        6 => json!(1e300),
        // About the last second that there is a date for.
        7 => json!(253_402_207_000_u64),
        8 => json!([]),
        9 => json!({}),
        _ => json!(dice.of(WORDS)),
    }
}

/// How many values a value has, with itself.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at a place, in the order in which [`count`] counts them.
fn nth(value: &mut Value, place: usize) -> Option<&mut Value> {
    fn at<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
        if *left == 0 {
            return Some(value);
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter_mut().find_map(|item| at(item, left)),
            Value::Object(entries) => entries.values_mut().find_map(|item| at(item, left)),
            _ => None,
        }
    }
    at(value, &mut { place })
}

/// Chance from a seed (`SplitMix64`), so that libFuzzer can repeat what it did.
struct Dice(u64);

impl Dice {
    /// One of the numbers below `sides`, which is at least 1.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or_default() % sides
    }

    /// One of some words, of which there is at least one.
    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.roll(words.len())]
    }
}
