//! Pushes, the archive, and what becomes of them in time.

use jiff::{SignedDuration, Timestamp};
use tidegate_core::scan::facts::Kind;

use super::findings::{Appears, Finding};
use super::image::{Artifact, Image, Index};
use super::manifest::{self, Document};
use super::scan::{Says, ScanPlan};
use super::{Child, Registry, Repository, Storage, StoredImage};
use crate::world::{Account, World};

/// How long an image is on its way out of the archive; ECR says up to 20 minutes.
const RESTORE_TAKES: SignedDuration = SignedDuration::from_mins(15);

/// How long a scan takes that somebody asked for.
const SCAN_TAKES_MINUTES: u32 = 1;

/// Something that an event is sent about.
enum News {
    Restored,
    Scanned,
    ScanFailed,
    InitialScan,
    Found(usize),
}

impl World {
    /// Has enhanced scanning, by Inspector, from now on.
    pub fn scans_enhanced(&self) {
        self.lock().registry.scans = Kind::Enhanced;
    }

    /// Makes a repository with nothing in it.
    pub fn repository(&self, name: &str) {
        self.lock().registry.add_repository(&Repository::named(name));
    }

    /// Pushes an image or an index: its digest. Its tags move, and an image that was archived is so no longer.
    pub fn push(&self, artifact: impl Into<Artifact>) -> String {
        self.lock().push(artifact.into())
    }

    /// Gives an image another tag, which moves.
    pub fn tag_image(&self, digest: &str, tag: &str) {
        let mut account = self.lock();
        let image = account.registry.image(digest).clone();
        account.move_tags(&image, &[tag.to_owned()]);
        account.send_image_action(&image, "PUSH", Some(tag));
    }

    /// Deletes an image.
    pub fn delete_image(&self, digest: &str) {
        let mut account = self.lock();
        let image = account.registry.image(digest).clone();
        account.registry.images.retain(|own| own.repository != image.repository || own.digest != digest);
        account.send_image_action(&image, "DELETE", image.tags.first().map(String::as_str));
    }

    /// A vulnerability becomes known in an image that was scanned long ago.
    pub fn discover(&self, digest: &str, finding: Finding) {
        let mut account = self.lock();
        account.step_registry();
        let (now, kind) = (account.now, account.registry.scans);
        let image = account.registry.image(digest);
        image.findings.push(Finding { appears: Appears::At(now), ..finding });
        let image = image.clone();
        // Everything else of this moment has been told already.
        if let Some(known) = image.known(kind, now).pop().filter(|_| image.tells_findings(kind)) {
            account.send_finding(&image, &known);
        }
    }

    /// The digest of an index's manifest for a platform, such as `linux/arm64`.
    #[must_use]
    pub fn platform_of(&self, index: &str, platform: &str) -> String {
        self.lock().registry.platform(index, platform)
    }

    /// Whether an image is `ACTIVE`, `ARCHIVED` or `ACTIVATING`.
    #[must_use]
    pub fn storage(&self, digest: &str) -> &'static str {
        self.lock().registry.image(digest).storage.as_str()
    }
}

impl Registry {
    fn add_repository(&mut self, repository: &Repository) {
        if !self.repositories.contains(repository) {
            self.repositories.push(repository.clone());
        }
    }

    fn images_of(&mut self, repository: &Repository) -> impl Iterator<Item = &mut StoredImage> {
        self.images.iter_mut().filter(move |image| image.repository == *repository)
    }
}

impl Account {
    fn push(&mut self, artifact: Artifact) -> String {
        let digest = match artifact {
            Artifact::Image(image) => self.put(stored(image, self.now)),
            Artifact::Index(index) => self.push_index(index),
        };
        self.step_registry();
        digest
    }

    /// An index comes after its images, which have no tags.
    fn push_index(&mut self, index: Index) -> String {
        let mut parts: Vec<(Document, String, Option<String>)> = Vec::new();
        for mut image in index.images {
            if image.content.is_empty() {
                image.content = format!("{}:{} for {}", index.repository.name, index.tags.join(","), image.platform);
            }
            image.repository = index.repository.clone();
            let image = stored(image, self.now);
            parts.push((image.manifest.clone(), platform(&image), None));
            self.put(image);
        }
        if index.attested {
            for (image, _, _) in parts.clone() {
                let (manifest, config) = manifest::attestation(&image);
                parts.push((manifest.clone(), manifest::UNKNOWN.to_owned(), Some(image.digest)));
                let attestation = StoredImage { can_be_scanned: false, ..of(&index.repository, manifest, self.now) };
                self.put(StoredImage { config: Some(config), ..attestation });
            }
        }
        let entries: Vec<_> =
            parts.iter().map(|(manifest, platform, about)| (manifest, &**platform, about.as_deref())).collect();
        let child = |(manifest, platform, _): &(Document, String, _)| Child {
            digest: manifest.digest.clone(),
            platform: platform.clone(),
        };
        let manifest = manifest::index(&entries);
        self.put(StoredImage {
            tags: index.tags,
            children: parts.iter().map(child).collect(),
            can_be_scanned: false,
            ..of(&index.repository, manifest, self.now)
        })
    }

    /// What a push does, whether or not the digest is there already.
    fn put(&mut self, image: StoredImage) -> String {
        let now = self.now;
        self.registry.add_repository(&image.repository);
        let there = self.registry.images_of(&image.repository).find(|own| own.digest == image.digest);
        match there {
            None => self.registry.images.push(StoredImage { tags: Vec::new(), ..image.clone() }),
            Some(own) if own.storage == Storage::Active => {}
            Some(own) => {
                own.storage = Storage::Active;
                own.restored_at = Some(now);
                own.plan = image.plan.clone();
                own.findings.clone_from(&image.findings);
                own.begin_scan(now);
            }
        }
        self.move_tags(&image, &image.tags);
        self.send_image_action(&image, "PUSH", image.tags.first().map(String::as_str));
        image.digest
    }

    fn move_tags(&mut self, to: &StoredImage, tags: &[String]) {
        for image in self.registry.images_of(&to.repository) {
            image.tags.retain(|tag| !tags.contains(tag));
            if image.digest == to.digest {
                image.tags.extend(tags.iter().cloned());
            }
        }
    }

    /// Begins the scan that somebody asked for.
    pub(in crate::world) fn begin_scan(&mut self, repository: &Repository, digest: &str) {
        let now = self.now;
        for image in self.registry.images_of(repository).filter(|image| image.digest == digest) {
            let then = if image.plan.then == Says::NotFound { Says::Done } else { image.plan.then };
            image.plan = ScanPlan { first: vec![(Says::InProgress, SCAN_TAKES_MINUTES)], then, later: Vec::new() };
            image.begin_scan(now);
        }
    }

    /// Moves an image into the archive, or begins to move it out.
    pub(in crate::world) fn move_image(&mut self, repository: &Repository, digest: &str, archive: bool) {
        let until = self.now + RESTORE_TAKES;
        let images = self.registry.images_of(repository).filter(|image| image.digest == digest);
        let moved: Vec<StoredImage> = images
            .map(|image| {
                image.storage = if archive { Storage::Archived } else { Storage::Activating(until) };
                image.clone()
            })
            .collect();
        // A restored one is told of when it is there.
        moved.iter().filter(|_| archive).for_each(|image| self.send_storage_class(image, "ARCHIVE"));
    }

    /// Lets scans and restores go as far as they can, and tells of it.
    pub(in crate::world) fn step_registry(&mut self) {
        let now = self.now;
        let (kind, mut news) = (self.registry.scans, Vec::new());
        for (index, image) in self.registry.images.iter_mut().enumerate() {
            if let Storage::Activating(until) = image.storage
                && until <= now
            {
                image.come_back(until, kind);
                news.push((until, index, News::Restored));
            }
            news.extend(image.news(kind, now).into_iter().map(|(at, news)| (at, index, news)));
            image.told_until = Some(now);
        }
        news.sort_by_key(|(at, ..)| *at);
        // One image can have ten thousand findings, so it is not copied for each.
        let mut copied: Option<(usize, StoredImage)> = None;
        for (at, index, news) in news {
            let image = match copied.take() {
                Some((of, image)) if of == index => image,
                _ => self.registry.images[index].clone(),
            };
            self.tell(at, &image, &news);
            copied = Some((index, image));
        }
    }

    fn tell(&mut self, at: Timestamp, image: &StoredImage, news: &News) {
        match news {
            News::Restored => self.send_storage_class(image, "STANDARD"),
            News::Scanned => self.send_basic_scan(image, "COMPLETE", at),
            News::ScanFailed => self.send_basic_scan(image, "FAILED", at),
            News::InitialScan => self.send_initial_scan(image, at),
            News::Found(place) => {
                if let Some(known) = image.known_at(*place, self.registry.scans) {
                    self.send_finding(image, &known);
                }
            }
        }
    }
}

impl StoredImage {
    fn begin_scan(&mut self, now: Timestamp) {
        self.scan_from = now;
        self.told_until = None;
        self.scanned = (self.plan.then != Says::NotFound).then_some(now);
    }

    /// Whether basic scanning has had it within a day.
    pub(in crate::world) fn was_scanned_today(&self, now: Timestamp) -> bool {
        self.scanned.is_some_and(|scanned| now < scanned + SignedDuration::from_hours(24))
    }

    /// Old results are gone. Inspector scans it again; basic scanning does so when it is asked.
    fn come_back(&mut self, at: Timestamp, kind: Kind) {
        self.storage = Storage::Active;
        self.restored_at = Some(at);
        let scanned = self.scanned;
        if kind == Kind::Basic {
            self.plan = ScanPlan { then: Says::NotFound, ..ScanPlan::default() };
        }
        self.begin_scan(at);
        self.scanned = scanned;
    }

    /// Whether there are events about its scans: the account's own registry sends them.
    fn tells(&self) -> bool {
        self.storage == Storage::Active && self.can_be_scanned && self.repository.is_own()
    }

    fn tells_findings(&self, kind: Kind) -> bool {
        kind == Kind::Enhanced && self.tells()
    }

    /// What came since it was told last, with its moments.
    fn news(&self, kind: Kind, now: Timestamp) -> Vec<(Timestamp, News)> {
        if !self.tells() {
            return Vec::new();
        }
        let timeline = self.plan.timeline(self.scan_from);
        let begins = |wanted: &[Says]| timeline.iter().find(|(_, says)| wanted.contains(says)).map(|(at, _)| *at);
        let mut news = Vec::new();
        if kind == Kind::Basic {
            // Basic scanning tells of the end before the findings are there for everybody.
            news.extend(begins(&[Says::Empty, Says::Done]).map(|at| (at, News::Scanned)));
            news.extend(begins(&[Says::Failed]).map(|at| (at, News::ScanFailed)));
        } else {
            news.extend(begins(&[Says::Done]).map(|at| (at, News::InitialScan)));
            news.extend(self.known(kind, now).into_iter().map(|known| (known.since, News::Found(known.place))));
        }
        news.retain(|(at, _)| *at <= now && self.told_until.is_none_or(|until| *at > until));
        news
    }
}

/// What a push brings.
fn stored(image: Image, now: Timestamp) -> StoredImage {
    let config = manifest::config(&image.platform, image.user.as_deref(), &image.content);
    let config = image.config.map_or(config, |body| Document::new(manifest::CONFIG, body));
    let manifest = manifest::image(&config, &image.content);
    let scanned = (image.plan.then != Says::NotFound).then_some(now);
    StoredImage {
        config: Some(config),
        tags: image.tags,
        plan: image.plan,
        findings: image.findings,
        covered_as: image.covered_as,
        scanned,
        ..of(&image.repository, manifest, now)
    }
}

/// Something with this manifest.
fn of(repository: &Repository, manifest: Document, now: Timestamp) -> StoredImage {
    StoredImage {
        repository: repository.clone(),
        digest: manifest.digest.clone(),
        tags: Vec::new(),
        manifest,
        config: None,
        children: Vec::new(),
        can_be_scanned: true,
        pushed_at: now,
        restored_at: None,
        storage: Storage::Active,
        plan: ScanPlan::default(),
        findings: Vec::new(),
        covered_as: None,
        scan_from: now,
        scanned: None,
        told_until: None,
    }
}

/// The platform of an image, by its configuration.
fn platform(image: &StoredImage) -> String {
    let config = image.config.as_ref().map_or("", |config| &config.body);
    let config: serde_json::Value = serde_json::from_str(config).unwrap_or_default();
    let word = |key: &str| config[key].as_str().unwrap_or("unknown").to_owned();
    format!("{}/{}", word("os"), word("architecture"))
}
