//! The call with which an account tries a workflow, and the first call that comes while somebody listens for one. Nothing
//! is done for it when a call arrives: every call that a worker has taken has its receipt.

use std::time::SystemTime;

use deadpool_postgres::Object;

use super::StoreError;
use crate::id::{ReceiptId, WorkflowId};

/// The most receipts that are looked at for a call: the latest ones. More do not come between two looks.
const LATEST: i64 = 5_000;

/// The calls of accounts that are kept: the latest ones.
const MAX_CALLS: i64 = 200;

const FIRST: &str = "-- test_calls::first
SELECT id FROM (SELECT id, workflow, trigger, env FROM receipts
    WHERE id >= postern_uuid_floor($1) ORDER BY id DESC LIMIT $4) latest
WHERE env IS NOT NULL AND (workflow = $2 OR trigger = ANY ($3)) ORDER BY id LIMIT 1";

const FIND: &str = "-- test_calls::find
SELECT receipt FROM test_calls WHERE workflow = $1 AND account = $2";

const CHOOSE: &str = "-- test_calls::choose
INSERT INTO test_calls (workflow, account, receipt) VALUES ($1, $2, $3)
ON CONFLICT (workflow, account) DO UPDATE SET receipt = excluded.receipt, chosen_at = now()
WHERE test_calls.receipt <> excluded.receipt";

const REAP: &str = "-- test_calls::reap
DELETE FROM test_calls WHERE account = $1 AND chosen_at <
    (SELECT chosen_at FROM test_calls WHERE account = $1 ORDER BY chosen_at DESC OFFSET $2 LIMIT 1)";

/// The first call since a moment that names a workflow or one of its triggers.
pub async fn first(
    connection: &Object,
    since: SystemTime,
    id: WorkflowId,
    triggers: &[String],
) -> Result<Option<ReceiptId>, StoreError> {
    let statement = connection.prepare_cached(FIRST).await?;
    let row = connection.query_opt(&statement, &[&since, &id.get(), &triggers, &LATEST]).await?;
    Ok(row.map(|row| row.get::<_, uuid::Uuid>(0).into()))
}

/// The call that an account has chosen.
pub async fn find(connection: &Object, id: WorkflowId, account: &str) -> Result<Option<ReceiptId>, StoreError> {
    let row = connection.query_opt(FIND, &[&id.get(), &account]).await?;
    Ok(row.map(|row| row.get::<_, uuid::Uuid>(0).into()))
}

/// Chooses a call; the oldest choices of the account go.
pub async fn choose(connection: &Object, id: WorkflowId, account: &str, receipt: ReceiptId) -> Result<(), StoreError> {
    connection.execute(CHOOSE, &[&id.get(), &account, &receipt.uuid()]).await?;
    connection.execute(REAP, &[&account, &(MAX_CALLS - 1)]).await?;
    Ok(())
}
