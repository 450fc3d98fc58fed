//! The claims: who holds what may happen only once. A claim is taken in the transaction of the work that it allows,
//! so a claim without its work does not exist. An expired claim counts as none.

use std::collections::BTreeMap;

use deadpool_postgres::{Object, Transaction};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::StoreError;
use crate::id::ReceiptId;

const TAKE: &str = "-- claims::take
INSERT INTO claims (scope, key, receipt, expires_at)
SELECT scope, key, receipt, coalesce(now() + days * interval '1 day', 'infinity')
FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::int[]) AS c (scope, key, receipt, days)
ORDER BY scope, key
ON CONFLICT (scope, key) DO UPDATE SET receipt = excluded.receipt, expires_at = excluded.expires_at
WHERE claims.expires_at <= now()";

const HOLDERS: &str = "-- claims::holders
SELECT c.scope, c.key, c.receipt
FROM claims c JOIN unnest($1::text[], $2::bytea[]) AS k (scope, key) ON c.scope = k.scope AND c.key = k.key";

const PASS_ON: &str = "-- claims::pass_on
UPDATE claims SET receipt = $4 WHERE scope = $1 AND key = $2 AND receipt = $3";

const RELEASE: &str = "-- claims::release
DELETE FROM claims WHERE scope = $1 AND key = $2 AND receipt = $3";

const FORGET: &str = "-- claims::forget
DELETE FROM claims WHERE expires_at <= now()";

/// What is claimed: a key within a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// Within what the key is unique, such as a permission.
    pub scope: String,
    key: [u8; 32],
}

impl Claim {
    /// The claim of a text of any length.
    pub fn new(scope: impl Into<String>, key: &str) -> Self {
        Self { scope: scope.into(), key: Sha256::digest(key.as_bytes()).into() }
    }
}

/// Takes claims that nobody holds, each for a receipt and a number of days (none = for ever), and tells who holds each
/// of them now. Waits for other transactions that are taking the same ones. A map, so that they come in order and each
/// once.
pub async fn take(
    transaction: &Transaction<'_>,
    claims: &BTreeMap<Claim, (ReceiptId, Option<u16>)>,
) -> Result<BTreeMap<Claim, ReceiptId>, StoreError> {
    let scopes: Vec<&str> = claims.keys().map(|claim| claim.scope.as_str()).collect();
    let keys: Vec<&[u8]> = claims.keys().map(|claim| &claim.key[..]).collect();
    let receipts: Vec<Uuid> = claims.values().map(|(receipt, _)| receipt.uuid()).collect();
    let days: Vec<Option<i32>> = claims.values().map(|(_, days)| days.map(i32::from)).collect();
    let statement = transaction.prepare_cached(TAKE).await?;
    transaction.execute(&statement, &[&scopes, &keys, &receipts, &days]).await?;
    holders(transaction, claims.keys()).await
}

/// Who holds each of these claims, as far as somebody does. Of claims without an end.
pub async fn holders(
    transaction: &Transaction<'_>,
    claims: impl Iterator<Item = &Claim> + Clone,
) -> Result<BTreeMap<Claim, ReceiptId>, StoreError> {
    let scopes: Vec<&str> = claims.clone().map(|claim| claim.scope.as_str()).collect();
    let keys: Vec<&[u8]> = claims.map(|claim| &claim.key[..]).collect();
    let statement = transaction.prepare_cached(HOLDERS).await?;
    let rows = transaction.query(&statement, &[&scopes, &keys]).await?;
    rows.iter()
        .map(|row| {
            let key = row.get::<_, &[u8]>(1).try_into();
            let key = key.map_err(|_| StoreError::Refused("a stored claim has a key of another length".into()))?;
            Ok((Claim { scope: row.get(0), key }, row.get::<_, Uuid>(2).into()))
        })
        .collect()
}

/// Gives a claim that a receipt holds to another one, or gives it up.
pub async fn hand_on(
    transaction: &Transaction<'_>,
    claim: &Claim,
    holder: ReceiptId,
    next: Option<ReceiptId>,
) -> Result<(), StoreError> {
    let (scope, key, holder) = (claim.scope.as_str(), &claim.key[..], holder.uuid());
    match next {
        Some(next) => transaction.execute(PASS_ON, &[&scope, &key, &holder, &next.uuid()]).await?,
        None => transaction.execute(RELEASE, &[&scope, &key, &holder]).await?,
    };
    Ok(())
}

/// Removes the claims that have expired; returns how many.
pub async fn forget(connection: &Object) -> Result<u64, StoreError> {
    Ok(connection.execute(FORGET, &[]).await?)
}
