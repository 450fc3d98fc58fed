//! One message, published and confirmed. Only a confirm without a returned message is success. A channel has
//! at most one message in flight: lapin hands a return to whichever confirm comes next, so with several an
//! unroutable message can look confirmed. After a failure the channel is not used again, since a late confirm
//! would be taken for the next message's.

use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection};

use crate::broker::topology;
use crate::lane::Lane;

/// From handing the message to the socket to its confirm. Both can hang while the broker is blocked (memory or
/// disk alarm) or has no majority, and a caller waits for it.
pub(super) const PUBLISH_LIMIT: Duration = Duration::from_secs(2);

/// Opening channels, which asks only the node that this process is connected to: a few round trips.
pub(super) const OPEN_LIMIT: Duration = Duration::from_secs(4);

/// Why a message is not known to be in the queue.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no queue is bound for the lane {0:?}")]
    Returned(&'static str),
    #[error("the queue refused the message; it may be full")]
    Refused,
    #[error("no confirm within {} s", PUBLISH_LIMIT.as_secs())]
    TimedOut,
    #[error("no channel within {} s", OPEN_LIMIT.as_secs())]
    Silent,
    #[error("the channel failed: {0}")]
    Closed(#[from] lapin::Error),
    #[error("the channel does not confirm")]
    Unconfirmed,
}

impl Failure {
    /// Every value of [`Failure::label`].
    pub(super) const LABELS: [&'static str; 5] = ["returned", "refused", "timed_out", "closed", "unconfirmed"];

    /// Whether a queue or an exchange may be missing.
    pub(super) fn may_be_of_the_topology(&self) -> bool {
        match self {
            Self::Returned(_) => true,
            Self::Closed(error) => topology::is_missing(error),
            Self::Refused | Self::TimedOut | Self::Silent | Self::Unconfirmed => false,
        }
    }

    /// For metrics.
    pub(super) fn label(&self) -> &'static str {
        let [returned, refused, timed_out, closed, unconfirmed] = Self::LABELS;
        match self {
            Self::Returned(_) => returned,
            Self::Refused => refused,
            Self::TimedOut | Self::Silent => timed_out,
            Self::Closed(_) => closed,
            Self::Unconfirmed => unconfirmed,
        }
    }
}

/// A new channel that confirms.
pub(super) async fn open_channel(connection: &Connection) -> Result<Channel, lapin::Error> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Publishes into a lane, and waits for the confirm.
pub(super) async fn publish(
    channel: &Channel,
    lane: Lane,
    properties: BasicProperties,
    body: &[u8],
) -> Result<(), Failure> {
    let Some((exchange, key)) = topology::way(lane) else { return Err(Failure::Returned("of the spool alone")) };
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirmed = async {
        let sent = channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        sent.await?.await
    };
    match tokio::time::timeout(PUBLISH_LIMIT, confirmed).await {
        Err(_) => Err(Failure::TimedOut),
        Ok(Err(error)) => Err(Failure::Closed(error)),
        Ok(Ok(Confirmation::Ack(None))) => Ok(()),
        Ok(Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)))) => Err(Failure::Returned(key)),
        Ok(Ok(Confirmation::Nack(None))) => Err(Failure::Refused),
        Ok(Ok(Confirmation::NotRequested)) => Err(Failure::Unconfirmed),
    }
}
