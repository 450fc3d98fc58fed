//! Until when runs wait for a time.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool_postgres::Object;
use uuid::Uuid;

use crate::resume::RunKey;
use crate::store::StoreError;

/// Of the parts of a run that wait for a time, the first that goes on. A part that waits for other runs has a time as well,
/// after which it no longer does.
const UNTIL: &str = "-- until::until
SELECT receipt, run, min((parked ->> 'due_at_ms')::bigint)
FROM unnest($1::uuid[], $2::smallint[]) AS wanted (receipt, run) JOIN checkpoints USING (receipt, run),
    json_array_elements(document -> 'parked') AS parked
WHERE NOT waits_for_turn AND gate IS DISTINCT FROM 'closed' AND document ->> 'calling' IS DISTINCT FROM 'true'
    AND parked -> 'steps' -> -1 -> 'awaits' IS NULL
GROUP BY receipt, run";

/// When those of these runs go on that wait for a time.
pub async fn until(
    connection: &Object,
    runs: impl Iterator<Item = RunKey>,
) -> Result<HashMap<RunKey, SystemTime>, StoreError> {
    let (receipts, numbers): (Vec<Uuid>, Vec<i16>) = runs.map(|run| (run.receipt.uuid(), run.number)).unzip();
    if receipts.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = connection.prepare_cached(UNTIL).await?;
    let rows = connection.query(&statement, &[&receipts, &numbers]).await?;
    let read = |row: &tokio_postgres::Row| {
        let due_at = UNIX_EPOCH + Duration::from_millis(u64::try_from(row.get::<_, i64>(2)).unwrap_or_default());
        (RunKey { receipt: row.get::<_, Uuid>(0).into(), number: row.get(1) }, due_at)
    };
    Ok(rows.iter().map(read).collect())
}
