//! The records. Whoever will change one locks it first, in the order of the ids; `create` and `by_key` are the two
//! statements that make one unique key one record under any concurrency.

use std::collections::HashSet;
use std::pin::pin;

use deadpool_postgres::{Object, Transaction};
use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Json, Type};

use super::{Conflicts, StoreError, copy, parsed};
use crate::env::Env;
use crate::id::{ModuleName, RecordId};

const LOCK: &str = "-- records::lock
SELECT id, module, fields::text FROM records WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

const LOOK_UP: &str = "-- records::look_up
SELECT id, module, fields::text FROM records WHERE id = ANY($1)";

const RESERVE: &str = "-- records::reserve
SELECT nextval('records_id_seq') FROM generate_series(1, $1::int)";

const CREATE: &str = "-- records::create
INSERT INTO records (id, module, unique_key, fields)
SELECT id, module, unique_key, fields::jsonb
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[]) AS r (id, module, unique_key, fields)
ORDER BY module, unique_key, id
ON CONFLICT (module, unique_key) WHERE unique_key IS NOT NULL DO NOTHING
RETURNING id";

const CREATE_NEW: &str = "-- records::create_new
COPY records (id, module, unique_key, fields) FROM STDIN (FORMAT binary)";

/// Of the columns of [`CREATE_NEW`].
const TYPES: [Type; 4] = [Type::INT8, Type::TEXT, Type::BYTEA, Type::JSONB];

const BY_KEY: &str = "-- records::by_key
SELECT r.id, r.module, r.fields::text, r.unique_key
FROM records r JOIN unnest($1::text[], $2::bytea[]) AS k (module, unique_key)
    ON r.module = k.module AND r.unique_key = k.unique_key
ORDER BY r.id FOR NO KEY UPDATE OF r";

const UPDATE: &str = "-- records::update
UPDATE records SET fields = u.fields::jsonb, updated_at = now()
FROM unnest($1::bigint[], $2::text[]) AS u (id, fields) WHERE records.id = u.id";

/// The holder of the key stands in the way, if there is one.
const REKEY: &str = "-- records::rekey
UPDATE records SET unique_key = $3 WHERE id = $1 AND NOT EXISTS (
    SELECT FROM records other WHERE other.module = $2 AND other.unique_key = $3 AND other.id <> $1)";

const HOLDER: &str = "-- records::holder
SELECT id FROM records WHERE module = $1 AND unique_key = $2";

const DELETE: &str = "-- records::delete
WITH gone AS (DELETE FROM comments WHERE record = ANY($1)) DELETE FROM records WHERE id = ANY($1)";

const FIND: &str = "-- records::find
SELECT id, module, fields::text FROM records WHERE id = $1";

const PAGE: &str = "-- records::page
SELECT id, module, fields::text FROM records WHERE module = $1 AND ($3::bigint IS NULL OR id < $3)
ORDER BY id DESC LIMIT $2";

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its module.
    pub module: ModuleName,
    /// Its fields.
    pub fields: Env,
}

/// A unique key as the store keeps it: hashed, since an index row cannot hold a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueKey([u8; 32]);

impl UniqueKey {
    /// The key of a text; an empty text is no key.
    pub fn of(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Sha256::digest(text.as_bytes()).into()))
    }
}

/// A record to create, under an id that [`reserve`] gave.
#[derive(Debug)]
pub struct NewRecord {
    /// The record.
    pub record: Record,
    /// Its key; two of one key in one call are an error of the caller.
    pub key: Option<UniqueKey>,
}

/// Locks records until the transaction ends and reads them; those that do not exist are missing.
pub async fn lock(transaction: &Transaction<'_>, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let statement = transaction.prepare_cached(LOCK).await?;
    transaction.query(&statement, &[&ids]).await?.iter().map(read).collect()
}

/// Reads records without a lock, as they were committed last; those that do not exist are missing.
pub async fn look_up(transaction: &Transaction<'_>, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let statement = transaction.prepare_cached(LOOK_UP).await?;
    transaction.query(&statement, &[&ids]).await?.iter().map(read).collect()
}

/// Ids for new records. An id that is not used is lost, which harms nobody.
pub async fn reserve(transaction: &Transaction<'_>, count: i32) -> Result<Vec<RecordId>, StoreError> {
    let statement = transaction.prepare_cached(RESERVE).await?;
    transaction.query(&statement, &[&count]).await?.iter().map(|row| id(row.get(0))).collect()
}

/// Creates records in the order of their keys and returns the ids of those created; the others found their key
/// taken. Waits for other transactions that are creating the same keys.
pub async fn create(
    transaction: &Transaction<'_>,
    new: &[NewRecord],
    conflicts: Conflicts,
) -> Result<HashSet<RecordId>, StoreError> {
    match conflicts {
        Conflicts::Expected => create_any(transaction, new).await,
        Conflicts::Unexpected => create_new(transaction, new).await,
    }
}

async fn create_any(transaction: &Transaction<'_>, new: &[NewRecord]) -> Result<HashSet<RecordId>, StoreError> {
    let statement = transaction.prepare_cached(CREATE).await?;
    let rows = transaction
        .query(
            &statement,
            &[
                &new.iter().map(|one| one.record.id.get()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.record.module.as_str()).collect::<Vec<_>>(),
                &new.iter().map(|one| one.key.as_ref().map(|key| &key.0[..])).collect::<Vec<_>>(),
                &new.iter().map(|one| one.record.fields.to_string()).collect::<Vec<_>>(),
            ],
        )
        .await?;
    rows.iter().map(|row| id(row.get(0))).collect()
}

async fn create_new(transaction: &Transaction<'_>, new: &[NewRecord]) -> Result<HashSet<RecordId>, StoreError> {
    let mut in_order: Vec<&NewRecord> = new.iter().collect();
    in_order.sort_by_key(|one| (&one.record.module, one.key.is_none(), one.key, one.record.id));
    let mut rows = pin!(copy::into(transaction, CREATE_NEW, &TYPES).await?);
    for NewRecord { record: Record { id, module, fields }, key } in in_order {
        let key = key.as_ref().map(|key| &key.0[..]);
        rows.as_mut().write(&[&id.get(), &module.as_str(), &key, &Json(fields)]).await.map_err(copy::taken)?;
    }
    rows.finish().await.map_err(copy::taken)?;
    Ok(new.iter().map(|one| one.record.id).collect())
}

/// Locks and reads the records that hold these keys.
pub async fn by_key(
    transaction: &Transaction<'_>,
    keys: &[(&ModuleName, UniqueKey)],
) -> Result<Vec<(UniqueKey, Record)>, StoreError> {
    let modules: Vec<&str> = keys.iter().map(|(module, _)| module.as_str()).collect();
    let hashes: Vec<&[u8]> = keys.iter().map(|(_, key)| &key.0[..]).collect();
    let statement = transaction.prepare_cached(BY_KEY).await?;
    let rows = transaction.query(&statement, &[&modules, &hashes]).await?;
    rows.iter()
        .map(|row| {
            let key = row.get::<_, &[u8]>(3).try_into();
            let key = key.map_err(|_| StoreError::Refused("a stored unique key has another length".into()))?;
            Ok((UniqueKey(key), read(row)?))
        })
        .collect()
}

/// Replaces the fields of records that this transaction has locked or created.
pub async fn update(transaction: &Transaction<'_>, records: &[Record]) -> Result<(), StoreError> {
    let ids: Vec<i64> = records.iter().map(|record| record.id.get()).collect();
    let fields: Vec<String> = records.iter().map(|record| record.fields.to_string()).collect();
    let statement = transaction.prepare_cached(UPDATE).await?;
    transaction.execute(&statement, &[&ids, &fields]).await?;
    Ok(())
}

/// Gives a record that this transaction has locked another unique key, or none. Returns the record that has the key
/// already, if there is one; then nothing has changed. Waits for other transactions that are taking the same key.
pub async fn rekey(
    transaction: &Transaction<'_>,
    record: RecordId,
    module: &ModuleName,
    key: Option<UniqueKey>,
) -> Result<Option<RecordId>, StoreError> {
    let key = key.as_ref().map(|key| &key.0[..]);
    let statement = transaction.prepare_cached(REKEY).await?;
    let written = transaction.execute(&statement, &[&record.get(), &module.as_str(), &key]).await;
    let written = written.map_err(|error| match error.code() {
        // Another transaction committed the key while this one waited: it is seen when the bundle starts again.
        Some(&SqlState::UNIQUE_VIOLATION) => StoreError::Conflict("a unique key was taken meanwhile".into()),
        _ => error.into(),
    })?;
    if written > 0 {
        return Ok(None);
    }
    match transaction.query_opt(HOLDER, &[&module.as_str(), &key]).await? {
        Some(row) => id(row.get(0)).map(Some),
        None => Err(StoreError::Conflict("the record of a unique key was deleted".into())),
    }
}

/// Deletes records that this transaction has locked or created, with their comments.
pub async fn delete(transaction: &Transaction<'_>, ids: &[RecordId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let statement = transaction.prepare_cached(DELETE).await?;
    transaction.execute(&statement, &[&ids]).await?;
    Ok(())
}

/// One record, or nothing.
pub async fn find(connection: &Object, id: RecordId) -> Result<Option<Record>, StoreError> {
    connection.query_opt(FIND, &[&id.get()]).await?.as_ref().map(read).transpose()
}

/// The newest records of a module, newest first.
pub async fn latest(connection: &Object, module: &ModuleName, last: i64) -> Result<Vec<Record>, StoreError> {
    page(connection, module, None, last).await
}

/// The newest records of a module that are older than another, newest first, at most `last`.
pub async fn page(
    connection: &Object,
    module: &ModuleName,
    before: Option<RecordId>,
    last: i64,
) -> Result<Vec<Record>, StoreError> {
    let before = before.map(RecordId::get);
    connection.query(PAGE, &[&module.as_str(), &last, &before]).await?.iter().map(read).collect()
}

pub(super) fn read(row: &tokio_postgres::Row) -> Result<Record, StoreError> {
    let module: String = row.get(1);
    let module = module.try_into().map_err(|error| StoreError::Refused(format!("a stored record: {error}")))?;
    Ok(Record { id: id(row.get(0))?, module, fields: parsed(row.get(2))? })
}

fn id(number: i64) -> Result<RecordId, StoreError> {
    number.try_into().map_err(|error| StoreError::Refused(format!("a stored record: {error}")))
}
