//! Every exchange and queue, named once, with its why. The names carry a version because RabbitMQ answers a
//! declaration with changed arguments with 406 PRECONDITION_FAILED, which a session that re-declares would
//! meet for ever: whoever changes an argument below changes the name as well. Fits RabbitMQ 3.10 and later.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{Channel, ErrorKind, ExchangeKind};

use crate::lane::Lane;

/// Takes every submission; direct, so that the routing key names the lane.
pub const EXCHANGE: &str = "postern.v1";

/// The routing key of [`Lane::Default`].
pub const LANE_DEFAULT: &str = "default";

/// The queue of [`Lane::Default`]. Quorum: a confirm means that a majority has it on disk.
pub const QUEUE_DEFAULT: &str = "postern.lane.default.v1";

/// Takes what wakes runs, which must not wait behind a burst of submissions.
pub const RESUME_EXCHANGE: &str = "postern.resume.v1";

/// Takes what a queue gives up on. Fanout: a dead letter keeps its routing key, and no key may miss the queue.
pub const DEAD_EXCHANGE: &str = "postern.dead.v1";

/// Holds the dead letters until a worker has stored them.
pub const DEAD_QUEUE: &str = "postern.dead.v1";

/// Bytes that wait in one lane. Explicit, since `reject-publish` does nothing without a limit; a full lane
/// refuses, the submissions go to the spool, and the disk of the broker stays out of its alarm.
pub const LANE_MAX_BYTES: i64 = 8 * 1024 * 1024 * 1024;

/// Deliveries of one message, only a backstop: the worker itself takes a poisoned message out after two.
/// Explicit, because newer brokers drop after 20 unless told otherwise.
pub const LANE_DELIVERY_LIMIT: i64 = 1_000;

/// Deliveries of a dead letter: behind this queue there is nothing, so what it drops is lost.
pub const DEAD_DELIVERY_LIMIT: i64 = 1_000_000_000;

/// The exchange and the routing key of a lane; none = it is of the spool alone.
pub fn way(lane: Lane) -> Option<(&'static str, &'static str)> {
    Some(match lane {
        Lane::Default => (EXCHANGE, LANE_DEFAULT),
        Lane::Resuming => (RESUME_EXCHANGE, "resume"),
        Lane::Bulk1 => (EXCHANGE, "bulk-1"),
        Lane::Bulk2 => (EXCHANGE, "bulk-2"),
        Lane::Bulk3 => (EXCHANGE, "bulk-3"),
        Lane::Bulk4 => (EXCHANGE, "bulk-4"),
        Lane::Calling | Lane::Slow => return None,
    })
}

/// The queue of a lane; none = it is of the spool alone.
pub fn queue(lane: Lane) -> Option<&'static str> {
    Some(match lane {
        Lane::Default => QUEUE_DEFAULT,
        Lane::Resuming => "postern.resume.v1",
        Lane::Bulk1 => "postern.lane.bulk-1.v1",
        Lane::Bulk2 => "postern.lane.bulk-2.v1",
        Lane::Bulk3 => "postern.lane.bulk-3.v1",
        Lane::Bulk4 => "postern.lane.bulk-4.v1",
        Lane::Calling | Lane::Slow => return None,
    })
}

/// Whether an error says that an exchange or a queue is not there.
pub fn is_missing(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND),
        _ => false,
    }
}

/// Declares everything, so that either service may be the first to meet an empty broker. Only what is missing is worth it:
/// while a node of a cluster hangs, binding a queue takes as long as the node does, even where the binding is there.
pub async fn declare(channel: &Channel) -> Result<(), lapin::Error> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let exchanges = [
        (DEAD_EXCHANGE, ExchangeKind::Fanout),
        (EXCHANGE, ExchangeKind::Direct),
        (RESUME_EXCHANGE, ExchangeKind::Direct),
    ];
    for (name, kind) in exchanges {
        channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await?;
    }
    // The dead letters first: a lane must never lead to an exchange that has no queue yet.
    declare_queue(channel, DEAD_QUEUE, dead_arguments(), (DEAD_EXCHANGE, "")).await?;
    for lane in Lane::BROKERED {
        if let (Some(queue), Some(way)) = (queue(lane), way(lane)) {
            declare_queue(channel, queue, lane_arguments(), way).await?;
        }
    }
    Ok(())
}

async fn declare_queue(
    channel: &Channel,
    queue: &str,
    arguments: FieldTable,
    (exchange, key): (&str, &str),
) -> Result<(), lapin::Error> {
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments).await?;
    let options = QueueBindOptions::default();
    channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
}

/// `at-least-once` needs `reject-publish`; with the default strategy a dead letter can vanish on its way.
fn lane_arguments() -> FieldTable {
    arguments([
        ("x-queue-type", text("quorum")),
        ("x-dead-letter-exchange", text(DEAD_EXCHANGE)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
        ("x-max-length-bytes", AMQPValue::LongLongInt(LANE_MAX_BYTES)),
        ("x-delivery-limit", AMQPValue::LongLongInt(LANE_DELIVERY_LIMIT)),
    ])
}

fn dead_arguments() -> FieldTable {
    arguments([("x-queue-type", text("quorum")), ("x-delivery-limit", AMQPValue::LongLongInt(DEAD_DELIVERY_LIMIT))])
}

fn arguments<const N: usize>(pairs: [(&'static str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        table.insert(ShortString::from(name), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}
