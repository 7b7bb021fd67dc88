//! What an image's configuration says: what it runs on, and whom it runs as. None is read twice.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/config.md>

use serde::Deserialize;
use tidegate_aws::error::PortError;
use tidegate_aws::images::Repository;
use tidegate_core::scan::facts::Facts;
use tidegate_core::scan::manifest::{Entry, Manifest, OfPlatform};

use super::{Looking, Ports, repository_of};

/// A configuration, as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(flatten)]
    platform: Option<OfPlatform>,
    #[serde(default)]
    config: Option<Execution>,
}

/// What is run.
#[derive(Clone, Debug, Default, Deserialize)]
struct Execution {
    #[serde(default, rename = "User")]
    user: Option<String>,
}

impl Config {
    /// Empty for root.
    fn user(self) -> String {
        self.config.and_then(|execution| execution.user).unwrap_or_default()
    }
}

impl<P: Ports> Looking<'_, P> {
    /// The image as an index would have it. Only where a task runs on one architecture does it matter what one image is for:
    /// then its configuration says it. Where that can't be read the image may be for any.
    pub(super) async fn own_entry(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        digest: String,
        architecture: Option<&str>,
    ) -> Entry {
        let mut own = Entry { digest, ..Entry::default() };
        if manifest.manifests.is_none() && architecture.is_some() {
            match self.config(repository, manifest, &own.digest).await {
                Ok(config) => own.platform = config.and_then(|config| config.platform).filter(OfPlatform::is_known),
                Err(error) => tracing::warn!(%error, image = own.digest, "its platform is not known"),
            }
        }
        own
    }

    /// Whom an image runs as where nobody says otherwise: its configuration's `USER`, empty for root. Of several platforms it
    /// is the first one's: they are built of one file. None where the image is not known.
    ///
    /// # Errors
    /// Where it could not be read.
    pub async fn user(&self, facts: &Facts) -> Result<Option<String>, PortError> {
        let (Some(repository), Some(platform)) = (repository_of(&facts.image), facts.platforms.first()) else {
            return Ok(None);
        };
        let digest = &platform.digest;
        let known = self.configs.borrow().get(digest).cloned();
        if let Some(config) = known {
            return Ok(Some(config.user()));
        }
        let manifest = self.deadline.bound("BatchGetImage", self.ports.manifest(&repository, digest)).await?;
        let manifest: Option<Manifest> = manifest.and_then(|manifest| serde_json::from_str(&manifest.body).ok());
        let Some(manifest) = manifest else { return Ok(None) };
        Ok(self.config(&repository, &manifest, digest).await?.map(Config::user))
    }

    /// The configuration of an image, which is kept. None where its manifest names none, or it can't be understood.
    async fn config(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        image: &str,
    ) -> Result<Option<Config>, PortError> {
        let Some(named) = manifest.config.as_ref().filter(|config| !config.digest.is_empty()) else { return Ok(None) };
        let read = self.ports.config(repository, &named.digest);
        let body = self.deadline.bound("GetDownloadUrlForLayer", read).await?;
        let config = serde_json::from_slice::<Config>(&body).ok();
        if let Some(config) = &config {
            self.configs.borrow_mut().insert(image.to_owned(), config.clone());
        }
        Ok(config)
    }
}
