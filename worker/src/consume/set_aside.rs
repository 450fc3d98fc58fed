//! Writes what becomes of a message that is not executed: a dead letter, or rows of the spool.

use std::time::Duration;

use postern_shared::resume::RESUME_V1;
use postern_shared::store::dead_letters::{self, DeadLetter};
use postern_shared::store::{self, StoreError, sequence, spool};

use super::message::Message;
use super::verdict::{Letter, Verdict};
use crate::bundle::retry::AWAY;
use crate::resources::Resources;

/// The dead letters of one message that are logged one by one.
const MAX_LOGGED: usize = 20;

/// Writes a verdict, again and again until it is committed, or another worker has the message.
pub async fn set_aside(resources: &Resources, message: &Message, verdict: &Verdict) {
    let (mut backoff, mut wait) = (AWAY, None);
    loop {
        match write(resources, message, verdict).await {
            Ok(()) | Err(StoreError::LeaseLost) => return,
            Err(error) => {
                if let Some(times) = resources.outages.put_aside.failed(1) {
                    tracing::warn!(%error, times, "a message could not be put aside yet");
                }
                wait.get_or_insert_with(|| resources.outages.wait()).goes_on(error.to_string());
            }
        }
        tokio::time::sleep(backoff.delay()).await;
    }
}

async fn write(resources: &Resources, message: &Message, verdict: &Verdict) -> Result<(), StoreError> {
    let attempt = i32::try_from(message.attempt).unwrap_or(i32::MAX);
    let mut connection = resources.store.connection().await?;
    let transaction = store::begin(&mut connection).await?;
    match (verdict, message.lease) {
        (Verdict::Dead { letters, reason }, _) => {
            for Letter { receipt, body, .. } in letters {
                let letter = DeadLetter { receipt: *receipt, kind: &message.kind, body, reason, attempt };
                dead_letters::put(&transaction, &letter).await?;
            }
            let numbers: Vec<_> = letters.iter().filter_map(|letter| Some((letter.ticket?, None))).collect();
            sequence::arrive(&transaction, &numbers).await?;
        }
        (Verdict::Back, lease) => {
            if let Some(lease) = lease {
                spool::again(&transaction, lease, attempt, Duration::ZERO).await?;
            }
        }
        // As it stands, with its pair.
        (Verdict::Alone { delay, .. }, Some(lease)) if message.kind == RESUME_V1 => {
            spool::again(&transaction, lease, attempt.saturating_add(1), *delay).await?;
        }
        (Verdict::Alone { bodies, delay }, _) => {
            let messages: Vec<_> = bodies.iter().map(|body| (message.lane, body.clone())).collect();
            spool::put(&transaction, &message.kind, &messages, attempt.saturating_add(1), *delay).await?;
        }
        (Verdict::Split { bodies }, _) => {
            let messages: Vec<_> = bodies.iter().map(|body| (message.lane, body.clone())).collect();
            spool::put(&transaction, &message.kind, &messages, attempt, Duration::ZERO).await?;
        }
    }
    message.settle_with(&transaction).await?;
    store::commit(transaction).await?;
    resources.outages.committed();
    if let Verdict::Dead { letters, reason } = verdict {
        resources.metrics.dead(letters.len());
        for Letter { receipt, permission, .. } in letters.iter().take(MAX_LOGGED) {
            let (receipt, permission) =
                (receipt.map(tracing::field::display), permission.as_ref().map(tracing::field::display));
            tracing::info!(receipt, permission, message.kind = message.kind, %reason, "a dead letter was written");
        }
        if let Some(letters) = resources.outages.dead.failed(letters.len() as u64) {
            tracing::error!(letters, %reason, "dead letters were written: someone must look at them");
        }
    }
    Ok(())
}
