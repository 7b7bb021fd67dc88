//! What people read.

use tidegate_core::scan::Policy;
use tidegate_core::scan::document;
use tidegate_core::scan::finding::{Fix, Package, Severity};
use tidegate_core::scan::tell::{exceptions, message};

use crate::image::{bad, finding, index, judged, now, said, with};

#[test]
fn the_message_names_the_vulnerability_the_package_the_fix_and_the_exception() {
    let mut finding = bad();
    finding.packages[0].layer = Some("sha256:72d97abdfae3b3c933ff41e39779cc72853d7bd9dc1e".to_owned());
    finding.url = Some("https://security.example/CVE-2026-1001".to_owned());
    let facts = with([finding]);
    let judgement = judged(&facts, &Policy::default());
    let done = ["stop_deployment d-A1B2C3D4E, done".to_owned()];
    let expected = r#"team-a/shop:v2@sha256:aaaaaaaaaaaa has 1 finding that blocks: CVE-2026-1001 (CRITICAL, openssl 3.0.1, fixed in 3.0.2); found in all: 1 CRITICAL
  image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team-a/shop@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, tagged v2
  CRITICAL CVE-2026-1001: CRITICAL is at or above HIGH, and it can be fixed
    openssl 3.0.1, fixed in 3.0.2 (layer sha256:72d97abdfae3)
    https://security.example/CVE-2026-1001
  stop_deployment d-A1B2C3D4E, done
To accept this for a while, add to the exceptions of the policy, with a reason:
- id: CVE-2026-1001
  repositories: ["team-a/shop"]
  packages: ["openssl"]
  until: 2026-12-27
  reason: """#;
    assert_eq!(message(&facts, &judgement, &done, now()), expected);
}

#[test]
fn an_index_says_which_platforms_have_it() {
    let facts = index(Vec::new(), vec![bad()]);
    let told = message(&facts, &judged(&facts, &Policy::default()), &[], now());
    assert!(told.contains("\n    on linux/arm64\n"), "{told}");
}

#[test]
fn a_message_names_twenty_and_counts_the_rest() {
    let findings = (0..30).map(|n| finding(&format!("CVE-2026-{n:04}"), Severity::Critical, Fix::Yes));
    let facts = with(findings);
    let judgement = judged(&facts, &Policy::default());
    let told = message(&facts, &judgement, &[], now());
    assert!(judgement.why.contains("30 findings that block: CVE-2026-0000") && judgement.why.contains("and 28 more"));
    assert!(told.contains("  and 10 more\n"), "{told}");
    assert_eq!(told.matches("- id: ").count(), 20);
}

#[test]
fn the_exception_to_paste_is_accepted_once_it_has_a_reason() {
    let mut finding = bad();
    finding.packages.push(Package { name: "odd\"name\"".to_owned(), ..Package::default() });
    let facts = with([finding]);
    let judgement = judged(&facts, &Policy::default());
    let pasted = exceptions(&facts.image, &judgement.blocking, now());
    let document = |reason: &str| {
        let pasted = pasted.replace("reason: \"\"", &format!("reason: \"{reason}\""));
        document::read(&format!("version: 1\nexceptions:\n{pasted}\n"), now())
    };
    assert!(document("").is_err(), "a reason is for a person to give");
    let policy = document("not reachable").expect("it can be read").policy("team-a/shop");
    let judgement = judged(&facts, &policy);
    assert_eq!((said(&judgement).as_str(), judgement.accepted.len()), ("pass clean", 1));
}
