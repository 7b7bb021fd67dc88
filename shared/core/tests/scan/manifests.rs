//! What an image is made of.

use serde_json::{Value, json};
use tidegate_core::scan::manifest::{Entry, Manifest, OfPlatform, Parts};

fn read(manifest: Value) -> Manifest {
    serde_json::from_value(manifest).expect("a manifest")
}

fn index() -> Manifest {
    let entry = |digest: &str, os: &str, architecture: &str| {
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": digest,
               "platform": {"os": os, "architecture": architecture}})
    };
    let mut attestation = entry("sha256:d", "unknown", "unknown");
    attestation["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "sha256:b",
    });
    read(json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry("sha256:b", "linux", "amd64"), entry("sha256:c", "linux", "arm64"), attestation],
    }))
}

fn own(platform: Option<OfPlatform>) -> Entry {
    Entry { digest: "sha256:a".to_owned(), platform, annotations: None }
}

fn names(parts: &Parts) -> Vec<&str> {
    parts.platforms.iter().filter_map(|(_, name)| name.as_deref()).collect()
}

#[test]
fn an_index_is_its_platforms_without_the_attestations() {
    let parts = index().parts(&own(None), None);
    assert_eq!(names(&parts), ["linux/amd64", "linux/arm64"]);
    assert_eq!(parts.left_out.len(), 1);
    assert_eq!(parts.left_out[0].why, "it is no image: attestation-manifest");
}

#[test]
fn a_task_runs_on_one_architecture_and_the_others_are_left_out() {
    let parts = index().parts(&own(None), Some("arm64"));
    assert_eq!(names(&parts), ["linux/arm64"]);
    assert_eq!(parts.left_out[0].why, "the task runs on arm64, and this is linux/amd64");
    assert!(index().parts(&own(None), Some("riscv64")).platforms.is_empty());
}

#[test]
fn a_manifest_that_does_not_say_its_platform_may_run_on_any() {
    let manifest = read(json!({"manifests": [{"digest": "sha256:b"}]}));
    assert_eq!(manifest.parts(&own(None), Some("arm64")).platforms, [("sha256:b".to_owned(), None)]);
}

#[test]
fn one_image_for_another_architecture_is_left_out_like_one_of_an_index() {
    let config = json!({"os": "linux", "architecture": "amd64", "config": {"User": "app"}, "history": []});
    let platform: OfPlatform = serde_json::from_value(config).expect("a configuration says its platform");
    let image = read(json!({"config": {"digest": "sha256:e"}}));
    assert_eq!(names(&image.parts(&own(Some(platform.clone())), Some("amd64"))), ["linux/amd64"]);
    let parts = image.parts(&own(Some(platform)), Some("arm64"));
    assert!(parts.platforms.is_empty());
    assert_eq!(parts.left_out[0].why, "the task runs on arm64, and this is linux/amd64");
}

#[test]
fn one_image_is_itself_and_an_artifact_is_none() {
    let image = |media_type: &str| read(json!({"config": {"digest": "sha256:e", "mediaType": media_type}}));
    for of_an_image in ["application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"] {
        assert_eq!(image(of_an_image).is_no_image(), None);
        let parts = image(of_an_image).parts(&own(None), Some("arm64"));
        assert_eq!(parts.platforms, [("sha256:a".to_owned(), None)]);
    }
    for other in ["application/vnd.cncf.helm.config.v1+json", "application/vnd.oci.empty.v1+json"] {
        assert!(image(other).is_no_image().is_some(), "{other}");
    }
    let signature = json!({
        "artifactType": "application/vnd.cncf.notary.signature", "subject": {"digest": "sha256:a"},
        "config": {"digest": "sha256:e", "mediaType": "application/vnd.oci.image.config.v1+json"},
    });
    assert!(read(signature).is_no_image().is_some());
    assert_eq!(read(json!({})).is_no_image(), None, "of an odd one its scan tells");
}
