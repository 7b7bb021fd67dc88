//! What an image is called in a task definition, and which registry that is.

use serde::{Deserialize, Serialize};

/// An image as a task definition names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageName {
    /// The registry.
    pub registry: Registry,
    /// The repository's name.
    pub repository: String,
    /// The tag; None where it is named by digest, or where nothing is said, which means `latest`.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
}

/// A registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Registry {
    /// A private registry of ECR's.
    Ecr {
        /// The host, as it was written.
        host: String,
        /// The account that owns it.
        account: String,
        /// Its region.
        region: String,
    },
    /// Any other, by its host; Docker Hub where none is named.
    Foreign(String),
}

/// The registry of names that name none.
const DOCKER_HUB: &str = "docker.io";

/// What a name means that has neither tag nor digest.
const LATEST: &str = "latest";

impl ImageName {
    /// Reads `host/repository:tag@sha256:...`, of which only the repository has to be there.
    ///
    /// # Errors
    /// What about it is no name of an image.
    pub fn read(text: &str) -> Result<Self, String> {
        let fault = |rule: &str| format!("{text:?} is no name of an image: {rule}");
        if text.is_empty() || text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err(fault("it is empty, or has spaces"));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) if is_digest(digest) => (name, Some(digest.to_owned())),
            Some(_) => return Err(fault("a digest is sha256: and 64 hexadecimal digits")),
            None => (text, None),
        };
        let (host, path) = host(name).unwrap_or((DOCKER_HUB, name));
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.to_owned())),
            None => (path, None),
        };
        if repository.is_empty() || tag.as_ref().is_some_and(String::is_empty) {
            return Err(fault("its repository or its tag is empty"));
        }
        Ok(Self { registry: Registry::of(host), repository: repository.to_owned(), tag, digest })
    }

    /// Whether a name says which registry it is of. One that does not is of Docker Hub in a task definition.
    #[must_use]
    pub fn says_registry(text: &str) -> bool {
        host(text).is_some()
    }

    /// The tag that is pulled where no digest is named.
    #[must_use]
    pub fn tag_or_latest(&self) -> &str {
        self.tag.as_deref().unwrap_or(LATEST)
    }

    /// Whether this names an image that has one of these digests, or one of these tags, of a repository.
    #[must_use]
    pub fn names(&self, registry: &Registry, repository: &str, digests: &[String], tags: &[String]) -> bool {
        let same = self.repository == repository && self.registry.is_same(registry);
        same && match &self.digest {
            // What is pulled is the digest, whatever the tag beside it says.
            Some(digest) => digests.contains(digest),
            None => tags.iter().any(|tag| tag == self.tag_or_latest()),
        }
    }
}

impl Registry {
    /// The registry of a host.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>; FIPS, dual-stack and other
    /// partitions have hosts of their own.
    #[must_use]
    pub fn of(host: &str) -> Self {
        ecr(host).unwrap_or_else(|| Self::Foreign(host.to_owned()))
    }

    /// The registry of an account in a region, by the host that everybody writes.
    #[must_use]
    pub fn in_account(account: &str, region: &str) -> Self {
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("{account}.dkr.ecr.{region}.{domain}");
        Self::Ecr { host, account: account.to_owned(), region: region.to_owned() }
    }

    /// The host, as it was written.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Ecr { host, .. } | Self::Foreign(host) => host,
        }
    }

    /// Whether both are the same registry, by whichever of its hosts.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ecr { account, region, .. }, Self::Ecr { account: other, region: there, .. }) => {
                (account, region) == (other, there)
            }
            (Self::Foreign(host), Self::Foreign(other)) => host == other,
            _ => false,
        }
    }
}

/// The host of a name, and the rest: as Docker tells hosts from the first part of a path, which have a dot or a port, or are
/// localhost.
fn host(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(host, _)| host.contains(['.', ':']) || *host == "localhost")
}

/// Whether this is a digest as ECR writes it.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `account.dkr.ecr.region.amazonaws.com`, with `ecr-fips`, or dual-stack as `account.dkr-ecr.region.on.aws`.
fn ecr(host: &str) -> Option<Registry> {
    let (account, rest) = host.split_once('.')?;
    let plain = rest.strip_prefix("dkr.ecr.").or_else(|| rest.strip_prefix("dkr.ecr-fips."));
    let dual = rest.strip_prefix("dkr-ecr.").or_else(|| rest.strip_prefix("dkr-ecr-fips."));
    let (region, domain) = plain.or(dual)?.split_once('.')?;
    let ours = match plain {
        Some(_) => domain.starts_with("amazonaws.") || domain.starts_with("api.aws") || domain.starts_with("sc2s."),
        None => domain.starts_with("on.aws") || domain.starts_with("on.amazonwebservices."),
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && ours).then(|| Registry::Ecr {
        host: host.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd12345678";

    fn ecr_in(account: &str, region: &str, name: &str) -> bool {
        matches!(ImageName::read(name).expect("a name").registry,
            Registry::Ecr { account: a, region: r, .. } if a == account && r == region)
    }

    #[test]
    fn every_host_of_a_private_registry_is_known() {
        for host in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com",
            "123456789012.dkr-ecr.eu-west-1.on.aws",
            "123456789012.dkr-ecr-fips.eu-west-1.on.aws",
        ] {
            assert!(ecr_in("123456789012", "eu-west-1", &format!("{host}/team/shop:1")), "{host}");
            assert!(Registry::of(host).is_same(&Registry::in_account("123456789012", "eu-west-1")), "{host}");
        }
        assert!(ecr_in("123456789012", "cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop"));
        for foreign in [
            "nginx",
            "library/nginx:1",
            "public.ecr.aws/docker/library/nginx:1",
            "ghcr.io/team/shop",
            "12345.dkr.ecr.eu-west-1.amazonaws.com/shop",
            "123456789012.dkr.ecr.eu-west-1.evil.example/shop",
            "localhost:5000/shop",
        ] {
            let name = ImageName::read(foreign).expect("a name");
            assert!(matches!(name.registry, Registry::Foreign(_)), "{foreign}: {name:?}");
        }
    }

    #[test]
    fn a_name_says_its_registry_or_leaves_it_open() {
        for says in
            ["ghcr.io/team/shop", "localhost/shop:1", "a:5000/shop", "123456789012.dkr-ecr.eu-west-1.on.aws/shop"]
        {
            assert!(ImageName::says_registry(says), "{says}");
        }
        for open in ["shop", "shop:1.2", "team-a/shop:1.2", &format!("team-a/shop@{DIGEST}")] {
            assert!(!ImageName::says_registry(open), "{open}");
        }
    }

    #[test]
    fn a_name_has_a_repository_and_may_have_a_tag_and_a_digest() {
        let read = |text: &str| ImageName::read(text).map(|name| (name.repository, name.tag, name.digest));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(read("a/b:1"), Ok(("a/b".to_owned(), text("1"), None)));
        assert_eq!(read("localhost:5000/b"), Ok(("b".to_owned(), None, None)));
        assert_eq!(read(&format!("a/b@{DIGEST}")), Ok(("a/b".to_owned(), None, text(DIGEST))));
        assert_eq!(read(&format!("a/b:1@{DIGEST}")), Ok(("a/b".to_owned(), text("1"), text(DIGEST))));
        for wrong in ["", " ", "a b", "a:", ":1", "a@sha256:12", "a@", "host.example/"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_digest_says_more_than_the_tag_beside_it() {
        let registry = Registry::in_account("123456789012", "eu-west-1");
        let names = |rest: &str| {
            let name = ImageName::read(&format!("{}/shop{rest}", registry.host())).expect("a name");
            name.names(&registry, "shop", &[DIGEST.to_owned()], &["v1".to_owned(), "latest".to_owned()])
        };
        assert!(names(":v1") && names("") && names(&format!("@{DIGEST}")) && names(&format!(":v9@{DIGEST}")));
        assert!(!names(":v2") && !names(&format!(":v1@{}", DIGEST.replace('7', "8"))));
    }
}
