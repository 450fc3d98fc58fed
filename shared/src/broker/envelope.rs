//! What is true of a message on its way, and not of what it says: AMQP properties. The body stays the payload
//! alone, so that a spooled, a dead and a delivered message are the same bytes.

use std::time::SystemTime;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use uuid::Uuid;

/// AMQP `app-id` of every message.
const APP_ID: &str = "postern";
/// AMQP `delivery-mode` of a message that survives a restart of the broker (AMQP 0-9-1, basic class).
const PERSISTENT: u8 = 2;
/// How often the content was taken up before, by the count of the spool.
const ATTEMPT: &str = "attempt";
/// How often a quorum queue has delivered a message before; RabbitMQ sets it from the second time on.
const DELIVERY_COUNT: &str = "x-delivery-count";
/// Why a message became a dead letter; RabbitMQ sets it.
const DEATH_REASON: &str = "x-first-death-reason";

/// The properties of a message. A kind that does not fit the property (255 bytes) is sent as `unreadable`, which every
/// reader puts with the dead letters.
pub fn stamp(kind: &str, attempt: u32) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(i64::from(attempt)));
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_type(ShortString::try_new(kind).unwrap_or_else(|_| "unreadable".into()))
        .with_message_id(Uuid::now_v7().to_string().into())
        .with_app_id(APP_ID.into())
        .with_timestamp(seconds_since_1970())
        .with_headers(headers)
}

/// What a reader learns from the properties. Whatever is missing or odd has its default: a strange message is
/// judged by its kind, never a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// What the body is, such as `submissions.v1`; empty when nobody said.
    pub kind: String,
    /// The publisher's name for the message, for logs.
    pub message_id: String,
    /// How often the content was taken up before, by the count of the spool.
    pub attempt: u32,
    /// How often the queue has delivered it before.
    pub delivery_count: u32,
    /// Why it is a dead letter (`rejected`, `delivery_limit`, …), or nothing.
    pub death_reason: Option<String>,
}

impl Received {
    /// Reads the properties of a delivery.
    pub fn read(properties: &BasicProperties) -> Self {
        let text = |property: &Option<ShortString>| property.as_ref().map_or_else(String::new, ToString::to_string);
        let header = |name: &str| properties.headers().as_ref().and_then(|headers| headers.inner().get(name));
        Self {
            kind: text(properties.kind()),
            message_id: text(properties.message_id()),
            attempt: header(ATTEMPT).map_or(0, count),
            delivery_count: header(DELIVERY_COUNT).map_or(0, count),
            death_reason: header(DEATH_REASON).and_then(AMQPValue::as_long_string).map(ToString::to_string),
        }
    }
}

/// Any of AMQP's whole numbers: brokers and clients choose the width by the value.
fn count(value: &AMQPValue) -> u32 {
    let number = match *value {
        AMQPValue::ShortShortInt(n) => i64::from(n),
        AMQPValue::ShortShortUInt(n) => i64::from(n),
        AMQPValue::ShortInt(n) => i64::from(n),
        AMQPValue::ShortUInt(n) => i64::from(n),
        AMQPValue::LongInt(n) => i64::from(n),
        AMQPValue::LongUInt(n) => i64::from(n),
        AMQPValue::LongLongInt(n) => n,
        _ => 0,
    };
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stamped_is_read_back_and_persistent() {
        let first = stamp("submissions.v1", 3);
        assert_eq!(*first.delivery_mode(), Some(PERSISTENT));
        let read = Received::read(&first);
        assert_eq!((read.kind.as_str(), read.attempt, read.delivery_count), ("submissions.v1", 3, 0));
        assert_eq!(read.death_reason, None);
    }

    #[test]
    fn a_message_has_only_headers_that_are_read() {
        let stamped = stamp("submissions.v1", 3);
        let names: Vec<&str> = stamped.headers().as_ref().unwrap().inner().keys().map(ShortString::as_str).collect();
        assert_eq!(names, [ATTEMPT]);
    }

    #[test]
    fn a_message_of_a_stranger_is_read_with_defaults() {
        assert_eq!(Received::read(&BasicProperties::default()), Received::default());
        for (value, expected) in [
            (AMQPValue::LongLongInt(2), 2),
            (AMQPValue::ShortShortUInt(2), 2),
            (AMQPValue::LongLongInt(-1), 0),
            (AMQPValue::LongLongInt(i64::MAX), u32::MAX),
            (AMQPValue::Boolean(true), 0),
        ] {
            let mut headers = FieldTable::default();
            headers.insert(DELIVERY_COUNT.into(), value);
            let properties = BasicProperties::default().with_headers(headers);
            assert_eq!(Received::read(&properties).delivery_count, expected);
        }
    }

    #[test]
    fn a_kind_that_is_too_long_is_sent_as_unreadable() {
        assert_eq!(Received::read(&stamp(&"x".repeat(256), 0)).kind, "unreadable");
    }
}
