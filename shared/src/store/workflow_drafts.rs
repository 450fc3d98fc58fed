//! The drafts of workflows: one for each workflow and account. A draft that nobody has touched for a long time goes.

use std::time::{Duration, SystemTime};

use deadpool_postgres::{GenericClient, Object, Transaction};
use tokio_postgres::Row;

use super::StoreError;
use crate::draft::{Draft, Splice};
use crate::id::WorkflowId;

/// How long a draft is kept that nobody touches.
pub const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// The most drafts of one account: the oldest ones go.
pub const MAX_DRAFTS: i64 = 100;

const FIND: &str = "-- workflow_drafts::find
SELECT base_version, text, undo::text, redo::text, changed_at FROM workflow_drafts WHERE workflow = $1 AND account = $2";

const LOCK: &str = "-- workflow_drafts::lock
SELECT base_version, text, undo::text, redo::text, changed_at FROM workflow_drafts WHERE workflow = $1 AND account = $2
FOR UPDATE";

const ADD: &str = "-- workflow_drafts::add
INSERT INTO workflow_drafts (workflow, account, base_version, text) VALUES ($1, $2, $3, $4)
ON CONFLICT (workflow, account) DO NOTHING";

const CHANGE: &str = "-- workflow_drafts::change
UPDATE workflow_drafts SET base_version = $3, text = $4, undo = $5::text::jsonb, redo = $6::text::jsonb, changed_at = now()
WHERE workflow = $1 AND account = $2";

const DISCARD: &str = "-- workflow_drafts::discard
DELETE FROM workflow_drafts WHERE workflow = $1 AND account = $2";

const DISCARD_TEXT: &str = "-- workflow_drafts::discard_text
DELETE FROM workflow_drafts WHERE workflow = $1 AND account = $2 AND text = $3";

const FORGET: &str = "-- workflow_drafts::forget
DELETE FROM workflow_drafts WHERE account = $1";

const REBASE: &str = "-- workflow_drafts::rebase
UPDATE workflow_drafts SET base_version = $3 WHERE workflow = $1 AND account = $2";

const LIST: &str = "-- workflow_drafts::list
SELECT workflow, base_version, text, changed_at FROM workflow_drafts WHERE account = $1 ORDER BY changed_at DESC";

const LAST: &str = "-- workflow_drafts::last
SELECT greatest((SELECT max(workflow) FROM workflow_drafts), (SELECT max(id) FROM workflows),
    (SELECT max(workflow) FROM workflow_versions), 0)";

const REAP: &str = "-- workflow_drafts::reap
DELETE FROM workflow_drafts WHERE changed_at < now() - $1::float8 * interval '1 s' OR (account = $2 AND changed_at <=
    (SELECT changed_at FROM workflow_drafts WHERE account = $2 ORDER BY changed_at DESC OFFSET $3 LIMIT 1))";

/// A draft, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The workflow.
    pub workflow: i64,
    /// The version that it was opened from; 0 = the workflow is new.
    pub base_version: i32,
    /// Its text.
    pub text: String,
    /// When it was changed last.
    pub changed_at: SystemTime,
}

/// The draft of an account and when it was changed last.
pub async fn find(
    client: &impl GenericClient,
    id: WorkflowId,
    account: &str,
) -> Result<Option<(Draft, SystemTime)>, StoreError> {
    let row = client.query_opt(FIND, &[&id.get(), &account]).await?;
    Ok(row.map(|row| (read(&row), row.get(4))))
}

/// Opens a draft unless there is one; takes the opportunity to remove what is too old, or too much.
pub async fn open(connection: &Object, id: WorkflowId, account: &str, draft: &Draft) -> Result<(), StoreError> {
    connection.execute(REAP, &[&KEPT.as_secs_f64(), &account, &(MAX_DRAFTS - 1)]).await?;
    connection.execute(ADD, &[&id.get(), &account, &draft.base_version, &draft.text]).await?;
    Ok(())
}

/// Changes a draft. Of two changes at the same time the second one sees the first; nothing = there is no draft.
pub async fn change<T>(
    connection: &mut Object,
    id: WorkflowId,
    account: &str,
    how: impl FnOnce(&mut Draft) -> T,
) -> Result<Option<T>, StoreError> {
    let transaction = connection.transaction().await?;
    let Some(row) = transaction.query_opt(LOCK, &[&id.get(), &account]).await? else { return Ok(None) };
    let before = read(&row);
    let mut draft = before.clone();
    let result = how(&mut draft);
    if draft != before {
        let steps = |steps: &[Splice]| serde_json::to_string(steps).unwrap_or_else(|_| "[]".to_owned());
        let (undo, redo) = (steps(&draft.undo), steps(&draft.redo));
        transaction.execute(CHANGE, &[&id.get(), &account, &draft.base_version, &draft.text, &undo, &redo]).await?;
    }
    transaction.commit().await?;
    Ok(Some(result))
}

/// Removes a draft; true if it was there.
pub async fn discard(client: &impl GenericClient, id: WorkflowId, account: &str) -> Result<bool, StoreError> {
    Ok(client.execute(DISCARD, &[&id.get(), &account]).await? > 0)
}

/// Removes a draft that still has this text; true if it did.
pub async fn discard_text(
    client: &impl GenericClient,
    id: WorkflowId,
    account: &str,
    text: &str,
) -> Result<bool, StoreError> {
    Ok(client.execute(DISCARD_TEXT, &[&id.get(), &account, &text]).await? > 0)
}

/// Removes all drafts of an account or a token that is removed: another one may get its name.
pub async fn forget(transaction: &Transaction<'_>, account: &str) -> Result<(), StoreError> {
    transaction.execute(FORGET, &[&account]).await?;
    Ok(())
}

/// Removes a draft whose text became a version. A draft that was edited meanwhile stays, based on that version.
pub async fn published(
    transaction: &Transaction<'_>,
    id: WorkflowId,
    account: &str,
    (text, version): (&str, i32),
) -> Result<(), StoreError> {
    if !discard_text(transaction, id, account, text).await? {
        transaction.execute(REBASE, &[&id.get(), &account, &version]).await?;
    }
    Ok(())
}

/// The drafts of an account, the latest first.
pub async fn list(connection: &Object, account: &str) -> Result<Vec<Listed>, StoreError> {
    let listed =
        |row: &Row| Listed { workflow: row.get(0), base_version: row.get(1), text: row.get(2), changed_at: row.get(3) };
    Ok(connection.query(LIST, &[&account]).await?.iter().map(listed).collect())
}

/// The greatest number of a workflow, also of a deleted one, or of a draft of any account; 0 = there is none.
pub async fn last(connection: &Object) -> Result<i64, StoreError> {
    Ok(connection.query_one(LAST, &[]).await?.get(0))
}

fn read(row: &Row) -> Draft {
    // A step that this version cannot read can only not be taken back.
    let steps = |text: &str| serde_json::from_str::<Vec<Splice>>(text).unwrap_or_default();
    Draft { base_version: row.get(0), text: row.get(1), undo: steps(row.get(2)), redo: steps(row.get(3)) }
}
