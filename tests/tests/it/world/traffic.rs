//! Traffic, and what CloudWatch is told of it.

use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::{Balancer, Running, TargetGroup};
use tidegate_tests::world::metrics::Metric;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

use super::{minutes, points, shop};

/// Two versions, a tenth of the traffic to the second one, after twelve minutes.
fn two_versions(second: Version) -> (World, TargetGroup, TargetGroup) {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::application("prod/shop"));
    {
        let mut account = world.lock();
        let balancer = account.balancer("prod/shop");
        let first: Running = balancer.groups[0].running[0].clone();
        balancer.groups[1].running.push(Running { version: second, ..first });
        let group = balancer.groups[1].arn.clone();
        balancer.listener.shift(&group, 10.0);
    }
    world.pass(12);
    let groups = world.lock().balancer("prod/shop").groups.clone();
    (world, groups[0].clone(), groups[1].clone())
}

fn sum(points: &[f64]) -> f64 {
    points.iter().sum()
}

#[test]
fn weights_split_the_traffic_with_a_little_noise() {
    let (world, first, second) = two_versions(Version::new("v2"));
    let requests = |group| points(&world, Some(group), "RequestCount", "Sum", TEN);
    let (first, second) = (requests(&first), requests(&second));
    assert!((sum(&first) - 5400.0).abs() < 300.0 && (sum(&second) - 600.0).abs() < 100.0, "{first:?} {second:?}");
    assert!(second.iter().any(|minute| *minute > second[0]), "no two minutes of real traffic are alike");
    let all = points(&world, None, "RequestCount", "Sum", TEN);
    assert!((sum(&all) - sum(&first) - sum(&second)).abs() < 1e-6);
}

#[test]
fn counts_are_published_only_where_there_is_something_to_count() {
    let (world, first, second) = two_versions(Version::new("v2").errors(3.0).client_errors(5.0));
    let of = |group, name| points(&world, Some(group), name, "Sum", TEN);
    assert_eq!(of(&first, "HTTPCode_Target_5XX_Count"), [0.0; 0]);
    assert_eq!(of(&first, "TargetConnectionErrorCount"), [0.0; 0]);
    let errors = of(&second, "HTTPCode_Target_5XX_Count");
    assert!(!errors.is_empty() && errors.len() < 11 && errors.iter().all(|count| *count >= 1.0), "{errors:?}");
    let classes = ["HTTPCode_Target_2XX_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count"];
    let answers = classes.map(|name| sum(&of(&second, name)));
    assert!((answers.iter().sum::<f64>() - sum(&of(&second, "RequestCount"))).abs() < 1e-6, "{answers:?}");
}

#[test]
fn a_crash_shows_on_the_load_balancer_and_as_a_gap_of_its_target_group() {
    let (world, _, second) = two_versions(Version::new("v2").crashes(20.0));
    let of = |name| sum(&points(&world, Some(&second), name, "Sum", TEN));
    let on_balancer = |name| sum(&points(&world, None, name, "Sum", TEN));
    let gap = of("RequestCount") - of("HTTPCode_Target_2XX_Count");
    assert!(gap > 60.0, "{gap}");
    assert!((gap - on_balancer("HTTPCode_ELB_502_Count")).abs() < 1e-6);
    assert!((gap - on_balancer("HTTPCode_ELB_5XX_Count")).abs() < 1e-6);
    assert!(of("HTTPCode_Target_5XX_Count") + of("HTTPCode_ELB_502_Count") < 1.0);
    let refused = of("TargetConnectionErrorCount");
    assert!(refused > 0.0 && refused < gap, "{refused}");
}

#[test]
fn slow_requests_are_counted_by_any_limit() {
    let (world, first, second) = two_versions(Version::new("v2").answers_in(400.0, 0.5));
    let of = |group, stat| sum(&points(&world, Some(group), "TargetResponseTime", stat, TEN));
    let share = |group, stat| of(group, stat) / of(group, "SampleCount");
    // Half of a log-normal distribution is above its median; of one with sigma 0.5, one in six above 1.65 times that.
    assert!((share(&second, "TC(0.4:)") - 0.5).abs() < 0.08, "{}", share(&second, "TC(0.4:)"));
    assert!((share(&second, "TC(0.66:)") - 0.159).abs() < 0.05, "{}", share(&second, "TC(0.66:)"));
    assert!((share(&second, "TC(:0.4)") + share(&second, "TC(0.4:)") - 1.0).abs() < 1e-9);
    assert!(share(&first, "TC(0.4:)") < 0.003, "{}", share(&first, "TC(0.4:)"));
}

#[test]
fn errors_come_in_clumps_and_from_a_moment_on() {
    let outage = Version::new("outage").errors(30.0);
    let (world, _, second) =
        two_versions(Version::new("v2").errors(2.0).in_clumps_of(3).then(TEN + minutes(8), outage));
    let points = points(&world, Some(&second), "HTTPCode_Target_5XX_Count", "Sum", TEN);
    let (before, after) = points.split_at(points.len() - 2);
    assert!(before.iter().all(|count| (count % 3.0).abs() < 1e-6), "{before:?}");
    assert!(after.iter().all(|count| *count > 8.0), "{after:?}");
}

#[test]
fn hosts_are_counted_and_a_network_load_balancer_counts_nothing_else() {
    let world = shop(Service::new("prod/shop", 4, TEN), Balancer::network("prod/shop"));
    world.lock().balancer("prod/shop").groups[0].running[0].version.unhealthy = 1;
    world.pass(12);
    let mut account = world.lock();
    let now = account.now;
    let balancer = account.balancer("prod/shop").clone();
    let dimensions = [("LoadBalancer", balancer.dimension()), ("TargetGroup", balancer.groups[0].dimension())];
    let read = |namespace, name, stat| {
        account.metrics.read(&Metric::new(namespace, name, &dimensions), stat, 60, (TEN, TEN + minutes(1)), now)
    };
    assert_eq!(read("AWS/NetworkELB", "UnHealthyHostCount", "Minimum"), [(TEN, 1.0)]);
    assert_eq!(read("AWS/NetworkELB", "HealthyHostCount", "Maximum"), [(TEN, 3.0)]);
    assert!(read("AWS/ApplicationELB", "RequestCount", "Sum").is_empty());
}

#[test]
fn a_minute_can_be_read_before_it_is_complete_and_grows() {
    let (world, first, _) = two_versions(Version::new("v2"));
    let newest = || points(&world, Some(&first), "RequestCount", "Sum", TEN + minutes(12)).first().copied();
    world.lock().metrics.grows_for = Some(minutes(1));
    assert_eq!(newest(), None, "it has not begun");
    let mut seen = Vec::new();
    for _ in 0..4 {
        world.pass_for(jiff::SignedDuration::from_secs(30));
        seen.extend(newest());
    }
    assert!(seen.len() == 4 && seen.is_sorted() && seen[1] < seen[3] - 100.0, "{seen:?}");
    world.pass(1);
    assert_eq!(newest(), Some(seen[3]));
}

#[test]
fn points_can_be_late_lost_and_doubled() {
    let (world, first, _) = two_versions(Version::new("v2"));
    let read = || points(&world, Some(&first), "RequestCount", "Sum", TEN).len();
    assert_eq!(read(), 10);
    world.lock().metrics.late = vec![("RequestCount".to_owned(), minutes(5))];
    assert_eq!(read(), 6);
    world.lock().metrics.doubled = vec!["RequestCount".to_owned()];
    assert_eq!(read(), 7);
    world.lock().metrics.lost = vec![("RequestCount".to_owned(), TEN, TEN + minutes(2))];
    assert_eq!(read(), 5);
}
