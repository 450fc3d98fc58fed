//! The records of other systems that may have a person: those on which a call with the person was, and those that its runs
//! have created, changed or commented on. Their values are kept there, so somebody removes the person there.

use deadpool_postgres::{Object, Transaction};
use uuid::Uuid;

use super::line::Found;
use super::place::Place;
use crate::store::StoreError;
use crate::store::shared_keys::end_of_moment;

const TOUCHED: &str = "-- elsewhere::touched
SELECT connection || '/' || module || '/' || id FROM connected_records c
WHERE EXISTS (SELECT FROM search_keys s WHERE s.hash = c.hash AND s.receipt >= $2 AND s.receipt < $3
    AND EXISTS (SELECT FROM unnest(s.receipt || s.others) AS one WHERE one = ANY ($1)))
UNION SELECT connected FROM receipts WHERE id = ANY ($1) AND connected IS NOT NULL ORDER BY 1";

const NOTE: &str = "-- elsewhere::note
UPDATE forgettings
SET elsewhere = (SELECT coalesce(array_agg(DISTINCT one ORDER BY one), '{}') FROM unnest(elsewhere || $2::text[]) AS one)
WHERE id = $1";

/// The names of the records that calls have touched in whose rows the person was found.
pub async fn touched(
    connection: &Object,
    place: &Place,
    found: &[(Found, Vec<String>)],
) -> Result<Vec<String>, StoreError> {
    if !place.is_of_receipt() {
        return Ok(Vec::new());
    }
    let receipts: Vec<Uuid> = found.iter().filter_map(|(_, key)| key.first()?.parse().ok()).collect();
    let (Some(least), Some(greatest)) = (receipts.iter().min(), receipts.iter().max()) else { return Ok(Vec::new()) };
    Ok(connection
        .query(TOUCHED, &[&receipts, least, &end_of_moment(*greatest)])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect())
}

/// Adds names to a report.
pub async fn note(transaction: &Transaction<'_>, report: i64, names: &[String]) -> Result<(), StoreError> {
    if !names.is_empty() {
        transaction.execute(NOTE, &[&report, &names]).await?;
    }
    Ok(())
}
