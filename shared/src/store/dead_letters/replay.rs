//! Puts dead letters back into the spool. A letter keeps its receipt if the history can hold it; else it gets a new one,
//! since it would only become a dead letter again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};

use super::{Choice, MAX_AT_ONCE, Moved, parameters, tell};
use crate::id::ReceiptId;
use crate::lane::Lane;
use crate::resume::RESUME_V1;
use crate::store::history::{self, History};
use crate::store::replayed::{self, Renewal};
use crate::store::{self, StoreError};
use crate::submission::{self, SUBMISSIONS_V1, Submission};

/// Letters whose bodies are in memory at the same time.
const PAGE: i64 = 100;

/// Of the letters that are moved below, those whose receipts lie outside.
const OUTSIDE: &str = "-- replay::outside
WITH chosen AS (
    SELECT id FROM dead_letters WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR group_id = $2)
    ORDER BY id LIMIT $3
)
SELECT id, body FROM dead_letters JOIN chosen USING (id)
WHERE id > $4 AND kind = $5 AND receipt IS NOT NULL
    AND NOT EXISTS (SELECT FROM unnest($6::uuid[], $7::uuid[]) AS h (low, high) WHERE receipt >= low AND receipt < high)
ORDER BY id LIMIT $8 FOR UPDATE OF dead_letters SKIP LOCKED";

const RENEW: &str = "-- replay::renew
UPDATE dead_letters SET body = renewed.body FROM unnest($1::bigint[], $2::bytea[]) AS renewed (id, body)
WHERE dead_letters.id = renewed.id";

/// Who looks at the same letters at the same time finds them gone.
const REPLAY: &str = "-- replay::replay
WITH chosen AS (
    SELECT id FROM dead_letters WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR group_id = $2)
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM dead_letters WHERE id IN (SELECT id FROM chosen) RETURNING *
), put AS (
    INSERT INTO spool (lane, kind, body, attempt, due_at)
    SELECT CASE WHEN kind = $7 THEN $8::smallint ELSE $9::smallint END, kind, coalesce($4, body), 0,
        now() + (row_number() OVER (ORDER BY id) - 1) * $5::float8 * interval '1 second'
    FROM taken ORDER BY id
)
INSERT INTO audit_log (account, action, kind, key, document)
SELECT $6, 'replay', 'dead_letter', coalesce(receipt::text, id::text),
    json_build_object('id', id, 'kind', kind, 'target', target, 'dead_because', reason, 'edited', $10::boolean,
        'replayed_as', (SELECT new FROM replayed WHERE old = receipt))
FROM taken ORDER BY id";

/// Puts letters back into the spool, as if they had never been tried, the oldest first; with `interval_s` each is due so
/// many seconds after the one before. What was never run starts on the versions of the workflows that are active then.
/// `body` takes the place of the body of [`Choice::One`].
pub async fn replay(
    connection: &mut Object,
    account: &str,
    choice: &Choice,
    interval_s: f64,
    body: Option<&[u8]>,
) -> Result<Moved, StoreError> {
    let (id, group) = parameters(choice);
    // Many at once are a burst.
    let lane = if matches!(choice, Choice::One(_)) { Lane::Default } else { Lane::bulk(0) };
    let lanes = (Lane::Resuming.number(), lane.number());
    let transaction = store::begin(connection).await?;
    let renewed = renew(&transaction, choice, body).await?;
    let (is_edited, body) = (body.is_some(), renewed.as_deref().or(body));
    let moved = transaction
        .execute(
            REPLAY,
            &[&id, &group, &MAX_AT_ONCE, &body, &interval_s, &account, &RESUME_V1, &lanes.0, &lanes.1, &is_edited],
        )
        .await?;
    store::commit(transaction).await?;
    tell(connection, choice, moved).await
}

/// Gives new receipts to the letters whose own lie outside the history; returns the body that takes the place of `edited`.
async fn renew(
    transaction: &Transaction<'_>,
    choice: &Choice,
    edited: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let history = history::held(transaction).await?;
    let (lows, highs) = history.bounds();
    let (id, group) = parameters(choice);
    let mut behind = 0_i64;
    loop {
        let rows = transaction
            .query(OUTSIDE, &[&id, &group, &MAX_AT_ONCE, &behind, &SUBMISSIONS_V1, &lows, &highs, &PAGE])
            .await?;
        let Some(last) = rows.last() else { return Ok(None) };
        behind = last.get(0);
        let bodies: Vec<&[u8]> = rows.iter().map(|row| edited.unwrap_or_else(|| row.get(1))).collect();
        let bodies = with_new_receipts(transaction, &history, &bodies).await?;
        if edited.is_some() {
            return Ok(bodies.into_iter().next());
        }
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        transaction.execute(RENEW, &[&ids, &bodies]).await?;
    }
}

async fn with_new_receipts(
    transaction: &Transaction<'_>,
    history: &History,
    bodies: &[&[u8]],
) -> Result<Vec<Vec<u8>>, StoreError> {
    if !history.holds(history.now) {
        return Err(StoreError::Away(format!(
            "the clock of the database shows {}, and the history holds {history}: set the clock right",
            history::second(history.now)
        )));
    }
    // What has a receipt can be read, or else it stays as it is.
    let mut messages: Vec<Vec<Submission>> =
        bodies.iter().map(|body| submission::unbundle(body).unwrap_or_default()).collect();
    let mut renewals = BTreeMap::new();
    let outside = messages.iter().flatten().filter(|one| !history.holds(one.receipt.time()));
    for (one, number) in outside.zip(0..) {
        // In their order.
        let new = ReceiptId::at(history.now + Duration::from_micros(number));
        let renewal = || Renewal { old: one.receipt, new, permission: one.permission.clone() };
        renewals.entry(one.receipt).or_insert_with(renewal);
    }
    let renewed = replayed::put(transaction, &renewals.into_values().collect::<Vec<_>>()).await?;
    messages.iter_mut().flatten().for_each(|one| take_new(one, &renewed));
    let body = |(message, body): (&Vec<Submission>, &&[u8])| match message.as_slice() {
        [] => body.to_vec(),
        // A submission that was read from JSON can be written as JSON.
        all => {
            let encoded: Vec<_> = all.iter().map(|one| submission::encode(one).unwrap_or_default()).collect();
            submission::bundle(encoded.iter().map(Vec::as_slice))
        }
    };
    Ok(messages.iter().zip(bodies).map(body).collect())
}

fn take_new(submission: &mut Submission, renewed: &HashMap<ReceiptId, ReceiptId>) {
    if let Some(new) = renewed.get(&submission.receipt) {
        submission.receipt = *new;
        submission.accepted_at_ms = submission::millis(new.time());
    }
}
