//! What was posted with a submission, for those who may look at it.

use deadpool_postgres::Object;

use super::{StoreError, parsed, receipts};
use crate::env::Env;
use crate::id::ReceiptId;
use crate::record_ref::RecordRef;

const FIND: &str = "-- posted::find
SELECT env::text, query::text, request::text, record, ip, accepted_at, connected FROM receipts WHERE id = $1";

/// What a caller sent.
#[derive(Debug)]
pub struct Posted {
    /// The variables of the body.
    pub env: Env,
    /// The variables of the query.
    pub query: Env,
    /// The call itself.
    pub request: Env,
    /// The record that was named.
    pub record: Option<RecordRef>,
}

/// What was posted under a receipt, or nothing if no worker has taken it yet.
pub async fn find(connection: &Object, id: ReceiptId) -> Result<Option<Posted>, StoreError> {
    let Some(row) = connection.query_opt(FIND, &[&id.uuid()]).await? else { return Ok(None) };
    let record = RecordRef::of_columns(row.get(3), row.get(6));
    let query = row.get::<_, Option<&str>>(1).map(parsed).transpose()?.unwrap_or_default();
    let request = receipts::unfold(row.get(2), row.get(4), row.get(5))?;
    Ok(Some(Posted { env: parsed(row.get(0))?, query, request, record }))
}
