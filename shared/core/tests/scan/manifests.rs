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
    assert_eq!(read(json!({})).is_no_image(), None, "of an odd one its scan tells");
}

#[test]
fn signatures_are_no_images() {
    let subject = json!({"digest": "sha256:a"});
    for config in ["application/vnd.cncf.notary.signature", "application/vnd.oci.empty.v1+json"] {
        let config = json!({"digest": "sha256:e", "mediaType": config});
        let why = read(json!({"config": config, "subject": subject})).is_no_image();
        assert!(why.is_some_and(|why| why.starts_with("its configuration is of the type ")), "{config}");
    }
    let kind = "application/vnd.cncf.notary.signature";
    let why = read(json!({"artifactType": kind, "subject": subject})).is_no_image();
    assert_eq!(why, Some(format!("it is an artifact of the type {kind}")));
    let why = read(json!({"subject": subject})).is_no_image();
    assert_eq!(why.as_deref(), Some("it only tells of another image"));
}

#[test]
fn what_has_the_configuration_of_an_image_is_one_whatever_else_it_says() {
    for config in ["application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"] {
        let disguised = json!({
            "artifactType": "application/vnd.cncf.notary.signature", "subject": {"digest": "sha256:a"},
            "config": {"digest": "sha256:e", "mediaType": config},
        });
        assert_eq!(read(disguised).is_no_image(), None, "{config}");
    }
}

#[test]
fn a_platform_that_runs_is_not_left_out_for_what_its_builder_says_of_it() {
    let entry = |platform: Value| {
        let annotations = json!({"vnd.docker.reference.type": "attestation-manifest"});
        let index = json!({"manifests": [{"digest": "sha256:b", "platform": platform, "annotations": annotations}]});
        read(index).parts(&own(None), None)
    };
    let disguised = entry(json!({"os": "linux", "architecture": "amd64"}));
    assert_eq!((names(&disguised), disguised.left_out.len()), (vec!["linux/amd64"], 0));
    for platform in [json!({"os": "unknown", "architecture": "unknown"}), json!({}), Value::Null] {
        let parts = entry(platform);
        assert!(parts.platforms.is_empty());
        assert_eq!(parts.left_out[0].why, "it is no image: attestation-manifest");
    }
}
