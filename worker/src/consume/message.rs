//! A message as the rest of the worker sees it, and what is to become of its delivery. AMQP types stop before it.

use postern_shared::lane::Lane;
use postern_shared::store::spool::{Lease, Pair, finish_with};
use postern_shared::store::{StoreError, Transaction};

/// One delivery, without its AMQP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the body is, such as `submissions.v1`; empty when the publisher did not say.
    pub kind: String,
    /// The payload.
    pub body: Vec<u8>,
    /// The publisher's name for the message, for logs.
    pub message_id: String,
    /// How often the content was taken up before, by the count of the spool.
    pub attempt: u32,
    /// How often the queue has delivered it before: 0 the first time.
    pub delivery_count: u32,
    /// Where it came from.
    pub origin: Origin,
    /// The lane in which it came; that of a dead letter is no longer known, and counts as the default.
    pub lane: Lane,
    /// The right to its row, if it came from the spool.
    pub lease: Option<Lease>,
    /// The pair by which its row was taken, in a lane that is taken from by pair.
    pub pair: Option<Pair>,
    /// Whether it was taken although its target rests, since it has waited for too long.
    pub is_overdue: bool,
}

impl Message {
    /// To be called last in the transaction with the work: a row of the spool goes with its commit, and a lease that was
    /// lost forbids it. A delivery of the broker is acknowledged after it instead.
    pub async fn settle_with(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        finish_with(transaction, self.lease.as_slice()).await
    }
}

/// Where a message came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A lane: to be worked on.
    Lane,
    /// The broker gave up on it: to be put into `dead_letters`.
    DeadLetter {
        /// RabbitMQ's word for it, such as `delivery_limit` or `rejected`.
        reason: String,
    },
}

/// What is to become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// All that it asked for is committed: acknowledge it.
    Done,
    /// It cannot be worked on now, through no fault of its own. Everything unsettled goes back to the queue and
    /// the session begins anew. A handler does better to wait for PostgreSQL itself, up to the hold limit of the consumer.
    Hold,
}
