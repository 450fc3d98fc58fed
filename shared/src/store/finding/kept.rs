//! Refused bodies and dead letters: what nothing ran, and is kept for a person.

use std::time::SystemTime;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use uuid::Uuid;

use super::key_table::Table;
use super::{Filter, Found, Status};
use crate::id::{ReceiptId, WorkflowId};
use crate::store::StoreError;

const REFUSED_BODY_KEYS: Table = Table { name: "refused_body_keys", id: "refused_body", others: Table::NO_OTHERS };

const DEAD_LETTER_KEYS: Table = Table { name: "dead_letter_keys", id: "dead_letter", others: Table::NO_OTHERS };

const REFUSED_BODIES: &str = "-- kept::refused_bodies
SELECT id, permission, code, refused_at,
    ($2::timestamptz IS NULL OR refused_at >= $2) AND ($3::timestamptz IS NULL OR refused_at < $3)
    AND ($4::text IS NULL OR permission = $4) AND ($5::text[] IS NULL OR code = $6 OR EXISTS (SELECT FROM unnest($5) AS part WHERE strpos(message, part) > 0))
FROM refused_bodies WHERE id = ANY ($1)";

const DEAD_LETTERS: &str = "-- kept::dead_letters
SELECT id, receipt, permission, target, created_at,
    ($2::timestamptz IS NULL OR created_at >= $2) AND ($3::timestamptz IS NULL OR created_at < $3)
    AND coalesce($4::text IS NULL OR permission = $4, false) AND coalesce($6::text IS NULL OR target = $6, false)
    AND ($5::text[] IS NULL OR EXISTS (SELECT FROM unnest($5) AS part WHERE strpos(reason, part) > 0))
FROM dead_letters WHERE id = ANY ($1)";

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
    if hashes.is_empty() || !is_meant {
        return Ok(Found::default());
    }
    let Filter { from, to, permission, message, .. } = filter;
    let (end, looked_at, parts) = (behind.unwrap_or(i64::MAX), filter.looked_at(last), filter.of_message());
    let (ids, floor) = REFUSED_BODY_KEYS.having(transaction, hashes, (i64::MIN, end), looked_at).await?;
    let statement = transaction.prepare_cached(REFUSED_BODIES).await?;
    let rows = transaction.query(&statement, &[&ids, from, to, permission, &parts, message]).await?;
    let refusal = |row: &Row| {
        let found = || FoundRefusal { permission: row.get(1), code: row.get(2), refused_at: row.get(3) };
        (row.get(0), row.get::<_, bool>(4).then(found))
    };
    Ok(Found::of(rows.iter().map(refusal).collect(), looked_at, floor))
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
    if hashes.is_empty() || !is_meant {
        return Ok(Found::default());
    }
    let Filter { from, to, permission, workflow, .. } = filter;
    let (end, looked_at, parts) = (behind.unwrap_or(i64::MAX), filter.looked_at(last), filter.of_message());
    // As `dead_letters::put` writes it.
    let target = workflow.map(|id: WorkflowId| format!("workflow {id}"));
    let (ids, floor) = DEAD_LETTER_KEYS.having(transaction, hashes, (i64::MIN, end), looked_at).await?;
    let statement = transaction.prepare_cached(DEAD_LETTERS).await?;
    let rows = transaction.query(&statement, &[&ids, from, to, permission, &parts, &target]).await?;
    let letter = |row: &Row| {
        let found = || FoundLetter {
            receipt: row.get::<_, Option<Uuid>>(1).map(ReceiptId::from),
            permission: row.get(2),
            target: row.get(3),
            created_at: row.get(4),
        };
        (row.get(0), row.get::<_, bool>(5).then(found))
    };
    Ok(Found::of(rows.iter().map(letter).collect(), looked_at, floor))
}
