//! Checks of connections: control asks for one, a worker makes it, and control reads what came of it. A check may also ask
//! for the fields of a module.

use std::time::Duration;

use deadpool_postgres::Object;

use super::StoreError;
use crate::id::{ConnectionName, ModuleName};
use crate::message::Message;

/// How long a check may take in a worker.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The settings are at the version that the check is made with at least.
const ASK: &str = "-- connection_checks::ask
INSERT INTO connection_checks (connection, version, module) SELECT $1, version, $2 FROM settings RETURNING id";

/// What nobody waits for any more.
const SWEEP: &str = "-- connection_checks::sweep
DELETE FROM connection_checks WHERE asked_at < now() - interval '5 min'";

const TAKE: &str = "-- connection_checks::take
UPDATE connection_checks SET taken_at = now() WHERE id = (
    SELECT id FROM connection_checks WHERE taken_at IS NULL AND asked_at > now() - interval '20 s'
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, connection, version, module";

const ANSWER: &str = "-- connection_checks::answer
UPDATE connection_checks SET is_fine = $2, message = $3 WHERE id = $1";

const READ: &str = "-- connection_checks::read
DELETE FROM connection_checks WHERE id = $1 AND message IS NOT NULL RETURNING is_fine, message";

const GIVE_UP: &str = "-- connection_checks::give_up
DELETE FROM connection_checks WHERE id = $1";

/// A check that somebody waits for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection: ConnectionName,
    /// The least version of the settings that the check is made with.
    pub version: i64,
    /// The module whose fields are asked for; none = whether the connection works.
    pub module: Option<ModuleName>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether the connection works.
    pub is_fine: bool,
    /// What the other system said, or what is wrong.
    pub message: Message,
}

/// Asks for a check, or for the fields of a module; returns the number of the check.
pub async fn ask(connection: &Object, name: &ConnectionName, module: Option<&ModuleName>) -> Result<i64, StoreError> {
    connection.execute(SWEEP, &[]).await?;
    Ok(connection.query_one(ASK, &[&name.as_str(), &module.map(ModuleName::as_str)]).await?.get(0))
}

/// Takes the oldest check that no worker has.
pub async fn take(connection: &Object) -> Result<Option<Asked>, StoreError> {
    let Some(row) = connection.query_opt(TAKE, &[]).await? else { return Ok(None) };
    let name = row.get::<_, &str>(1).parse();
    let module = row.get::<_, Option<&str>>(3).and_then(|module| module.parse().ok());
    Ok(name.ok().map(|connection| Asked { id: row.get(0), connection, version: row.get(2), module }))
}

/// Tells what came of a check.
pub async fn answer(connection: &Object, id: i64, checked: &Checked) -> Result<(), StoreError> {
    connection.execute(ANSWER, &[&id, &checked.is_fine, &checked.message.stored()]).await?;
    Ok(())
}

/// What came of a check, once; none = it is not done yet.
pub async fn read(connection: &Object, id: i64) -> Result<Option<Checked>, StoreError> {
    let row = connection.query_opt(READ, &[&id]).await?;
    Ok(row.map(|row| Checked { is_fine: row.get(0), message: Message::of_stored(row.get(1)) }))
}

/// Nobody waits for a check any more.
pub async fn give_up(connection: &Object, id: i64) -> Result<(), StoreError> {
    connection.execute(GIVE_UP, &[&id]).await?;
    Ok(())
}
