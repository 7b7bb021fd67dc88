//! What `aws ecr describe-image-scan-findings` prints, as facts.
//!
//! One answer, several pages of one, or those of an image's platforms: one behind the other, or in an array. What is missing
//! is taken for unknown. What contradicts itself, or can't be understood, is noted as unreadable, which never passes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Deserializer, Value};
use tidegate_core::scan::Facts;
use tidegate_core::scan::facts::{Image, Kind, Part, Platform, Scan, ScanStatus, Unreadable};
pub use tidegate_core::scan::finding::Finding;
use tidegate_core::scan::finding::{Fix, Package, Severity, Status};
use tidegate_core::scan::image_name::Registry;

use crate::trace;

/// What is known beside the file.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The repository, in place of the file's.
    pub repository: Option<String>,
    /// When the image was pushed.
    pub pushed_at: Option<Timestamp>,
}

const SHAPE: &str = "must be what `aws ecr describe-image-scan-findings` prints";

/// Reads a text.
///
/// # Errors
/// Where it is not JSON, not an answer of ECR's about one repository, or names no repository.
pub fn read(text: &str, known: Known) -> Result<Facts> {
    let values: Vec<Value> = Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .with_context(|| format!("the findings are not JSON: {SHAPE}"))?;
    facts(&values, known)
}

/// The facts of the image that the answers are about.
///
/// # Errors
/// As [`read`].
pub fn facts(values: &[Value], known: Known) -> Result<Facts> {
    let pages: Vec<&Value> = values
        .iter()
        .flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        })
        .collect();
    ensure!(!pages.is_empty(), "there are no findings: {SHAPE}");
    let is_answer = |page: &&Value| page.get("imageScanStatus").is_some() || page.get("imageScanFindings").is_some();
    if let Some(index) = pages.iter().position(|page| !is_answer(page)) {
        bail!("answer {} has neither imageScanStatus nor imageScanFindings: {SHAPE}", index + 1);
    }
    let mut image = image(&pages, known.repository)?;
    let pushed_at = known.pushed_at.or_else(|| pushed_at(&pages));
    let mut facts = Facts { pushed_at, ..Facts::of(Image::default()) };
    for (digest, pages) in by_image(&pages) {
        facts.platforms.push(platform(digest, &pages, &mut facts.unreadable));
    }
    // Several digests are the platforms of one image, whose own is not told.
    if let [platform] = facts.platforms.as_slice() {
        image.digest = Some(platform.digest.clone()).filter(|digest| digest != UNNAMED);
    }
    Ok(Facts { image, ..facts })
}

/// Where an answer does not name its image.
const UNNAMED: &str = "unnamed";

/// Which image; all answers have to be of one repository.
fn image(pages: &[&Value], repository: Option<String>) -> Result<Image> {
    let mut named: Vec<String> = pages.iter().filter_map(|page| text(page, "repositoryName")).collect();
    named.sort();
    named.dedup();
    let repository = match (repository, named.as_slice()) {
        (Some(repository), _) => repository,
        (None, [one]) => one.clone(),
        (None, []) => bail!("the findings name no repository: say it with --repository"),
        (None, several) => bail!("the findings are of {}: judge one image at a time", several.join(" and ")),
    };
    let mut tags: Vec<String> = pages.iter().filter_map(|page| text(page.get("imageId")?, "imageTag")).collect();
    for image in containers(pages) {
        let listed = image.get("imageTags").and_then(Value::as_array).into_iter().flatten();
        tags.extend(listed.filter_map(Value::as_str).map(str::to_owned));
    }
    // The tag that was asked for stays the first.
    let mut seen = BTreeSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    let account = pages.iter().find_map(|page| text(page, "registryId")).unwrap_or_default();
    let registry = match region(pages) {
        Some(region) if !account.is_empty() => Registry::in_account(&account, region).host().to_owned(),
        _ => account,
    };
    Ok(Image { registry, repository, digest: None, tags })
}

/// The region, which only the ARNs of findings tell.
fn region<'v>(pages: &[&'v Value]) -> Option<&'v str> {
    let arns = items(pages).filter_map(|(_, item)| item.get("findingArn")?.as_str());
    arns.filter_map(|arn| arn.split(':').nth(3)).find(|region| !region.is_empty())
}

/// What enhanced findings say of the image that they are in.
fn containers<'v>(pages: &[&'v Value]) -> impl Iterator<Item = &'v Value> {
    let resources = items(pages).filter_map(|(_, item)| item.get("resources")?.as_array()).flatten();
    resources.filter_map(|resource| resource.get("details")?.get("awsEcrContainerImage"))
}

fn pushed_at(pages: &[&Value]) -> Option<Timestamp> {
    containers(pages).filter_map(|image| time(image.get("pushedAt")?)).max()
}

/// The answers of each image, by digest, in the order of the file.
fn by_image<'v>(pages: &[&'v Value]) -> Vec<(String, Vec<&'v Value>)> {
    let mut images: Vec<(String, Vec<&Value>)> = Vec::new();
    for page in pages {
        let id = page.get("imageId");
        let named = id.and_then(|id| text(id, "imageDigest").or_else(|| text(id, "imageTag")));
        // A page that does not say is one more of the image before it.
        let last = || images.last().map(|(name, _)| name.clone());
        let name = named.or_else(last).unwrap_or_else(|| UNNAMED.to_owned());
        match images.iter_mut().find(|(known, _)| *known == name) {
            Some((_, pages)) => pages.push(page),
            None => images.push((name, vec![page])),
        }
    }
    images
}

/// One platform's image, from all its pages.
fn platform(digest: String, pages: &[&Value], unreadable: &mut Vec<Unreadable>) -> Platform {
    let mut note = |why: String| unreadable.push(Unreadable { what: Part::Scan, why });
    let mut scan = Scan::of(status(pages, &mut note));
    scan.description = pages.iter().find_map(|page| text(page.get("imageScanStatus")?, "description"));
    let found = || pages.iter().filter_map(|page| page.get("imageScanFindings"));
    scan.completed_at = found().filter_map(|found| time(found.get("imageScanCompletedAt")?)).max();
    for (place, item) in items(pages) {
        let is_enhanced = item.get("findingArn").is_some() || item.get("packageVulnerabilityDetails").is_some();
        if !item.is_object() {
            note(format!("one of the {place} is no finding: {}", short(item)));
            continue;
        }
        scan.kind = if is_enhanced { Some(Kind::Enhanced) } else { scan.kind.or(Some(Kind::Basic)) };
        scan.findings.push(if is_enhanced { enhanced(item) } else { basic(item) });
    }
    for place in LISTS {
        let odd = found().filter_map(|found| found.get(place)).find(|list| !list.is_array() && !list.is_null());
        if let Some(odd) = odd {
            note(format!("{place} is no list: {}", short(odd)));
        }
    }
    let counts = found().filter_map(|found| found.get("findingSeverityCounts")?.as_object()).flatten();
    scan.count(counts.map(|(word, count)| (word.as_str(), count.as_f64().unwrap_or(f64::NAN))));
    let token = |page: &Value| ["nextToken", "NextToken"].iter().any(|key| text(page, key).is_some());
    scan.more |= pages.iter().all(|page| token(page));
    Platform { digest, name: None, scan }
}

/// How the scan stands. Pages that disagree were read at different times, and which was the last is not known.
fn status(pages: &[&Value], note: &mut impl FnMut(String)) -> ScanStatus {
    let mut said: Vec<&Value> = pages.iter().filter_map(|page| page.get("imageScanStatus")?.get("status")).collect();
    said.dedup();
    let why = match said.as_slice() {
        [Value::String(word)] => {
            let known = serde_json::from_value(Value::String(word.clone()));
            return known.unwrap_or_else(|_| ScanStatus::Other(word.clone()));
        }
        [] => "it is not said how the scan stands (imageScanStatus)".to_owned(),
        [odd] => format!("the status of the scan is no word: {}", short(odd)),
        several => {
            let words: Vec<String> = several.iter().map(|word| short(word)).collect();
            format!("the pages disagree about how the scan stands: {}", words.join(" and "))
        }
    };
    note(why);
    ScanStatus::Unreadable
}

/// The lists that findings are in.
const LISTS: [&str; 2] = ["findings", "enhancedFindings"];

/// Every item of both lists. What it looks like tells its kind, not where it stands.
fn items<'v>(pages: &[&'v Value]) -> impl Iterator<Item = (&'static str, &'v Value)> {
    let found: Vec<&Value> = pages.iter().filter_map(|page| page.get("imageScanFindings")).collect();
    found.into_iter().flat_map(|found| {
        LISTS.into_iter().flat_map(move |place| {
            let list = found.get(place).and_then(Value::as_array).into_iter().flatten();
            list.map(move |item| (place, item))
        })
    })
}

/// A finding of basic scanning, which says nothing of fixes.
fn basic(item: &Value) -> Finding {
    let attributes = || item.get("attributes").and_then(Value::as_array).into_iter().flatten();
    let attribute = |key: &str| {
        let found = attributes().find(|attribute| attribute.get("key").and_then(Value::as_str) == Some(key));
        found.and_then(|attribute| text(attribute, "value"))
    };
    let package = attribute("package_name").map(|name| Package {
        name,
        installed: attribute("package_version"),
        ..Package::default()
    });
    Finding {
        id: text(item, "name").unwrap_or_else(|| UNNAMED.to_owned()),
        severity: severity(item).unwrap_or(Severity::Undefined),
        status: Status::Active,
        fix: Fix::Unknown,
        packages: package.into_iter().collect(),
        published_at: None,
        first_seen_at: None,
        exploit_available: None,
        known_exploited: None,
        epss: None,
        url: text(item, "uri"),
        arn: None,
    }
}

/// A finding of Inspector's.
fn enhanced(item: &Value) -> Finding {
    let details = item.get("packageVulnerabilityDetails").unwrap_or(&Value::Null);
    let packages = details.get("vulnerablePackages").and_then(Value::as_array).into_iter().flatten();
    let packages: Vec<Package> = packages.map(package).collect();
    let id = text(details, "vulnerabilityId").or_else(|| text(item, "title"));
    let moment = |value: &Value, key: &str| time(value.get(key)?);
    Finding {
        id: id.unwrap_or_else(|| UNNAMED.to_owned()),
        severity: severity(item).unwrap_or(Severity::Untriaged),
        status: item.get("status").and_then(Value::as_str).map_or(Status::Active, Status::from_word),
        fix: Fix::told(item.get("fixAvailable").and_then(Value::as_str), &packages),
        packages,
        published_at: moment(details, "vendorCreatedAt"),
        first_seen_at: moment(item, "firstObservedAt"),
        exploit_available: match item.get("exploitAvailable").and_then(Value::as_str) {
            Some("YES") => Some(true),
            Some("NO") => Some(false),
            _ => None,
        },
        known_exploited: None,
        // Not of ECR's answer; Inspector's own has it, and whoever puts it in means it.
        epss: item.get("epss").and_then(|epss| epss.get("score")?.as_f64()),
        url: text(details, "sourceUrl"),
        arn: text(item, "findingArn"),
    }
}

fn package(item: &Value) -> Package {
    let epoch = item.get("epoch").and_then(Value::as_i64).unwrap_or(0);
    let release = text(item, "release");
    Package {
        name: text(item, "name").unwrap_or_else(|| UNNAMED.to_owned()),
        installed: text(item, "version").map(|version| Package::version(epoch, &version, release.as_deref())),
        fixed: text(item, "fixedInVersion").as_deref().and_then(Package::fixed_in),
        manager: text(item, "packageManager"),
        path: text(item, "filePath"),
        layer: text(item, "sourceLayerHash"),
    }
}

fn severity(item: &Value) -> Option<Severity> {
    item.get("severity").and_then(Value::as_str).and_then(Severity::from_word)
}

/// A text that is not empty.
fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A time: RFC 3339, or seconds since 1970, as the AWS CLI writes it by its setting `cli_timestamp_format`.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => trace::time(text),
        Value::Number(seconds) => trace::time(&seconds.to_string()),
        _ => None,
    }
}

/// A value as messages show it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
