//! Findings, as a test says them: `critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2")`.

use jiff::Timestamp;
use tidegate_core::scan::finding::{Severity, Status};

/// What a scan finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The vulnerability.
    pub id: String,
    /// As the scan rates it.
    pub severity: Severity,
    /// Whether somebody decided about it in Inspector.
    pub status: Status,
    /// Where it is.
    pub packages: Vec<Package>,
    /// When it was published; basic scanning does not say.
    pub published_at: Option<Timestamp>,
    /// Whether Inspector knows an exploit.
    pub exploit_available: bool,
    /// Whether CISA lists it as exploited.
    pub known_exploited: bool,
    /// EPSS.
    pub epss: Option<f64>,
    /// Where to read about it.
    pub url: String,
    /// When it is known first.
    pub appears: Appears,
}

/// When a finding is known first. No finding is known before its scan is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appears {
    /// With the scan.
    WithTheScan,
    /// So many minutes after the push.
    After(u32),
    /// At this moment.
    At(Timestamp),
}

/// A package that is vulnerable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that is installed.
    pub installed: String,
    /// The version that is not vulnerable any more.
    pub fixed: Option<String>,
    /// `OS`, `PYTHON` and their like; basic scanning knows only the first, and does not say it.
    pub manager: String,
    /// Where the file is.
    pub path: Option<String>,
    /// Digest of the layer that brought it.
    pub layer: Option<String>,
}

/// A critical finding.
#[must_use]
pub fn critical(id: &str) -> Finding {
    Finding::new(id, Severity::Critical)
}

/// A finding of high severity.
#[must_use]
pub fn high(id: &str) -> Finding {
    Finding::new(id, Severity::High)
}

/// A finding of medium severity.
#[must_use]
pub fn medium(id: &str) -> Finding {
    Finding::new(id, Severity::Medium)
}

/// A finding of low severity.
#[must_use]
pub fn low(id: &str) -> Finding {
    Finding::new(id, Severity::Low)
}

/// A finding that nobody has rated yet: `UNDEFINED` where basic scanning makes it, `UNTRIAGED` where Inspector does.
#[must_use]
pub fn unrated(id: &str) -> Finding {
    Finding::new(id, Severity::Undefined)
}

impl Finding {
    /// A finding in no package that is named.
    #[must_use]
    pub fn new(id: &str, severity: Severity) -> Self {
        Self {
            id: id.to_owned(),
            severity,
            status: Status::Active,
            packages: Vec::new(),
            published_at: None,
            exploit_available: false,
            known_exploited: false,
            epss: None,
            url: format!("https://vulnerabilities.example.com/{id}"),
            appears: Appears::WithTheScan,
        }
    }

    /// It is in this version of a package of the operating system.
    #[must_use]
    pub fn in_package(mut self, name: &str, installed: &str) -> Self {
        let (name, installed, manager) = (name.to_owned(), installed.to_owned(), "OS".to_owned());
        self.packages.push(Package { name, installed, manager, ..Package::default() });
        self
    }

    /// An update to this version of the package named last removes it.
    #[must_use]
    pub fn fixed_in(self, version: &str) -> Self {
        self.package(|package| package.fixed = Some(version.to_owned()))
    }

    /// The package named last is one of `PYTHON`'s, or of another manager's, in this file.
    #[must_use]
    pub fn managed_by(self, manager: &str, path: &str) -> Self {
        self.package(|package| {
            manager.clone_into(&mut package.manager);
            package.path = Some(path.to_owned());
        })
    }

    /// The package named last came with this layer.
    #[must_use]
    pub fn in_layer(self, digest: &str) -> Self {
        self.package(|package| package.layer = Some(digest.to_owned()))
    }

    /// It was published at this moment.
    #[must_use]
    pub fn published(self, at: Timestamp) -> Self {
        Self { published_at: Some(at), ..self }
    }

    /// There is an exploit.
    #[must_use]
    pub fn exploitable(self) -> Self {
        Self { exploit_available: true, ..self }
    }

    /// CISA lists it as exploited.
    #[must_use]
    pub fn known_exploited(self) -> Self {
        Self { known_exploited: true, ..self }
    }

    /// The chance that it is exploited.
    #[must_use]
    pub fn epss(self, score: f64) -> Self {
        Self { epss: Some(score), ..self }
    }

    /// A suppression rule of Inspector's covers it.
    #[must_use]
    pub fn suppressed(self) -> Self {
        Self { status: Status::Suppressed, ..self }
    }

    /// It is known so many minutes after the push.
    #[must_use]
    pub fn after(self, minutes: u32) -> Self {
        Self { appears: Appears::After(minutes), ..self }
    }

    /// It is known from this moment on.
    #[must_use]
    pub fn at(self, moment: Timestamp) -> Self {
        Self { appears: Appears::At(moment), ..self }
    }

    /// Whether an update removes it, in Inspector's word.
    #[must_use]
    pub fn fix_available(&self) -> &'static str {
        let fixed = self.packages.iter().filter(|package| package.fixed.is_some()).count();
        match (fixed, self.packages.len()) {
            (0, _) => "NO",
            (some, all) if some == all => "YES",
            _ => "PARTIAL",
        }
    }

    fn package(mut self, change: impl FnOnce(&mut Package)) -> Self {
        change(self.packages.last_mut().expect("a package was named before"));
        self
    }
}
