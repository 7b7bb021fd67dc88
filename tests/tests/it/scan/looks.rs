//! Looking at an image: what is asked, how often, and what becomes of it where the time does not suffice.

use std::time::Duration;

use jiff::SignedDuration;
use tidegate_aws::deadline::Deadline;
use tidegate_core::scan::image_name::ImageName;
use tidegate_core::scan::{Judgement, Policy};
use tidegate_lambda::images::Looking;
use tidegate_tests::scene::TEN;
use tidegate_tests::world::faults::{Fault, Times};
use tidegate_tests::world::registry::findings::{Finding, low};
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::registry::scan::Says;
use tidegate_tests::world::{ACCOUNT, REGION, World};

const DETAILS: &str = "BatchGetFindingDetails";
const REGISTRY: &str = "GetRegistryScanningConfiguration";

fn enhanced() -> World {
    let world = World::new(TEN);
    world.scans_enhanced();
    world
}

fn in_an_hour<'a>(world: &'a World, deadline: &'a Deadline) -> Looking<'a, World> {
    Looking::new(world, deadline, 10, false, TEN + SignedDuration::from_hours(1))
}

async fn judged(looking: &Looking<'_, World>, tag: &str) -> Judgement {
    let name = ImageName::read(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:{tag}")).expect("a name");
    looking.judge(&name, None, &Policy::default()).await.expect("an image").1
}

fn said(judgement: &Judgement) -> String {
    format!("{} {}", judgement.verdict.as_str(), judgement.reason.code())
}

/// So many vulnerabilities that nobody minds, and one that is exploited.
fn many(harmless: usize, exploited: Finding) -> Image {
    let harmless = (0..harmless).map(|number| low(&format!("CVE-2026-{number:05}")).in_package("curl", "8"));
    Image::new("shop", "v1").finds(harmless.chain([exploited])).says(Says::Done)
}

#[tokio::test(start_paused = true)]
async fn every_vulnerability_is_asked_about_however_many_there_are() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_mins(1)));
    world.push(many(1499, low("CVE-2026-99999").in_package("zlib", "1").known_exploited()));
    let judgement = judged(&in_an_hour(&world, &deadline), "v1").await;
    assert_eq!((said(&judgement).as_str(), world.calls(DETAILS)), ("fail vulnerable", 150));
    assert_eq!(judgement.blocking[0].id, "CVE-2026-99999");
}

#[tokio::test(start_paused = true)]
async fn what_the_time_does_not_suffice_for_does_not_pass_and_says_so() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_millis(4500)));
    world.lock().faults.add(DETAILS, Fault::Delay(Duration::from_secs(1)), Times::Always);
    world.push(many(1499, low("CVE-2026-99999").in_package("zlib", "1")));
    let judgement = judged(&in_an_hour(&world, &deadline), "v1").await;
    assert_eq!(said(&judgement), "error risk_unreadable");
    assert!(judgement.why.contains("of the 400 likeliest"), "{}", judgement.why);
    assert!(judgement.why.contains("for 1100 more there was no time"), "{}", judgement.why);
    assert!(world.calls(DETAILS) <= 51, "nothing is begun after the deadline");
}

#[tokio::test(start_paused = true)]
async fn the_likeliest_is_asked_about_first_and_blocks_although_the_time_does_not_suffice_for_all() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_millis(1500)));
    world.lock().faults.add(DETAILS, Fault::Delay(Duration::from_secs(1)), Times::Always);
    world.push(many(1499, low("CVE-2026-99999").in_package("zlib", "1").exploitable().known_exploited()));
    let judgement = judged(&in_an_hour(&world, &deadline), "v1").await;
    assert_eq!(said(&judgement), "fail vulnerable");
    assert_eq!(judgement.blocking[0].id, "CVE-2026-99999");
}

#[tokio::test(start_paused = true)]
async fn where_inspector_refuses_to_tell_the_others_are_not_asked_about() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_mins(1)));
    world.lock().faults.add(DETAILS, Fault::Denied, Times::Always);
    world.push(many(1499, low("CVE-2026-99999").in_package("zlib", "1")));
    let judgement = judged(&in_an_hour(&world, &deadline), "v1").await;
    assert_eq!(said(&judgement), "error risk_unreadable");
    assert!(judgement.why.contains("AccessDenied"), "{}", judgement.why);
    assert!(world.calls(DETAILS) <= 10);
}

#[tokio::test(start_paused = true)]
async fn how_the_registry_scans_is_read_once_unless_it_could_not_be_read() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_mins(1)));
    world.push(many(1, low("CVE-2026-99999")));
    world.push(Image::new("shop", "v2").says(Says::Empty));
    world.lock().faults.add(REGISTRY, Fault::Denied, Times::First(1));
    let looking = in_an_hour(&world, &deadline);
    let judgement = judged(&looking, "v2").await;
    assert_eq!(said(&judgement), "error image_unreadable");
    assert!(judgement.why.contains("GetRegistryScanningConfiguration"), "{}", judgement.why);
    for tag in ["v1", "v2", "v1"] {
        judged(&looking, tag).await;
    }
    assert_eq!(world.calls(REGISTRY), 2);
}

#[tokio::test(start_paused = true)]
async fn an_empty_scan_of_which_inspector_does_not_tell_is_not_clean() {
    let (world, deadline) = (enhanced(), Deadline::within(Duration::from_mins(1)));
    world.push(Image::new("shop", "v1").says(Says::Empty));
    world.lock().faults.add("ListCoverage", Fault::Denied, Times::Always);
    let judgement = judged(&in_an_hour(&world, &deadline), "v1").await;
    assert_eq!(said(&judgement), "error image_unreadable");
    assert!(judgement.why.contains("ListCoverage"), "{}", judgement.why);
}
