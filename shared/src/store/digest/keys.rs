//! Writes the search keys and the statistics of a part of the queue. One document at a time is in memory.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use deadpool_postgres::Transaction;
use futures_util::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, ToSql, Type};
use uuid::Uuid;

use super::Part;
use crate::body::shape;
use crate::env::Env;
use crate::id::ReceiptId;
use crate::intake::dedupe::SENT;
use crate::record_ref::RecordRef;
use crate::search_key::{Hasher, Key};
use crate::store::shared_keys::{self, SharedKey};
use crate::store::{StoreError, connected_records, copy, failure_groups, parsed, statistics};
use crate::submission::{SUBMISSIONS_V1, Submission, unbundle};

/// The range lets PostgreSQL leave out the partitions of other weeks.
const RECEIPTS: &str = "-- keys::receipts
SELECT id, env::text, coalesce(host(ip), request ->> 'ip') FROM receipts WHERE id = ANY ($1) AND id BETWEEN $2 AND $3";

const RECORDS: &str = "-- keys::records
SELECT id, fields::text, NULL::text FROM records WHERE id = ANY ($1)";

const REFUSED_BODIES: &str = "-- keys::refused_bodies
SELECT id, address, content_type, coalesce(body, ''), idempotency_key FROM refused_bodies WHERE id = ANY ($1)";

const DEAD_LETTERS: &str = "-- keys::dead_letters
SELECT id, body FROM dead_letters WHERE id = ANY ($1) AND kind = $2";

const FORGET_RECORDS: &str = "-- keys::forget_records
DELETE FROM record_keys WHERE record = ANY ($1)";

const ADD_RECEIPTS: &str = "-- keys::add_receipts
COPY search_keys (receipt, hash, others) FROM STDIN (FORMAT binary)";

const ADD_RECORDS: &str = "-- keys::add_records
COPY record_keys (record, hash) FROM STDIN (FORMAT binary)";

const ADD_REFUSED_BODIES: &str = "-- keys::add_refused_bodies
COPY refused_body_keys (refused_body, hash) FROM STDIN (FORMAT binary)";

const ADD_DEAD_LETTERS: &str = "-- keys::add_dead_letters
COPY dead_letter_keys (dead_letter, hash) FROM STDIN (FORMAT binary)";

/// Older receipts share no rows: they may be in the partition for what is older, where each receipt is removed alone.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// An id with the hashes of its document.
type Hashed<I> = (I, Vec<i64>);

/// Writes the hashes of what was posted, refused or given up, and of the records as they are now.
pub async fn write(transaction: &Transaction<'_>, part: &Part, hasher: &Hasher) -> Result<(), StoreError> {
    let Part { receipts, records, touched, gone, refused_bodies, dead_letters, steps, failures } = part;
    statistics::add(transaction, steps).await?;
    failure_groups::add(transaction, failures).await?;
    let mut found: Vec<Hashed<Uuid>> = Vec::new();
    if let (Some(least), Some(greatest)) = (receipts.iter().min(), receipts.iter().max()) {
        let document = |row: &Row| of_document(row, hasher);
        found = hashed(transaction, RECEIPTS, &[receipts, least, greatest], document).await?;
    }
    add_of_receipts(transaction, found, touched, hasher).await?;
    let connected = touched.iter().filter_map(|(_, record)| Some((record.connected()?, Key::record(record))));
    let connected = connected.map(|(record, key)| (record, hasher.secret.hash(&key)));
    connected_records::note(transaction, connected).await?;
    connected_records::note_gone(transaction, gone).await?;
    if !records.is_empty() {
        let statement = transaction.prepare_cached(FORGET_RECORDS).await?;
        transaction.execute(&statement, &[records]).await?;
        let found = hashed::<i64>(transaction, RECORDS, &[records], |row| of_document(row, hasher)).await?;
        copied(transaction, ADD_RECORDS, Type::INT8, found).await?;
    }
    if !refused_bodies.is_empty() {
        let body = |row: &Row| Ok(of_refused_body(row, hasher));
        let found = hashed::<i64>(transaction, REFUSED_BODIES, &[refused_bodies], body).await?;
        copied(transaction, ADD_REFUSED_BODIES, Type::INT8, found).await?;
    }
    if !dead_letters.is_empty() {
        let letter = |row: &Row| Ok(of_dead_letter(row, hasher));
        let found = hashed::<i64>(transaction, DEAD_LETTERS, &[dead_letters, &SUBMISSIONS_V1], letter).await?;
        copied(transaction, ADD_DEAD_LETTERS, Type::INT8, found).await?;
    }
    Ok(())
}

/// Writes the hashes of what was posted, and those of the records that each receipt has touched.
async fn add_of_receipts(
    transaction: &Transaction<'_>,
    posted: Vec<Hashed<Uuid>>,
    touched: &[(Uuid, RecordRef)],
    hasher: &Hasher,
) -> Result<(), StoreError> {
    let of_record = |record| Key::all_of_record(record).map(|key| hasher.secret.hash(&key)).collect();
    let touched = touched.iter().map(|(receipt, record)| (*receipt, of_record(record)));
    let old = SystemTime::now() - MAX_AGE;
    let (new, old): (Vec<_>, Vec<_>) =
        posted.into_iter().chain(touched).partition(|(receipt, _)| ReceiptId::from(*receipt).time() > old);
    let types = [Type::UUID, Type::INT8, Type::UUID_ARRAY];
    let mut rows = pin!(copy::into(transaction, ADD_RECEIPTS, &types).await?);
    for SharedKey { receipt, hash, others } in shared_keys::shared(new).into_iter().chain(shared_keys::alone(old)) {
        rows.as_mut().write(&[&receipt, &hash, &others]).await?;
    }
    rows.finish().await?;
    Ok(())
}

/// Of what was posted by a caller, or of a record, which has none.
fn of_document(row: &Row, hasher: &Hasher) -> Result<Vec<i64>, StoreError> {
    let document: Env = parsed(row.get(1))?;
    Ok(hasher.of(&document, address(row.get(2))))
}

/// As far as the body can be read.
fn of_refused_body(row: &Row, hasher: &Hasher) -> Vec<i64> {
    let (address, sent) = (address(row.get(1)), row.get::<_, Option<&str>>(4).map(Key::idempotency_key));
    hasher.of_texts(shape::values(row.get(2), row.get(3)), address.into_iter().chain(sent))
}

/// A body that cannot be read has none.
fn of_dead_letter(row: &Row, hasher: &Hasher) -> Vec<i64> {
    let submissions = unbundle(row.get(1)).unwrap_or_default();
    let hashes = |one: &Submission| {
        let ip = one.request.get("ip").and_then(|ip| ip.as_str());
        let sent = one.dedupe.as_ref().and_then(|dedupe| dedupe.key.strip_prefix(SENT)).map(Key::idempotency_key);
        hasher.of(&one.env, address(ip).into_iter().chain(sent))
    };
    submissions.iter().flat_map(hashes).collect()
}

fn address(text: Option<&str>) -> Option<Key> {
    text?.parse().ok().map(Key::address)
}

/// The ids of rows, each with the hashes of its document.
async fn hashed<I: FromSqlOwned>(
    transaction: &Transaction<'_>,
    query: &str,
    parameters: &[&(dyn ToSql + Sync)],
    hashes: impl Fn(&Row) -> Result<Vec<i64>, StoreError>,
) -> Result<Vec<Hashed<I>>, StoreError> {
    let statement = transaction.prepare_cached(query).await?;
    let mut rows = pin!(transaction.query_raw(&statement, parameters.iter().copied()).await?);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        found.push((row.get(0), hashes(&row)?));
    }
    Ok(found)
}

async fn copied<I: ToSql + Sync>(
    transaction: &Transaction<'_>,
    statement: &str,
    id: Type,
    found: Vec<Hashed<I>>,
) -> Result<(), StoreError> {
    let mut rows = pin!(copy::into(transaction, statement, &[id, Type::INT8]).await?);
    for (id, hashes) in &found {
        for hash in hashes {
            rows.as_mut().write(&[id, hash]).await?;
        }
    }
    rows.finish().await?;
    Ok(())
}
