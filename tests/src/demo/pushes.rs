//! The images of the demo: what is pushed, what is found in it, and how each should end.

use super::push::Act;
use crate::scene::TEN;
use crate::world::balancer::Balancer;
use crate::world::native::DeploymentConfiguration;
use crate::world::registry::findings::{Finding, critical, medium};
use crate::world::registry::image::Image;
use crate::world::service::Service;
use crate::world::version::Version;

/// The service whose images are pushed.
pub const SERVICE: &str = "prod/orders";

/// The repository that they are pushed to.
pub const REPOSITORY: &str = "orders";

/// How a push should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Its deployment is rolled back without a request, and people are told of this.
    Blocked {
        /// The vulnerability, where it is, and what removes it.
        told: [&'static str; 2],
    },
    /// Its deployment goes all the way, and nobody hears of it.
    LetThrough,
}

/// The acts, in their order; all of them are told of the same service.
#[must_use]
pub fn acts() -> Vec<Act> {
    vec![
        Act {
            title: "Unsafe push",
            story: "A push. Its deployment begins while Inspector still scans it; the policy is the built-in one.",
            minute: 0,
            tag: "v2",
            findings: vec![unsafe_openssl(), old_zlib()],
            expects: Expectation::Blocked { told: ["CVE-2026-1001", "openssl 3.0.1, fixed in 3.0.2"] },
        },
        Act {
            title: "Rebuilt push",
            story: "The same with the fix. What is left has no fix and is of medium severity. A tenth of the traffic, then all of it.",
            minute: 20,
            tag: "v3",
            findings: vec![old_zlib()],
            expects: Expectation::LetThrough,
        },
    ]
}

/// The image that runs when the story begins.
#[must_use]
pub fn first() -> Image {
    Image::new(REPOSITORY, "v1").finds([old_zlib()])
}

/// The service, which is enrolled by its tag alone.
#[must_use]
pub fn service() -> Service {
    Service::new(SERVICE, 4, TEN).image("orders:v1").tag("scan", "on")
}

/// What is before the service.
#[must_use]
pub fn balancer() -> Balancer {
    Balancer::application(SERVICE).requests(|_| 1200.0).serving(Version::new("v1").errors(0.1), 4)
}

/// How the service is deployed.
#[must_use]
pub fn configuration() -> DeploymentConfiguration {
    DeploymentConfiguration::canary(10.0, 3).bake(3)
}

fn unsafe_openssl() -> Finding {
    critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2")
}

fn old_zlib() -> Finding {
    medium("CVE-2025-7302").in_package("zlib", "1.2.13")
}
