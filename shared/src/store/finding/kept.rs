//! Refused bodies and dead letters: what nothing ran, and is kept for a person.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Filter, Found, Status};
use crate::id::{ReceiptId, WorkflowId};
use crate::store::StoreError;

const REFUSED_BODIES: &str = "-- kept::refused_bodies
SELECT l.refused_body, r.permission, r.code, r.refused_at,
    ($5::timestamptz IS NULL OR r.refused_at >= $5) AND ($6::timestamptz IS NULL OR r.refused_at < $6)
    AND ($7::text IS NULL OR r.permission = $7) AND ($8::text IS NULL OR r.code = $9 OR strpos(r.message, $8) > 0)
FROM (
    SELECT DISTINCT refused_body FROM refused_body_keys k
    WHERE hash = $1 AND refused_body < $3 AND NOT EXISTS (
        SELECT FROM unnest($2::bigint[]) AS wanted WHERE wanted <> $1 AND NOT EXISTS (
            SELECT FROM refused_body_keys other WHERE other.hash = wanted AND other.refused_body = k.refused_body))
    ORDER BY refused_body DESC LIMIT $4
) l JOIN refused_bodies r ON r.id = l.refused_body ORDER BY l.refused_body DESC";

const DEAD_LETTERS: &str = "-- kept::dead_letters
SELECT l.dead_letter, d.receipt, d.permission, d.target, d.created_at,
    ($5::timestamptz IS NULL OR d.created_at >= $5) AND ($6::timestamptz IS NULL OR d.created_at < $6)
    AND coalesce($7::text IS NULL OR d.permission = $7, false) AND coalesce($9::text IS NULL OR d.target = $9, false)
    AND ($8::text IS NULL OR strpos(d.reason, $8) > 0)
FROM (
    SELECT DISTINCT dead_letter FROM dead_letter_keys k
    WHERE hash = $1 AND dead_letter < $3 AND NOT EXISTS (
        SELECT FROM unnest($2::bigint[]) AS wanted WHERE wanted <> $1 AND NOT EXISTS (
            SELECT FROM dead_letter_keys other WHERE other.hash = wanted AND other.dead_letter = k.dead_letter))
    ORDER BY dead_letter DESC LIMIT $4
) l JOIN dead_letters d ON d.id = l.dead_letter ORDER BY l.dead_letter DESC";

/// A refused body that was found.
#[derive(Debug)]
pub struct FoundRefusal {
    /// The permission that admits its sender.
    pub permission: String,
    /// The code of the refusal.
    pub code: String,
    /// By the clock of the ingress.
    pub refused_at: SystemTime,
}

/// A dead letter that was found.
#[derive(Debug)]
pub struct FoundLetter {
    /// The receipt, if the letter is of one.
    pub receipt: Option<ReceiptId>,
    /// The permission that let it in, if all of it has the same.
    pub permission: Option<String>,
    /// What it asks to run, such as `workflow 77`.
    pub target: Option<String>,
    /// When it was put with the dead letters.
    pub created_at: SystemTime,
}

/// Refused bodies that have all of these keys, older than another. What they were to run is not known.
pub async fn refused_bodies(
    transaction: &Transaction<'_>,
    hashes: &[i64],
    filter: &Filter,
    behind: Option<i64>,
    last: i64,
) -> Result<Found<i64, FoundRefusal>, StoreError> {
    let is_meant = filter.status.is_none_or(|status| status == Status::REFUSED) && filter.workflow.is_none();
    let Some(first) = hashes.first().filter(|_| is_meant) else { return Ok(Found::default()) };
    let Filter { from, to, permission, message, .. } = filter;
    let (end, looked_at, code) = (behind.unwrap_or(i64::MAX), filter.looked_at(last), filter.code());
    let statement = transaction.prepare_cached(REFUSED_BODIES).await?;
    let rows = transaction
        .query(&statement, &[first, &hashes, &end, &looked_at, from, to, permission, &code, message])
        .await?;
    let refusal = |row: &Row| {
        let found = || FoundRefusal { permission: row.get(1), code: row.get(2), refused_at: row.get(3) };
        (row.get(0), row.get::<_, bool>(4).then(found))
    };
    Ok(Found::of(rows.iter().map(refusal).collect(), looked_at))
}

/// Dead letters that have all of these keys, older than another.
pub async fn dead_letters(
    transaction: &Transaction<'_>,
    hashes: &[i64],
    filter: &Filter,
    behind: Option<i64>,
    last: i64,
) -> Result<Found<i64, FoundLetter>, StoreError> {
    let is_meant = filter.status.is_none_or(|status| status == Status::DEAD_LETTER);
    let Some(first) = hashes.first().filter(|_| is_meant) else { return Ok(Found::default()) };
    let Filter { from, to, permission, workflow, .. } = filter;
    let (end, looked_at, code) = (behind.unwrap_or(i64::MAX), filter.looked_at(last), filter.code());
    // As `dead_letters::put` writes it.
    let target = workflow.map(|id: WorkflowId| format!("workflow {id}"));
    let statement = transaction.prepare_cached(DEAD_LETTERS).await?;
    let rows = transaction
        .query(&statement, &[first, &hashes, &end, &looked_at, from, to, permission, &code, &target])
        .await?;
    let letter = |row: &Row| {
        let found = || FoundLetter {
            receipt: row.get::<_, Option<Uuid>>(1).map(ReceiptId::from),
            permission: row.get(2),
            target: row.get(3),
            created_at: row.get(4),
        };
        (row.get(0), row.get::<_, bool>(5).then(found))
    };
    Ok(Found::of(rows.iter().map(letter).collect(), looked_at))
}
