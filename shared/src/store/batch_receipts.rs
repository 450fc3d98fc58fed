//! The receipts of lists that were posted with an `Idempotency-Key`: a retry is answered with the same ones. They are kept
//! for as long as platforms try again; whatever comes later gets receipts of its own, which are duplicates.

use deadpool_postgres::Object;
use uuid::Uuid;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};

/// How long the receipts of a list are kept, in days: platforms that try again give up after three.
const KEEP_DAYS: i32 = 4;

/// Who comes second waits for the first, and finds its receipts.
const CLAIM: &str = "-- batch_receipts::claim
INSERT INTO batch_receipts (permission, key, receipts) VALUES ($1, $2, $3)
ON CONFLICT (permission, key) DO UPDATE SET made_at = batch_receipts.made_at
RETURNING receipts";

const FORGET: &str = "-- batch_receipts::forget
DELETE FROM batch_receipts WHERE made_at < now() - make_interval(days => $1)";

/// The receipts of a list with this key: these new ones, or those of the first time.
pub async fn claim(
    connection: &Object,
    permission: &PermissionKey,
    key: &str,
    new: &[ReceiptId],
) -> Result<Vec<ReceiptId>, StoreError> {
    let new: Vec<Uuid> = new.iter().map(|receipt| receipt.uuid()).collect();
    let statement = connection.prepare_cached(CLAIM).await?;
    let row = connection.query_one(&statement, &[&permission.as_str(), &key, &new]).await?;
    Ok(row.get::<_, Vec<Uuid>>(0).into_iter().map(ReceiptId::from).collect())
}

/// Forgets those that nobody asks for any more.
pub async fn forget(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[&KEEP_DAYS]).await?;
    Ok(())
}
