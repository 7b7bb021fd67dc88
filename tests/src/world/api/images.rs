//! The calls of ECR's API.

use jiff::Timestamp;
use tidegate_core::scan::facts::Kind;

use super::ApiError;
use crate::world::Account;
use crate::world::registry::scan::Report;
use crate::world::registry::{Repository, Storage, StoredImage};

/// How an image is named in its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageId<'a> {
    /// By its digest.
    Digest(&'a str),
    /// By a tag.
    Tag(&'a str),
}

impl Account {
    /// `DescribeImages` of one image, in whichever storage class.
    ///
    /// # Errors
    /// Where there is no such repository, or no such image.
    pub fn describe_image(&self, repository: &Repository, id: ImageId<'_>) -> Result<&StoredImage, ApiError> {
        let Repository { account, name, .. } = repository;
        self.repository_is_there(repository)?;
        let (digest, tag) = match id {
            ImageId::Digest(digest) => (Some(digest), ""),
            ImageId::Tag(tag) => (None, tag),
        };
        let message = format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{tag}'}} does not exist within the repository with \
             name '{name}' in the registry with id '{account}'",
            digest.unwrap_or("null")
        );
        let found = self.registry.find(repository, digest, tag);
        found.ok_or(ApiError { code: "ImageNotFoundException", message })
    }

    /// `DescribeImages` of a whole repository: those that can be pulled, as it is where nobody asks for the others.
    ///
    /// # Errors
    /// Where there is no such repository.
    pub fn describe_images(&self, repository: &Repository) -> Result<Vec<&StoredImage>, ApiError> {
        self.repository_is_there(repository)?;
        let own = self.registry.images.iter().filter(|image| image.repository == *repository);
        Ok(own.filter(|image| image.storage == Storage::Active).collect())
    }

    /// `BatchGetImage` of one image, which is the beginning of a pull: None where there is none, or none that can be
    /// pulled. Whether the archive gives manifests away is not documented, so it does not.
    ///
    /// # Errors
    /// Where there is no such repository.
    pub fn batch_get_image(&self, repository: &Repository, digest: &str) -> Result<Option<&StoredImage>, ApiError> {
        match self.describe_image(repository, ImageId::Digest(digest)) {
            Err(error) if error.code == "ImageNotFoundException" => Ok(None),
            found => Ok(Some(found?).filter(|image| image.storage == Storage::Active)),
        }
    }

    /// `GetDownloadUrlForLayer`: what the URL gives, by the digest of an image's configuration.
    ///
    /// # Errors
    /// Where there is no such repository or layer, or its image is archived.
    pub fn download_url_for_layer(&self, repository: &Repository, digest: &str) -> Result<&str, ApiError> {
        self.repository_is_there(repository)?;
        let own = self.registry.images.iter().filter(|image| image.repository == *repository);
        let mut own = own.filter(|image| image.config.as_ref().is_some_and(|config| config.digest == digest));
        let inaccessible = || {
            let message = format!("The layer with digest '{digest}' is not available");
            ApiError { code: "LayerInaccessibleException", message }
        };
        let found = own.find(|image| image.storage == Storage::Active);
        found.and_then(|image| image.config.as_ref()).map(|config| &*config.body).ok_or_else(inaccessible)
    }

    fn repository_is_there(&self, repository: &Repository) -> Result<(), ApiError> {
        let Repository { account, name, .. } = repository;
        let message = format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
        let there = self.registry.repositories.contains(repository);
        if there { Ok(()) } else { Err(ApiError { code: "RepositoryNotFoundException", message }) }
    }

    /// What a download URL gives.
    #[must_use]
    pub fn blob(&self, digest: &str) -> Option<&str> {
        let configs = self.registry.images.iter().filter_map(|image| image.config.as_ref());
        configs.into_iter().find(|config| config.digest == digest).map(|config| &*config.body)
    }

    /// `DescribeImageScanFindings`, all pages.
    ///
    /// # Errors
    /// Where there is no such repository, image or scan.
    pub fn describe_image_scan_findings(&self, repository: &Repository, digest: &str) -> Result<Report<'_>, ApiError> {
        let image = self.describe_image(repository, ImageId::Digest(digest))?;
        let message = format!(
            "Image scan does not exist for the image with '{{imageDigest:'{digest}'}}' in the repository with name '{}' \
             in the registry with id '{}'",
            repository.name, repository.account
        );
        self.registry.report(image, self.now).ok_or(ApiError { code: "ScanNotFoundException", message })
    }

    /// `StartImageScan`.
    ///
    /// # Errors
    /// Where there is no such repository or image, and for everything that ECR does not scan, or not again today.
    pub fn start_image_scan(&mut self, repository: &Repository, digest: &str) -> Result<(), ApiError> {
        let image = self.describe_image(repository, ImageId::Digest(digest))?;
        let error = |code, message: &str| Err(ApiError { code, message: message.to_owned() });
        let media_type = image.manifest.media_type;
        match (self.registry.scans, image.storage) {
            (Kind::Enhanced, _) => return error("ValidationException", "This feature is disabled"),
            (_, Storage::Archived | Storage::Activating(_)) => {
                return error("ImageArchivedException", "The specified image is archived and cannot be scanned.");
            }
            _ if !image.can_be_scanned => {
                let message = format!("An artifact with media type '{media_type}' cannot be scanned");
                return error("UnsupportedImageTypeException", &message);
            }
            _ if image.was_scanned_today(self.now) => {
                let message = "The scan quota per image has been exceeded. Wait and try again.";
                return error("LimitExceededException", message);
            }
            _ => {}
        }
        self.begin_scan(repository, digest);
        Ok(())
    }

    /// `UpdateImageStorageClass`, to `ARCHIVE` or `STANDARD`: the image's status after it.
    ///
    /// # Errors
    /// Where there is no such repository or image, where it is there already, and for an image of an index that is not
    /// archived itself.
    pub fn update_image_storage_class(
        &mut self,
        repository: &Repository,
        digest: &str,
        class: &str,
    ) -> Result<&'static str, ApiError> {
        let image = self.describe_image(repository, ImageId::Digest(digest))?;
        let refused = |message: String| Err(ApiError { code: "ImageStorageClassUpdateNotSupportedException", message });
        let archive = match (class, image.storage) {
            ("ARCHIVE", Storage::Active) => true,
            ("STANDARD", Storage::Archived) => false,
            ("ARCHIVE" | "STANDARD", storage) => {
                return refused(format!("The image is {} already", storage.as_str()));
            }
            _ => {
                let message = format!("'{class}' is no storage class");
                return Err(ApiError { code: "ValidationException", message });
            }
        };
        let names = |index: &&StoredImage| {
            index.repository == *repository && index.children.iter().any(|child| child.digest == digest)
        };
        let index = self.registry.images.iter().filter(names).find(|index| index.storage != Storage::Archived);
        if let Some(index) = index.filter(|_| archive) {
            return refused(format!("Requested image referenced by manifest list: [{}]", index.digest));
        }
        self.move_image(repository, digest, archive);
        self.describe_image(repository, ImageId::Digest(digest)).map(|image| image.storage.as_str())
    }

    /// What Inspector says of covering an image, by the image's ARN: its word for why, and when it scanned it last.
    #[must_use]
    pub fn list_coverage(&self, arn: &str) -> Option<(&'static str, Option<Timestamp>)> {
        let image = self.registry.images.iter().find(|image| image.arn() == arn)?;
        self.registry.covers(image, self.now)
    }

    /// The reports that Inspector's findings are in: of one image by its digest, or of all.
    #[must_use]
    pub fn inspected(&self, digest: Option<&str>) -> Vec<(&StoredImage, Report<'_>)> {
        let images = self.registry.images.iter().filter(|_| self.registry.scans == Kind::Enhanced);
        let images = images.filter(|image| digest.is_none_or(|digest| image.digest == digest));
        images.filter_map(|image| Some((image, self.registry.report(image, self.now)?))).collect()
    }
}
