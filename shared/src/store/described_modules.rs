//! What other systems tell of their modules. Workers ask and write; control reads.

use std::time::SystemTime;

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::{StoreError, parsed};
use crate::connection::description::Description;
use crate::id::{ConnectionName, ModuleName};

/// How old a description becomes before it is asked for again, in seconds.
const FRESH_S: f64 = 3_600.0;

/// The rest after a try that came to nothing, in seconds.
const REST_S: f64 = 300.0;

const OF: &str = "-- described_modules::of
SELECT module, description::text, described_at FROM described_modules WHERE connection = $1 ORDER BY module";

const ALL: &str = "-- described_modules::all
SELECT connection, module, description::text FROM described_modules WHERE description IS NOT NULL";

const PUT: &str = "-- described_modules::put
INSERT INTO described_modules (connection, module, description, described_at) VALUES ($1, $2, $3::text::json, now())
ON CONFLICT (connection, module) DO UPDATE SET description = excluded.description, described_at = now()";

const NAMES: &str = "-- described_modules::names
INSERT INTO described_modules (connection, module) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING";

const GONE: &str = "-- described_modules::gone
DELETE FROM described_modules WHERE connection = $1 AND module <> ALL ($2)";

/// One worker asks, whoever comes first.
const TAKE: &str = "-- described_modules::take
INSERT INTO described_modules AS d (connection, module, tried_at) SELECT $1, unnest($2::text[]), now()
ON CONFLICT (connection, module) DO UPDATE SET tried_at = now()
WHERE (d.described_at IS NULL OR d.described_at < now() - $3::float8 * interval '1 second')
    AND (d.tried_at IS NULL OR d.tried_at < now() - $4::float8 * interval '1 second')
RETURNING module";

const FORGET: &str = "-- described_modules::forget
DELETE FROM described_modules WHERE connection NOT IN (SELECT name FROM connections)";

/// A module of another system.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its name.
    pub module: String,
    /// Its fields; none = nobody has asked for them yet.
    pub description: Option<Description>,
    /// When it told them.
    pub described_at: Option<SystemTime>,
}

/// The modules of a connection, in the order of their names.
pub async fn of(connection: &Object, name: &str) -> Result<Vec<Told>, StoreError> {
    connection.query(OF, &[&name]).await?.iter().map(told).collect()
}

fn told(row: &Row) -> Result<Told, StoreError> {
    let description = row.get::<_, Option<&str>>(1).map(parsed).transpose()?;
    Ok(Told { module: row.get(0), description, described_at: row.get(2) })
}

/// The modules of all connections whose fields are known, each with the name of its connection.
pub async fn all(connection: &Object) -> Result<Vec<(String, String, Description)>, StoreError> {
    let mut all = Vec::new();
    for row in connection.query(ALL, &[]).await? {
        all.push((row.get(0), row.get(1), parsed(row.get(2))?));
    }
    Ok(all)
}

/// Keeps what a module is told to be.
pub async fn put(
    connection: &Object,
    name: &ConnectionName,
    (module, description): (&ModuleName, &Description),
) -> Result<(), StoreError> {
    let text = serde_json::to_string(description).map_err(|error| StoreError::Refused(error.to_string()))?;
    connection.execute(PUT, &[&name.as_str(), &module.as_str(), &text]).await?;
    Ok(())
}

/// Keeps which modules a connection shows; the others are forgotten.
pub async fn put_names(connection: &Object, name: &ConnectionName, modules: &[String]) -> Result<(), StoreError> {
    connection.execute(GONE, &[&name.as_str(), &modules]).await?;
    connection.execute(NAMES, &[&name.as_str(), &modules]).await?;
    Ok(())
}

/// Those of the modules that are to be asked for now, by the one who calls.
pub async fn take_due(
    connection: &Object,
    name: &ConnectionName,
    modules: &[ModuleName],
) -> Result<Vec<ModuleName>, StoreError> {
    let modules: Vec<&str> = modules.iter().map(ModuleName::as_str).collect();
    let rows = connection.query(TAKE, &[&name.as_str(), &modules, &FRESH_S, &REST_S]).await?;
    Ok(rows.iter().filter_map(|row| row.get::<_, &str>(0).parse().ok()).collect())
}

/// Forgets the modules of connections that are gone.
pub async fn forget_gone(connection: &Object) -> Result<(), StoreError> {
    connection.execute(FORGET, &[]).await?;
    Ok(())
}
