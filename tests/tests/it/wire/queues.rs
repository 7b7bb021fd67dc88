//! SQS over the wire.

use jiff::SignedDuration;
use tidegate_aws::error::Kind;
use tidegate_aws::queues::{Outgoing, Queues};
use tidegate_tests::parts::{PARTS, has_queue};
use tidegate_tests::scene::TEN;
use tidegate_tests::world::World;
use tidegate_tests::world::faults::{Fault, QUEUE_ENTRY, Times};

use super::connect;

fn messages(count: u32) -> Vec<Outgoing> {
    (0..count).map(|index| Outgoing { body: format!("part {index} \"ü\""), delay_s: 4 * index }).collect()
}

#[tokio::test]
async fn messages_are_seen_when_their_delay_is_over_and_what_is_refused_is_named() {
    let world = World::new(TEN);
    has_queue(&world);
    world.lock().faults.add(QUEUE_ENTRY, Fault::ServerError, Times::Every(3));
    let (_server, aws) = connect(&world).await;
    let refused = aws.send_messages(PARTS, &messages(4)).await.expect("an answer");
    assert_eq!(refused.iter().map(|refused| refused.index).collect::<Vec<_>>(), [2]);
    assert_eq!(refused[0].why, "InternalError: We encountered an internal error. Please try again.");
    let mut account = world.lock();
    let queue = account.queues.get_mut(PARTS).expect("a queue");
    assert_eq!(queue.bodies().collect::<Vec<_>>(), ["part 0 \"ü\"", "part 1 \"ü\"", "part 3 \"ü\""]);
    let seen = [0, 3, 4, 11, 12].map(|seconds| queue.receive(TEN + SignedDuration::from_secs(seconds)).is_some());
    assert_eq!(seen, [true, false, true, false, true]);
}

#[tokio::test]
async fn a_queue_that_is_not_there_and_a_batch_that_is_too_large_are_refused() {
    let world = World::new(TEN);
    let (_server, aws) = connect(&world).await;
    let gone = aws.send_messages(PARTS, &messages(1)).await.expect_err("no queue");
    assert_eq!((gone.kind, gone.message.split(':').next()), (Kind::Refused, Some("QueueDoesNotExist")));
    has_queue(&world);
    let many = aws.send_messages(PARTS, &messages(11)).await.expect_err("too many");
    assert!(many.message.starts_with("TooManyEntriesInBatchRequest"), "{many}");
    world.lock().faults.add("SendMessageBatch", Fault::Denied, Times::Always);
    let denied = aws.send_messages(PARTS, &messages(1)).await.expect_err("not allowed");
    assert_eq!(denied.kind, Kind::Denied);
    assert!(denied.message.contains("sqs:"), "{denied}");
}
