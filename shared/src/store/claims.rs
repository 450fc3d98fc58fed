//! The claims: who holds what may happen only once. A claim is taken in the transaction of the work that it allows,
//! so a claim without its work does not exist. An expired claim counts as none.

use std::collections::BTreeMap;
use std::fmt;

use deadpool_postgres::{GenericClient, Object, Transaction};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::StoreError;
use crate::id::{ConnectionName, ModuleName, PermissionKey, ReceiptId, WorkflowId};
use crate::record_ref::RecordRef;
use crate::resume::RunKey;

const TAKE: &str = "-- claims::take
INSERT INTO claims (scope, key, receipt, run, expires_at)
SELECT scope, key, receipt, run, coalesce(now() + days * interval '1 day', 'infinity')
FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::smallint[], $5::int[]) AS c (scope, key, receipt, run, days)
ORDER BY scope, key
ON CONFLICT (scope, key) DO UPDATE
SET receipt = excluded.receipt, run = excluded.run, expires_at = excluded.expires_at
WHERE claims.expires_at <= now()";

const HOLDERS: &str = "-- claims::holders
SELECT c.scope, c.key, c.receipt, c.run
FROM claims c JOIN unnest($1::text[], $2::bytea[]) AS k (scope, key) ON c.scope = k.scope AND c.key = k.key";

/// From one permission that has claims to the next, however many each has: few of ten thousand have any.
const OF_PERMISSIONS: &str = "-- claims::of_permissions
WITH RECURSIVE s (scope) AS (
    (SELECT scope FROM claims WHERE scope >= 'permission ' ORDER BY scope LIMIT 1)
    UNION ALL
    SELECT (SELECT c.scope FROM claims c WHERE c.scope > s.scope ORDER BY c.scope LIMIT 1)
    FROM s WHERE starts_with(s.scope, 'permission ')
)
SELECT c.receipt FROM s JOIN claims c ON c.scope = s.scope AND c.key = $1 WHERE starts_with(s.scope, 'permission ')";

const PASS_ON: &str = "-- claims::pass_on
UPDATE claims SET receipt = $5, run = $6 WHERE scope = $1 AND key = $2 AND receipt = $3 AND run = $4";

const RELEASE: &str = "-- claims::release
DELETE FROM claims WHERE scope = $1 AND key = $2 AND receipt = $3 AND run = $4";

/// One that was taken again meanwhile stays.
const FORGET: &str = "-- claims::forget
DELETE FROM claims WHERE expires_at <= now()
    AND (scope, key) IN (SELECT scope, key FROM claims WHERE expires_at <= now() ORDER BY expires_at LIMIT $1)";

/// Claims that one statement removes: it must not hold their locks for long.
const TOGETHER: i64 = 2_000;

/// Within what a key is unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The submissions of a permission: one of each dedupe key.
    Dedupe(PermissionKey),
    /// The runs of a workflow that runs once per record.
    OncePerRecord(WorkflowId),
    /// The runs of a workflow that are not on one record at the same time.
    Serial(WorkflowId),
    /// The records of a module of another system that runs are creating: one of each unique value.
    Connected(ConnectionName, ModuleName),
}

impl fmt::Display for Scope {
    /// As the column `scope` has it. The words are a stored form and no text for people: with other words an older worker
    /// beside this one would take the same claim again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dedupe(permission) => write!(f, "permission {permission}"),
            Self::OncePerRecord(workflow) => write!(f, "workflow {workflow} once per record"),
            Self::Serial(workflow) => write!(f, "workflow {workflow} not in parallel"),
            Self::Connected(connection, module) => write!(f, "connection {connection} module {module}"),
        }
    }
}

/// What is claimed: a key within a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    scope: String,
    key: [u8; 32],
}

impl Claim {
    /// One submission of a permission for each key, which is a text of any length.
    pub fn dedupe(permission: &PermissionKey, key: &str) -> Self {
        Self::new(&Scope::Dedupe(permission.clone()), key)
    }

    /// One run of a workflow on a record, for ever.
    pub fn once_per_record(workflow: WorkflowId, record: &RecordRef) -> Self {
        Self::new(&Scope::OncePerRecord(workflow), &record.to_string())
    }

    /// One run of a workflow on a record at a time.
    pub fn serial(workflow: WorkflowId, record: &RecordRef) -> Self {
        Self::new(&Scope::Serial(workflow), &record.to_string())
    }

    /// One run at a time that creates a record with this unique value in a module of another system.
    pub fn connected(connection: &ConnectionName, module: &ModuleName, key: &str) -> Self {
        Self::new(&Scope::Connected(connection.clone(), module.clone()), key)
    }

    fn new(scope: &Scope, key: &str) -> Self {
        Self { scope: scope.to_string(), key: Sha256::digest(key.as_bytes()).into() }
    }
}

/// Who holds a claim: what a receipt stands for, or one of the runs that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The receipt.
    pub receipt: ReceiptId,
    /// The number of the run; 0: the receipt itself.
    pub run: i16,
}

impl From<RunKey> for Holder {
    fn from(run: RunKey) -> Self {
        Self { receipt: run.receipt, run: run.number }
    }
}

impl From<ReceiptId> for Holder {
    fn from(receipt: ReceiptId) -> Self {
        Self { receipt, run: 0 }
    }
}

/// Takes claims that nobody holds, each for a holder and a number of days (none = for ever), and tells who holds each
/// of them now. Waits for other transactions that are taking the same ones. A map, so that they come in order and each
/// once.
pub async fn take(
    transaction: &Transaction<'_>,
    claims: &BTreeMap<Claim, (Holder, Option<u16>)>,
) -> Result<BTreeMap<Claim, Holder>, StoreError> {
    let scopes: Vec<&str> = claims.keys().map(|claim| claim.scope.as_str()).collect();
    let keys: Vec<&[u8]> = claims.keys().map(|claim| &claim.key[..]).collect();
    let receipts: Vec<Uuid> = claims.values().map(|(holder, _)| holder.receipt.uuid()).collect();
    let runs: Vec<i16> = claims.values().map(|(holder, _)| holder.run).collect();
    let days: Vec<Option<i32>> = claims.values().map(|(_, days)| days.map(i32::from)).collect();
    let statement = transaction.prepare_cached(TAKE).await?;
    transaction.execute(&statement, &[&scopes, &keys, &receipts, &runs, &days]).await?;
    holders(transaction, claims.keys()).await
}

/// Who holds each of these claims, as far as somebody does. Of claims without an end.
pub async fn holders(
    client: &impl GenericClient,
    claims: impl Iterator<Item = &Claim> + Clone,
) -> Result<BTreeMap<Claim, Holder>, StoreError> {
    let scopes: Vec<&str> = claims.clone().map(|claim| claim.scope.as_str()).collect();
    let keys: Vec<&[u8]> = claims.map(|claim| &claim.key[..]).collect();
    let statement = client.prepare_cached(HOLDERS).await?;
    let rows = client.query(&statement, &[&scopes, &keys]).await?;
    rows.iter()
        .map(|row| {
            let key = row.get::<_, &[u8]>(1).try_into();
            let key = key.map_err(|_| StoreError::Refused("a stored claim has a key of another length".into()))?;
            let holder = Holder { receipt: row.get::<_, Uuid>(2).into(), run: row.get(3) };
            Ok((Claim { scope: row.get(0), key }, holder))
        })
        .collect()
}

/// The receipts that stand for a dedupe key, under whatever permissions.
pub async fn of_permissions(connection: &Object, key: &str) -> Result<Vec<ReceiptId>, StoreError> {
    let key = Sha256::digest(key.as_bytes());
    let statement = connection.prepare_cached(OF_PERMISSIONS).await?;
    let rows = connection.query(&statement, &[&&key[..]]).await?;
    Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
}

/// Gives a claim to another holder, or gives it up.
pub async fn hand_on(
    transaction: &Transaction<'_>,
    claim: &Claim,
    holder: &Holder,
    next: Option<&Holder>,
) -> Result<(), StoreError> {
    let (scope, key) = (claim.scope.as_str(), &claim.key[..]);
    let (receipt, run) = (holder.receipt.uuid(), holder.run);
    match next {
        Some(next) => {
            transaction.execute(PASS_ON, &[&scope, &key, &receipt, &run, &next.receipt.uuid(), &next.run]).await?
        }
        None => transaction.execute(RELEASE, &[&scope, &key, &receipt, &run]).await?,
    };
    Ok(())
}

/// Removes some of the claims that have expired; returns whether there may be more.
pub async fn forget(connection: &Object) -> Result<bool, StoreError> {
    Ok(connection.execute(FORGET, &[&TOGETHER]).await? >= TOGETHER.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_the_words_that_are_stored() {
        let (workflow, record) = (WorkflowId::try_from(77).unwrap(), "852".parse::<RecordRef>().unwrap());
        for (claim, scope, key) in [
            (Claim::dedupe(&"office".parse().unwrap(), "a"), "permission office", "a"),
            (Claim::once_per_record(workflow, &record), "workflow 77 once per record", "852"),
            (Claim::serial(workflow, &record), "workflow 77 not in parallel", "852"),
            (
                Claim::connected(&"crm".parse().unwrap(), &"Leads".parse().unwrap(), "a"),
                "connection crm module Leads",
                "a",
            ),
        ] {
            let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
            assert_eq!((claim.scope.as_str(), claim.key), (scope, digest));
        }
    }
}
