//! Receipts that took the place of others: a dead letter whose receipt lies outside the history is replayed under a new
//! one, and each of the two names the other.

use std::collections::HashMap;

use deadpool_postgres::{Object, Transaction};
use uuid::Uuid;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};

/// A receipt that was replayed before keeps the one that it got then: two letters of one submission run once.
const PUT: &str = "-- replayed::put
INSERT INTO replayed (old, new, permission)
SELECT old, new, permission FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS r (old, new, permission)
ON CONFLICT (old) DO UPDATE SET old = excluded.old
RETURNING old, new";

const OF: &str = "-- replayed::of
SELECT old, new, permission FROM replayed WHERE old = $1 OR new = $1";

/// A receipt that takes the place of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The one whose time the history does not hold.
    pub old: ReceiptId,
    /// The one under which it runs.
    pub new: ReceiptId,
    /// The permission that let the submission in.
    pub permission: PermissionKey,
}

/// What a receipt has to do with others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The receipt under which it runs instead.
    pub replayed_as: Option<ReceiptId>,
    /// The receipt in whose place it runs.
    pub replay_of: Option<ReceiptId>,
    /// The permission that let the submission in, if there is another receipt.
    pub permission: Option<PermissionKey>,
}

/// Notes renewals, none of whose old receipts stands twice; returns the new receipts by the old ones.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    renewals: &[Renewal],
) -> Result<HashMap<ReceiptId, ReceiptId>, StoreError> {
    let olds: Vec<Uuid> = renewals.iter().map(|one| one.old.uuid()).collect();
    let news: Vec<Uuid> = renewals.iter().map(|one| one.new.uuid()).collect();
    let permissions: Vec<&str> = renewals.iter().map(|one| one.permission.as_str()).collect();
    let rows = transaction.query(PUT, &[&olds, &news, &permissions]).await?;
    Ok(rows.iter().map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into())).collect())
}

/// The receipts that stand for this one, or for which it stands.
pub async fn of(connection: &Object, receipt: ReceiptId) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::default();
    for row in connection.query(OF, &[&receipt.uuid()]).await? {
        let (old, new): (ReceiptId, ReceiptId) = (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into());
        if old == receipt {
            replayed.replayed_as = Some(new);
        } else {
            replayed.replay_of = Some(old);
        }
        replayed.permission = row.get::<_, &str>(2).parse().ok();
    }
    Ok(replayed)
}
