//! Manifests, configurations and their digests: the JSON that a push brings.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tokio_rustls::rustls::SupportedCipherSuite;
use tokio_rustls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

/// The media type of an image's manifest.
pub const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The media type of an image's configuration.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// The media type of what an attestation has in the place of a layer.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The platform of an attestation.
pub const UNKNOWN: &str = "unknown/unknown";

/// Something that a registry keeps by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its media type.
    pub media_type: &'static str,
    /// The digest of its body.
    pub digest: String,
    /// JSON.
    pub body: String,
}

impl Document {
    /// A document of this type.
    #[must_use]
    pub fn new(media_type: &'static str, body: String) -> Self {
        Self { media_type, digest: digest(&body), body }
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.body.len()})
    }
}

/// The configuration of an image: its platform, and the user that it runs as where it names one.
#[must_use]
pub fn config(platform: &str, user: Option<&str>, content: &str) -> Document {
    let (os, architecture) = platform.split_once('/').unwrap_or((platform, ""));
    let mut config = json!({"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Labels": {"built-from": content}});
    if let Some(user) = user {
        config["User"] = json!(user);
    }
    let body = json!({
        "architecture": architecture, "os": os, "config": config, "created": "2026-11-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [digest(&format!("files of {content}"))]},
    });
    Document::new(CONFIG, body.to_string())
}

/// The manifest of an image.
#[must_use]
pub fn image(config: &Document, content: &str) -> Document {
    let layer = json!({
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer(content), "size": 31_457_280,
    });
    manifest(config, &[layer])
}

/// The manifest of the attestation that a build adds for one of its images.
#[must_use]
pub fn attestation(of: &Document) -> (Document, Document) {
    let config = Document::new(CONFIG, json!({"architecture": "unknown", "os": "unknown", "config": {}}).to_string());
    let statement = digest(&format!("provenance of {}", of.digest));
    let layer = json!({
        "mediaType": IN_TOTO, "digest": statement, "size": 4096,
        "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"},
    });
    (manifest(&config, &[layer]), config)
}

fn manifest(config: &Document, layers: &[Value]) -> Document {
    let body = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config.descriptor(), "layers": layers});
    Document::new(IMAGE, body.to_string())
}

/// An index of manifests, each with its platform; an attestation names the digest that it is about.
#[must_use]
pub fn index(manifests: &[(&Document, &str, Option<&str>)]) -> Document {
    let entry = |(manifest, platform, about): &(&Document, &str, Option<&str>)| {
        let (os, architecture) = platform.split_once('/').unwrap_or((platform, ""));
        let mut entry = manifest.descriptor();
        entry["platform"] = json!({"os": os, "architecture": architecture});
        if let Some(about) = about {
            entry["annotations"] = json!({
                "vnd.docker.reference.digest": about, "vnd.docker.reference.type": "attestation-manifest",
            });
        }
        entry
    };
    let manifests: Vec<Value> = manifests.iter().map(entry).collect();
    Document::new(INDEX, json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string())
}

/// The digest of the layer that something was built in.
#[must_use]
pub fn layer(content: &str) -> String {
    digest(&format!("layer of {content}"))
}

/// `sha256:` and what follows from the text.
///
/// # Panics
/// Never: the suite is one of TLS 1.3.
#[must_use]
pub fn digest(text: &str) -> String {
    // The TLS stack is here already, and knows how to hash.
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else { panic!("no suite of TLS 1.3") };
    let hash = suite.common.hash_provider.hash(text.as_bytes());
    hash.as_ref().iter().fold("sha256:".to_owned(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    })
}
