//! The local world as a server of its own, for `make deployed`: what the emulator that the stack is deployed into lacks. Its
//! time is the present.
//!
//! It prints a line of JSON for whatever has to reach the stack, and ends when its standard input does:
//! - `{"url": ...}` once: where it listens
//! - `{"event": ...}`: what EventBridge brings
//! - `{"hook": {"function": ..., "payload": ...}}`: a function that a deployment calls, and waits for
//!
//! Four services, each under CodeDeploy:
//! - `prod/shop` begins to deploy an image with a vulnerability that has a fix
//! - `prod/mail` begins to deploy an image whose scan does not end
//! - `prod/cart` has been shifting a tenth of its traffic to a version of which one request in twenty fails
//! - `prod/pay` has shifted all of its traffic to a good version, and waits to hear that it may end

use std::io::{Read, Write, stdin, stdout};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_tests::hooking;
use tidegate_tests::release;
use tidegate_tests::wire::Server;
use tidegate_tests::world::World;
use tidegate_tests::world::balancer::Balancer;
use tidegate_tests::world::codedeploy::DeploymentGroup;
use tidegate_tests::world::registry::findings::critical;
use tidegate_tests::world::registry::image::Image;
use tidegate_tests::world::service::Service;
use tidegate_tests::world::version::Version;

/// Minutes that everything has been at rest for before the first deployment.
const AT_REST: u32 = 125;

/// Minutes from there to the present: `prod/pay` has been serving all of its traffic for longer than its bake.
const DEPLOYING: u32 = 25;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "its time is the present, as that of the emulator beside it")]
async fn main() {
    // Whoever started it may have been killed.
    std::thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let now = Timestamp::now();
    let world = World::new(now - SignedDuration::from_mins(i64::from(AT_REST + DEPLOYING)));
    set_up(&world);
    let server = Server::start(world.clone()).await;
    say(&json!({"url": server.url()}));
    loop {
        let behind = Timestamp::now().duration_since(world.lock().now).as_secs();
        if behind > 0 {
            world.pass_for(SignedDuration::from_secs(behind));
        }
        for event in world.take_events() {
            say(&json!({"event": event}));
        }
        let hooks: Vec<_> = world.lock().hooks_due.drain(..).collect();
        for hook in hooks {
            say(&json!({"hook": {"function": hook.function, "payload": hook.payload}}));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn set_up(world: &World) {
    let start = world.lock().now;
    for name in ["shop", "mail"] {
        world.push(Image::new(name, "v1").user("1000"));
    }
    for (name, tag) in [("shop", "hook"), ("mail", "hook"), ("cart", "gate"), ("pay", "gate")] {
        let id = format!("prod/{name}");
        let mut service = Service::new(&id, 4, start).by_code_deploy().tag(tag, "on");
        let mut version = Version::new("v1").errors(0.1);
        if tag == "hook" {
            service = service.image(&format!("{name}:v1"));
            version = version.image(&format!("{name}:v1"));
        }
        world.add(service);
        world.balance(Balancer::application(&id).test_listener().requests(|_| 1000.0).serving(version, 4));
    }
    let group = |name: &str| DeploymentGroup::new(&format!("prod/{name}")).termination_wait(60);
    world.lock().codedeploy.groups.extend([
        group("shop").hook("BeforeInstall", hooking::FUNCTION),
        group("mail").hook("BeforeInstall", hooking::FUNCTION),
        group("cart").canary(10, 60),
        group("pay").hook("AfterAllowTraffic", release::FUNCTION),
    ]);
    world.pass(AT_REST);
    // Found within the hour, so that it is news.
    let vulnerability = critical("CVE-2026-1001").in_package("openssl", "3.0.1").fixed_in("3.0.2");
    world.push(Image::new("shop", "bad").user("1000").finds([vulnerability]));
    world.push(Image::new("mail", "v2").user("1000").in_progress_for(24 * 60));
    world.deploy("prod/cart", Version::new("v2").errors(5.0));
    world.deploy("prod/pay", Version::new("v2").errors(0.1));
    world.pass(DEPLOYING);
    world.deploy("prod/shop", Version::new("bad").image("shop:bad"));
    world.deploy("prod/mail", Version::new("v2").image("mail:v2"));
}

fn say(line: &Value) {
    let mut out = stdout();
    // Nobody listens any more: the end of standard input follows.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
