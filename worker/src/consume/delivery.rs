//! One delivery from its arrival to its settlement.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use postern_shared::broker::envelope::Received;
use postern_shared::lane::Lane;
use postern_shared::shutdown::Shutdown;
use tokio::time::{Instant, sleep, timeout_at};

use super::message::{Message, Origin, Settlement};
use super::slots::Slots;

/// Before a message whose handler panicked goes back: it comes again at once, and a loop of crashes must not
/// take a whole core.
const PANIC_PAUSE: Duration = Duration::from_secs(1);

/// Which consumer a delivery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Lane(Lane),
    DeadLetters,
}

impl Source {
    fn lane(self) -> Lane {
        match self {
            Self::Lane(lane) => lane,
            Self::DeadLetters => Lane::Default,
        }
    }
}

/// Under which conditions a delivery is handled.
pub(super) struct Terms {
    pub(super) source: Source,
    pub(super) slots: Slots,
    pub(super) session_over: Shutdown,
    pub(super) hold_limit: Duration,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Acknowledged or given back, as far as the channel still allowed.
    Settled,
    /// Not begun when the session was over; it goes back with the connection.
    Untouched,
    /// Unsettled for too long: the connection has to be closed.
    Held,
}

/// Waits for a slot, lets `handler` work, settles.
pub(super) async fn handle<H, F>(delivery: Delivery, handler: H, terms: Terms) -> End
where
    H: Fn(Message) -> F,
    F: Future<Output = Settlement>,
{
    // The broker's clock for its consumer time-out runs from the delivery, not from the slot.
    let deadline = Instant::now() + terms.hold_limit;
    let slot = tokio::select! {
        biased;
        () = terms.session_over.wait() => return End::Untouched,
        slot = timeout_at(deadline, terms.slots.acquire(terms.source.lane())) => slot,
    };
    let Ok(_slot) = slot else { return End::Held };
    let (message, acker) = open(delivery, terms.source);
    let message_id = message.message_id.clone();
    let work = AssertUnwindSafe(async move { handler(message).await }).catch_unwind();
    match timeout_at(deadline, work).await {
        Ok(Ok(Settlement::Done)) => acknowledge(&acker, &message_id).await,
        Ok(Ok(Settlement::Hold)) => End::Held,
        Err(_) => {
            tracing::warn!(message.id = message_id, "a message was held until its time was up");
            End::Held
        }
        Ok(Err(_)) => {
            tracing::error!(message.id = message_id, "the handler panicked; the message goes back to the queue");
            sleep(PANIC_PAUSE).await;
            give_back(&acker, &message_id).await
        }
    }
}

fn open(delivery: Delivery, source: Source) -> (Message, Acker) {
    let Received { kind, message_id, attempt, delivery_count, death_reason } = Received::read(&delivery.properties);
    // By the queue and not by the header, which stays on a dead letter that somebody moves back to its lane.
    let origin = match source {
        Source::Lane(_) => Origin::Lane,
        Source::DeadLetters => Origin::DeadLetter { reason: death_reason.unwrap_or_else(|| "unknown".to_owned()) },
    };
    let (body, lane) = (delivery.data, source.lane());
    let (lease, pair, is_overdue) = (None, None, false);
    let message = Message { kind, body, message_id, attempt, delivery_count, origin, lane, lease, pair, is_overdue };
    (message, delivery.acker)
}

async fn acknowledge(acker: &Acker, message_id: &str) -> End {
    // The work is committed either way; without the acknowledgement it comes again and is found done.
    if !matches!(acker.ack(BasicAckOptions::default()).await, Ok(true)) {
        tracing::debug!(message.id = message_id, "an acknowledgement came too late");
    }
    End::Settled
}

async fn give_back(acker: &Acker, message_id: &str) -> End {
    let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
    if !matches!(acker.nack(options).await, Ok(true)) {
        tracing::debug!(message.id = message_id, "giving a message back came too late");
    }
    End::Settled
}
