//! Which image is meant.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result};
use tidegate_aws::images::Images;
use tidegate_core::scan::image_name::{ImageName, Registry};

/// An image as it was named: as a task definition does, or without a host, which is then the account's own registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    text: String,
    name: ImageName,
}

impl Named {
    /// Reads a name.
    ///
    /// # Errors
    /// What about it is no name of an image.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.trim_start_matches('@').starts_with(DIGEST) {
            return Err("a digest alone is in no repository: say which, as in shop@sha256:...".to_owned());
        }
        Ok(Self { text: text.to_owned(), name: ImageName::read(text)? })
    }

    /// The whole name.
    ///
    /// # Errors
    /// Where it says no registry, and which is the account's own could not be told.
    pub async fn in_account(&self, ports: &impl Images, region: &str) -> Result<ImageName> {
        if ImageName::says_registry(&self.text) {
            return Ok(self.name.clone());
        }
        let own = ports.registry_scans().await.with_context(|| {
            let whole = Registry::in_account("123456789012", region);
            let whole = format!("{}/{self}", whole.host());
            format!("which account's registry {self} is in could not be told; the whole name says it, as in {whole}")
        })?;
        Ok(ImageName { registry: Registry::in_account(&own.account, region), ..self.name.clone() })
    }
}

impl Display for Named {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// What digests begin with.
const DIGEST: &str = "sha256:";
