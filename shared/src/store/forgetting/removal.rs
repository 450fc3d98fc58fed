//! Blanks a person in the rows in which the person was found.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::cancel;
use super::cell::Cell;
use super::elsewhere;
use super::line::{Found, Line};
use super::place::{Kind, Place};
use crate::message::Message;
use crate::person::Person;
use crate::store::shared_keys::end_of_moment;
use crate::store::{StoreError, digest};

const COUNT: &str = "-- removal::count
UPDATE forgettings SET found = found || jsonb_build_object($2::text, coalesce((found ->> $2::text)::bigint, 0) + $3::bigint)
WHERE id = $1";

const FINISH: &str = "-- removal::finish
UPDATE forgettings SET finished_at = now() WHERE id = $1";

/// Of two persons who are forgotten at the same time, the second waits here: in the rows that receipts share, each must see
/// what the other has left.
const ONE_AT_A_TIME: &str = "-- removal::one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('postern_forget'))";

const SEARCH_KEYS: &str = "-- removal::search_keys
WITH removed AS (
    DELETE FROM search_keys WHERE hash = ANY ($2) AND receipt >= $1 AND receipt < $3 AND $1 = ANY (receipt || others)
    RETURNING hash, array_remove(receipt || others, $1) AS others
)
INSERT INTO search_keys (receipt, hash, others)
SELECT others[1], hash, nullif(others[2:], '{}') FROM removed WHERE others <> '{}'";

const RECORD_KEYS: &str = "-- removal::record_keys
DELETE FROM record_keys WHERE record = $1 AND hash = ANY ($2)";

const REFUSED_BODY_KEYS: &str = "-- removal::refused_body_keys
DELETE FROM refused_body_keys WHERE refused_body = $1 AND hash = ANY ($2)";

const DEAD_LETTER_KEYS: &str = "-- removal::dead_letter_keys
DELETE FROM dead_letter_keys WHERE dead_letter = $1 AND hash = ANY ($2)";

const UNIQUE_KEY: &str = "-- removal::unique_key
UPDATE records SET unique_key = NULL WHERE id = $1";

/// A key of duplicates is made of posted values. Claims are found by their keys only, so this reads all of them.
const CLAIMS: &str = "-- removal::claims
DELETE FROM claims WHERE receipt = ANY ($1) AND scope LIKE 'permission %'";

/// Notes that all was looked through.
pub async fn finish(connection: &Object, report: i64) -> Result<(), StoreError> {
    connection.execute(FINISH, &[&report]).await?;
    Ok(())
}

/// What has the person: rows of a place, and the names of records of other systems that belong to them.
type All<'f> = (&'f [(Found, Vec<String>)], &'f [String]);

/// Blanks the person in rows of a place, and counts them.
pub async fn remove(
    connection: &mut Object,
    place: &Place,
    person: &Person,
    report: i64,
    all: All<'_>,
) -> Result<(), StoreError> {
    if all.0.is_empty() {
        return Ok(());
    }
    match try_remove(connection, place, person, report, all).await {
        // A worker that had one of the rows has won.
        Err(StoreError::Conflict(_)) => try_remove(connection, place, person, report, all).await,
        tried => tried,
    }
}

async fn try_remove(
    connection: &mut Object,
    place: &Place,
    person: &Person,
    report: i64,
    (found, elsewhere): All<'_>,
) -> Result<(), StoreError> {
    let secret = digest::secret(connection).await?;
    let hashes: Vec<i64> = person.hashes(&secret).into_iter().flatten().collect();
    let transaction = connection.transaction().await?;
    transaction.execute(ONE_AT_A_TIME, &[]).await?;
    let mut count: i64 = 0;
    for (_, key) in found {
        count += i64::from(remove_row(&transaction, place, person, key, &hashes).await?);
    }
    if place.table == "receipts" {
        let receipts: Vec<Uuid> = found.iter().filter_map(|(_, key)| key.first()?.parse().ok()).collect();
        transaction.execute(CLAIMS, &[&receipts]).await?;
    }
    transaction.execute(COUNT, &[&report, &place.table, &count]).await?;
    elsewhere::note(&transaction, report, elsewhere).await?;
    Ok(transaction.commit().await?)
}

/// Blanks the person in a row, if the row is still there and still has the person.
async fn remove_row(
    transaction: &Transaction<'_>,
    place: &Place,
    person: &Person,
    key: &[String],
    hashes: &[i64],
) -> Result<bool, StoreError> {
    let (table, keys, of_parameter, read) = (place.table, place.keys(), place.of_parameter(), place.read());
    let lock = format!("-- removal::lock\nSELECT {read} FROM {table} WHERE ({keys}) = ({of_parameter}) FOR UPDATE");
    let Some(row) = transaction.query_opt(&lock, &[&key]).await? else { return Ok(false) };
    let line = Line::read(place, &row)?;
    let blanked = line.blanked(place, person);
    if blanked.is_empty() {
        return Ok(false);
    }
    let is_gone = match table {
        "checkpoints" => cancel::cancel(transaction, key, &Message::PersonForgotten).await?,
        "batch_receipts" => {
            let statement = format!("-- removal::delete\nDELETE FROM {table} WHERE ({keys}) = ({of_parameter})");
            transaction.execute(&statement, &[&key]).await? > 0
        }
        _ => false,
    };
    if is_gone {
        return Ok(true);
    }
    write(transaction, place, key, &blanked).await?;
    beside(transaction, table, key, hashes).await?;
    Ok(true)
}

async fn write(
    transaction: &Transaction<'_>,
    place: &Place,
    key: &[String],
    blanked: &[(usize, Cell)],
) -> Result<(), StoreError> {
    let (table, keys, of_parameter) = (place.table, place.keys(), place.of_parameter());
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&key];
    let mut changes = Vec::new();
    for (at, cell) in blanked {
        let Some((name, kind)) = place.columns.get(*at) else { continue };
        let number = parameters.len() + 1;
        changes.push(match kind {
            Kind::Json => format!("{name} = ${number}::text::json"),
            Kind::Jsonb => format!("{name} = ${number}::text::jsonb"),
            _ => format!("{name} = ${number}"),
        });
        parameters.push(match cell {
            Cell::Text(text) => text,
            Cell::Bytes(bytes) => bytes,
        });
    }
    let changes = changes.join(", ");
    let statement = format!("-- removal::write\nUPDATE {table} SET {changes} WHERE ({keys}) = ({of_parameter})");
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// What else is known of the person by a row: the keys of the search, and the unique key of a record.
async fn beside(transaction: &Transaction<'_>, table: &str, key: &[String], hashes: &[i64]) -> Result<(), StoreError> {
    let unreadable = || StoreError::Refused("a row has a key of another kind".into());
    let Some(key) = key.first() else { return Ok(()) };
    if table == "receipts" {
        let receipt: Uuid = key.parse().map_err(|_| unreadable())?;
        transaction.execute(SEARCH_KEYS, &[&receipt, &hashes, &end_of_moment(receipt)]).await?;
    }
    let of_id = match table {
        "records" => RECORD_KEYS,
        "refused_bodies" => REFUSED_BODY_KEYS,
        "dead_letters" => DEAD_LETTER_KEYS,
        _ => return Ok(()),
    };
    let id: i64 = key.parse().map_err(|_| unreadable())?;
    transaction.execute(of_id, &[&id, &hashes]).await?;
    if table == "records" {
        transaction.execute(UNIQUE_KEY, &[&id]).await?;
    }
    Ok(())
}
