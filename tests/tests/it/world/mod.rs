//! The world itself: what everything else is proved in has to be like the real one where it matters.

mod clock;
mod codedeploy;
mod failing;
mod native;
mod registry;
mod smoke;
mod stages;
mod tasks;
mod traffic;

use jiff::{SignedDuration, Timestamp};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::{Balancer, TargetGroup};
use tidegate_tests::world::metrics::Metric;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// A shop of four tasks behind a load balancer, with 600 requests a minute.
fn shop(service: Service, balancer: Balancer) -> World {
    let world = World::new(TEN);
    world.add(service);
    world.balance(balancer.requests(|_| 600.0).serving(Version::new("v1"), 4));
    world
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A metric of a target group, or of the load balancer where there is none, over ten minutes from a moment.
fn points(world: &World, group: Option<&TargetGroup>, name: &str, stat: &str, from: Timestamp) -> Vec<f64> {
    let mut account = world.lock();
    let (now, balancer) = (account.now, account.balancer("prod/shop").dimension().to_owned());
    let mut dimensions = vec![("LoadBalancer", balancer.as_str())];
    dimensions.extend(group.map(|group| ("TargetGroup", group.dimension())));
    let metric = Metric::new("AWS/ApplicationELB", name, &dimensions);
    let points = account.metrics.read(&metric, stat, 60, (from, from + minutes(10)), now);
    points.into_iter().map(|(_, value)| value).collect()
}

/// The target group that a version is behind.
fn group_of(world: &World, version: &str) -> TargetGroup {
    let mut account = world.lock();
    account.balancer("prod/shop").group_of(version).unwrap_or_else(|| panic!("nothing runs {version}")).clone()
}
