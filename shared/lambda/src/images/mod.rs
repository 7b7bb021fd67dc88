//! What is known of an image: from its name to facts, and to a judgement. Every gate looks at images through this, so that
//! they always agree.
//!
//! - [`brings`]: which images a deployment brings
//! - `config`: what an image's configuration says
//! - [`document`]: the policy document

pub mod brings;
mod config;
pub mod document;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_aws::clock::Clock;
use tidegate_aws::deadline::Deadline;
use tidegate_aws::error::{self, PortError};
use tidegate_aws::images::{By, Described, Images, RegistryScans, Repository};
use tidegate_aws::inspector::Inspector;
use tidegate_core::scan::facts::{Facts, Image, Kind, Part, Platform, Scan, ScanStatus, Storage, Unreadable};
use tidegate_core::scan::finding::Finding;
use tidegate_core::scan::image_name::{ImageName, Registry};
use tidegate_core::scan::manifest::Manifest;
use tidegate_core::scan::{Judgement, Policy, judge};
use tidegate_core::verdict::Verdict;

use config::Config;

/// What images are looked at through.
pub trait Ports: Images + Inspector + Clock {}
impl<T: Images + Inspector + Clock> Ports for T {}

/// A tag that was pushed a moment ago may not be there at once.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Vulnerabilities that `BatchGetFindingDetails` is asked about at once; it takes no more.
const PER_CALL: usize = 10;

/// How images are looked at.
pub struct Looking<'a, P> {
    /// The world.
    pub ports: &'a P,
    /// The time that is left.
    pub deadline: &'a Deadline,
    /// Calls that may be under way at once.
    pub concurrency: usize,
    /// Whether a scan that was never made is begun.
    pub begins_scans: bool,
    /// The moment.
    pub now: Timestamp,
    /// How the registry scans, once that was read.
    scans: RefCell<Option<RegistryScans>>,
    /// Configurations that were read, by the digests of their images.
    configs: RefCell<BTreeMap<String, Config>>,
}

/// Why there is nothing to judge: it is no image that could run, such as a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoImage(pub String);

impl<'a, P: Ports> Looking<'a, P> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(ports: &'a P, deadline: &'a Deadline, concurrency: usize, begins_scans: bool, now: Timestamp) -> Self {
        let (scans, configs) = (RefCell::default(), RefCell::default());
        Self { ports, deadline, concurrency, begins_scans, now, scans, configs }
    }

    /// How this account's registry scans. What was read once stands; what could not be read is asked for again.
    ///
    /// # Errors
    /// Where it could not be read.
    pub async fn registry_scans(&self) -> Result<RegistryScans, PortError> {
        let known = self.scans.borrow().clone();
        if let Some(scans) = known {
            return Ok(scans);
        }
        let scans = self.deadline.bound("GetRegistryScanningConfiguration", self.ports.registry_scans()).await?;
        self.scans.replace(Some(scans.clone()));
        Ok(scans)
    }

    /// Judges an image. `architecture` is what a task runs on, such as `arm64`, where that is known; else every platform
    /// of an index has to pass.
    ///
    /// # Errors
    /// [`NoImage`] where there is nothing to judge.
    pub async fn judge(
        &self,
        name: &ImageName,
        architecture: Option<&str>,
        policy: &Policy,
    ) -> Result<(Facts, Judgement), NoImage> {
        let facts = self.facts(name, architecture).await?;
        Ok(self.judge_again(name, facts, policy).await)
    }

    /// Judges an image of which the facts are known, and reads what this policy asks for beside them.
    pub async fn judge_again(&self, name: &ImageName, mut facts: Facts, policy: &Policy) -> (Facts, Judgement) {
        let mut judgement = judge(&facts, policy, self.now);
        if self.begins_scans && !judgement.scan_to_begin.is_empty() {
            self.begin_scans(name, &judgement.scan_to_begin, &mut facts).await;
            judgement = judge(&facts, policy, self.now);
        }
        // What blocks already does so whatever else is known of it.
        if judgement.verdict != Verdict::Fail && self.read_risks(policy, &mut facts).await {
            judgement = judge(&facts, policy, self.now);
        }
        (facts, judgement)
    }

    /// The image that a name comes to at this moment. None where it is not in ECR, or there is none.
    ///
    /// # Errors
    /// Where it could not be read.
    pub async fn resolve(&self, name: &ImageName) -> Result<Option<Described>, PortError> {
        let Some(repository) = repository(name) else { return Ok(None) };
        self.described(&repository, name).await
    }

    async fn described(&self, repository: &Repository, name: &ImageName) -> Result<Option<Described>, PortError> {
        let by = by(name);
        let mut tries = if name.digest.is_some() { 1 } else { TRIES };
        loop {
            let found = self.deadline.bound("DescribeImages", self.ports.describe_image(repository, &by)).await?;
            tries -= 1;
            if found.is_some() || tries == 0 {
                return Ok(found);
            }
            self.ports.sleep(BETWEEN_TRIES).await;
        }
    }

    /// Everything that is known without asking about risks.
    async fn facts(&self, name: &ImageName, architecture: Option<&str>) -> Result<Facts, NoImage> {
        let mut facts = nothing_known(name);
        let Some(repository) = repository(name) else {
            return Ok(Facts { storage: Storage::Foreign, ..facts });
        };
        let described = match self.described(&repository, name).await {
            Ok(Some(described)) => described,
            Ok(None) => return Ok(Facts { storage: Storage::Missing, ..facts }),
            Err(error) => {
                facts.unreadable.push(cannot(Part::Image, &error));
                return Ok(facts);
            }
        };
        let digest = described.digest;
        facts.image.digest = Some(digest.clone());
        if !described.tags.is_empty() {
            facts.image.tags = described.tags;
        }
        (facts.pushed_at, facts.restored_at, facts.storage) =
            (described.pushed_at, described.restored_at, described.storage);
        if facts.storage != Storage::Active {
            return Ok(facts);
        }
        let manifest = match self.manifest(&repository, &digest).await {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Ok(Facts { storage: Storage::Missing, ..facts }),
            Err(unreadable) => {
                facts.unreadable.push(unreadable);
                return Ok(facts);
            }
        };
        if let Some(why) = manifest.is_no_image() {
            return Err(NoImage(format!("{} is no image that could run: {why}", facts.image.short())));
        }
        let own = self.own_entry(&repository, &manifest, digest, architecture).await;
        let parts = manifest.parts(&own, architecture);
        facts.left_out = parts.left_out;
        let scans = stream::iter(parts.platforms).map(|(digest, name)| async {
            let scan = self.deadline.bound("DescribeImageScanFindings", self.ports.scan(&repository, &digest)).await;
            (digest, name, scan)
        });
        for (digest, name, scan) in scans.buffered(self.concurrency).collect::<Vec<_>>().await {
            let scan = scan.unwrap_or_else(|error| {
                facts.unreadable.push(cannot(Part::Scan, &error));
                Scan::of(ScanStatus::Unreadable)
            });
            facts.platforms.push(Platform { digest, name, scan });
        }
        self.read_coverage(&repository, &mut facts).await;
        Ok(facts)
    }

    async fn manifest(&self, repository: &Repository, digest: &str) -> Result<Option<Manifest>, Unreadable> {
        let read = self.deadline.bound("BatchGetImage", self.ports.manifest(repository, digest)).await;
        let Some(manifest) = read.map_err(|error| cannot(Part::Manifest, &error))? else { return Ok(None) };
        let garbled = |error: serde_json::Error| Unreadable {
            what: Part::Manifest,
            why: format!("the manifest {digest} can't be understood: {error}"),
        };
        serde_json::from_str(&manifest.body).map(Some).map_err(garbled)
    }

    /// Where a scan has nothing to show: how the registry scans, and what Inspector says of it.
    async fn read_coverage(&self, repository: &Repository, facts: &mut Facts) {
        let says_nothing = |scan: &Scan| {
            scan.is_empty() || matches!(scan.status, ScanStatus::NotFound | ScanStatus::FindingsUnavailable)
        };
        if !facts.platforms.iter().any(|platform| says_nothing(&platform.scan)) {
            return;
        }
        match self.registry_scans().await {
            // Of another registry this says nothing.
            Ok(scans) => facts.registry_scans = scans.has(repository).then_some(scans.kind),
            Err(error) => facts.unreadable.push(cannot(Part::Coverage, &error)),
        }
        if facts.registry_scans != Some(Kind::Enhanced) {
            return;
        }
        for platform in facts.platforms.iter_mut().filter(|platform| says_nothing(&platform.scan)) {
            let arn = arn(repository, &platform.digest);
            match self.deadline.bound("ListCoverage", self.ports.coverage(&arn)).await {
                Ok(coverage) => platform.scan.coverage = coverage,
                Err(error) => facts.unreadable.push(cannot(Part::Coverage, &error)),
            }
        }
    }

    async fn begin_scans(&self, name: &ImageName, digests: &[String], facts: &mut Facts) {
        let Some(repository) = repository(name) else { return };
        for platform in facts.platforms.iter_mut().filter(|platform| digests.contains(&platform.digest)) {
            let begin = self.ports.start_scan(&repository, &platform.digest);
            match self.deadline.bound_write("StartImageScan", begin).await {
                Ok(came) => platform.scan.asked_for = Some(came),
                Err(error) => {
                    platform.scan.status = ScanStatus::Unreadable;
                    facts.unreadable.push(cannot(Part::Scan, &error));
                }
            }
        }
    }

    /// What Inspector knows beyond ECR, as far as the policy asks for it; whether anything was asked.
    async fn read_risks(&self, policy: &Policy, facts: &mut Facts) -> bool {
        let escalate = &policy.escalate;
        let asked = |scan: &Scan| scan.kind == Some(Kind::Enhanced) && !scan.findings.is_empty();
        let asks = escalate.known_exploited || escalate.epss.is_some();
        if !asks || !facts.platforms.iter().any(|platform| asked(&platform.scan)) {
            return false;
        }
        if let Err(why) = self.is_inspected_here(&facts.image).await {
            facts.unreadable.push(Unreadable { what: Part::Risk, why });
            return true;
        }
        for platform in facts.platforms.iter_mut().filter(|platform| asked(&platform.scan)) {
            if escalate.epss.is_some() {
                match self.deadline.bound("ListFindings", self.ports.risks(&platform.digest)).await {
                    Ok(risks) => {
                        for finding in &mut platform.scan.findings {
                            let Some(risk) = finding.arn.as_ref().and_then(|arn| risks.get(arn)) else { continue };
                            finding.epss = risk.epss.or(finding.epss);
                            finding.exploit_available = risk.exploit_available.or(finding.exploit_available);
                        }
                    }
                    Err(error) => facts.unreadable.push(cannot(Part::Risk, &error)),
                }
            }
            if escalate.known_exploited {
                let unread = self.read_known_exploited(&mut platform.scan.findings).await;
                facts.unreadable.extend(unread);
            }
        }
        true
    }

    /// Inspector tells of its own account's images in its own region only.
    async fn is_inspected_here(&self, image: &Image) -> Result<(), String> {
        let scans = self.registry_scans().await.map_err(|error| error.to_string())?;
        match repository_of(image).filter(|repository| !scans.has(repository)) {
            None => Ok(()),
            Some(_) => Err(format!(
                "Inspector does not tell here what is known to be exploited, or how likely that is, of images in {}: \
                 switch escalate off for {} in the policy, or have it judged where it is",
                image.registry, image.repository
            )),
        }
    }

    /// Asks about each vulnerability once, the likeliest first: the catalogue is of vulnerabilities, not of packages. What
    /// was answered stands, also where the time does not suffice for all.
    async fn read_known_exploited(&self, findings: &mut [Finding]) -> Option<Unreadable> {
        let mut of_vulnerability: BTreeMap<&str, (&Finding, &str)> = BTreeMap::new();
        // What an earlier look of this run was told stands.
        for finding in findings.iter().filter(|finding| finding.known_exploited.is_none()) {
            if let Some(arn) = &finding.arn {
                of_vulnerability.entry(&finding.id).or_insert((finding, arn));
            }
        }
        let mut asked: Vec<(&Finding, &str)> = of_vulnerability.into_values().collect();
        let likely = |finding: &Finding| (finding.exploit_available == Some(true), finding.epss.unwrap_or(0.0));
        asked.sort_by(|(a, _), (b, _)| {
            let (a_likely, b_likely) = (likely(a), likely(b));
            b_likely.0.cmp(&a_likely.0).then(b_likely.1.total_cmp(&a_likely.1)).then(b.severity.cmp(&a.severity))
        });
        let asked: Vec<(String, String)> =
            asked.into_iter().map(|(finding, arn)| (finding.id.clone(), arn.to_owned())).collect();
        let calls = stream::iter(asked.chunks(PER_CALL)).map(|chunk| async move {
            let arns: Vec<String> = chunk.iter().map(|(_, arn)| arn.clone()).collect();
            (chunk, self.deadline.bound("BatchGetFindingDetails", self.ports.known_exploited(&arns)).await)
        });
        let mut calls = pin!(calls.buffered(self.concurrency));
        let mut answered: BTreeMap<&str, bool> = BTreeMap::new();
        let mut failed = None;
        while let Some((chunk, answer)) = calls.next().await {
            match answer {
                Ok(exploited) => answered.extend(chunk.iter().map(|(id, arn)| (id.as_str(), exploited.contains(arn)))),
                // Whatever is asked after this would end like it.
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        for finding in findings {
            finding.known_exploited = answered.get(finding.id.as_str()).copied().or(finding.known_exploited);
        }
        let failed = failed?;
        if failed.kind != error::Kind::NoTime {
            return Some(cannot(Part::Risk, &failed));
        }
        let (told, left_out) = (answered.len(), asked.len() - answered.len());
        let why = format!(
            "known exploitation is known of the {told} likeliest vulnerabilities; for {left_out} more there was no time: \
             {failed}"
        );
        Some(Unreadable { what: Part::Risk, why })
    }
}

/// The repository of an image in ECR. None for every other registry.
#[must_use]
pub fn repository(name: &ImageName) -> Option<Repository> {
    match &name.registry {
        Registry::Ecr { account, region, .. } => {
            Some(Repository { account: account.clone(), region: region.clone(), name: name.repository.clone() })
        }
        Registry::Foreign(_) => None,
    }
}

/// The repository of an image that was looked at. None where it is not in ECR.
#[must_use]
pub fn repository_of(image: &Image) -> Option<Repository> {
    let Registry::Ecr { account, region, .. } = Registry::of(&image.registry) else { return None };
    Some(Repository { account, region, name: image.repository.clone() })
}

/// The facts of an image of which only its name is known.
#[must_use]
pub fn nothing_known(name: &ImageName) -> Facts {
    let tag = name.digest.is_none().then(|| name.tag_or_latest().to_owned());
    let tags = name.tag.clone().or(tag).into_iter().collect();
    let registry = name.registry.host().to_owned();
    Facts::of(Image { registry, repository: name.repository.clone(), digest: name.digest.clone(), tags })
}

/// How an image is asked for in its repository: by its digest, or else by its tag.
#[must_use]
pub fn by(name: &ImageName) -> By<'_> {
    name.digest.as_deref().map_or_else(|| By::Tag(name.tag_or_latest()), By::Digest)
}

/// As Inspector names an image.
fn arn(repository: &Repository, digest: &str) -> String {
    let Repository { account, region, name } = repository;
    let partition = match region.split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    format!("arn:{partition}:ecr:{region}:{account}:repository/{name}/{digest}")
}

fn cannot(what: Part, error: &PortError) -> Unreadable {
    Unreadable { what, why: error.to_string() }
}
