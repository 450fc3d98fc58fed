//! Indexes that are made and removed beside the traffic. PostgreSQL makes none of a partitioned table in this way, so that
//! each partition gets its own, and the index of the table is made of them. All of it can be done again after it broke off.

use deadpool_postgres::Object;

use super::migration::Migration;
use super::runner::{HASTY, insist};
use crate::store::StoreError;

/// The longest name in PostgreSQL, in bytes.
const MAX_NAME_BYTES: usize = 63;

/// Making an index beside the traffic waits for the transactions that are older, and holds up none.
const PATIENT: &str = "-- concurrent_index::patient
SET lock_timeout = 0";

const IS_PARTITIONED: &str = "-- concurrent_index::is_partitioned
SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass($1)";

/// Whether there is such an index, and whether it is complete.
const STATE: &str = "-- concurrent_index::state
SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";

/// A partition whose index is not yet a part of that of the table.
const WITHOUT: &str = "-- concurrent_index::without
SELECT p.inhrelid::regclass::text FROM pg_inherits p WHERE p.inhparent = to_regclass($1) AND NOT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
    WHERE i.inhparent = to_regclass($2) AND x.indrelid = p.inhrelid)
ORDER BY 1 LIMIT 1";

/// A statement of a concurrent migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Create(Index),
    Drop(String),
}

/// An index to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    is_unique: bool,
    name: String,
    table: String,
    /// All behind the name of the table.
    definition: String,
}

impl Statement {
    /// Reads `CREATE [UNIQUE] INDEX CONCURRENTLY name ON table …` or `DROP INDEX CONCURRENTLY name`.
    pub fn read(text: &str) -> Option<Self> {
        let (verb, rest) = text.split_once(" INDEX CONCURRENTLY ")?;
        let Some((name, rest)) = rest.split_once(" ON ") else {
            return (verb.starts_with('D') && is_name(rest)).then(|| Self::Drop(rest.to_owned()));
        };
        let (table, definition) = rest.split_once(' ')?;
        let (name, table, definition) = (name.to_owned(), table.to_owned(), definition.to_owned());
        let index = Index { is_unique: verb.ends_with("UNIQUE"), name, table, definition };
        (is_name(&index.name) && is_name(&index.table)).then_some(Self::Create(index))
    }
}

impl Index {
    /// The statement that makes it in this way. `way` stands before the name, `on` before the table.
    fn statement(&self, way: &str, on: &str) -> String {
        let Self { is_unique, name, table, definition } = self;
        let unique = if *is_unique { "UNIQUE " } else { "" };
        format!("-- concurrent_index::create\nCREATE {unique}INDEX {way} {name} ON {on}{table} {definition}")
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Applies a migration of such statements.
pub async fn apply(migration: &Migration, connection: &mut Object) -> Result<(), StoreError> {
    for text in migration.statements() {
        match Statement::read(&text) {
            Some(Statement::Create(index)) => create(&index, connection).await?,
            Some(Statement::Drop(name)) => drop_index(&name, connection).await?,
            None => {
                let number = migration.number;
                return Err(StoreError::Refused(format!("migration {number} is not of concurrent statements: {text}")));
            }
        }
    }
    Ok(())
}

async fn create(index: &Index, connection: &mut Object) -> Result<(), StoreError> {
    let is_partitioned = connection.query_opt(IS_PARTITIONED, &[&index.table]).await?;
    if !is_partitioned.is_some_and(|row| row.get(0)) {
        return beside_traffic(index, connection).await;
    }
    let Index { name, table, .. } = index;
    // New partitions have the index from now on.
    let only = index.statement("IF NOT EXISTS", "ONLY ");
    insist(connection, async |connection| Ok(connection.batch_execute(&only).await?)).await?;
    while let Some(row) = connection.query_opt(WITHOUT, &[table, name]).await? {
        let part = row.get::<_, String>(0);
        let own = Index { name: name_of_part(name, table, &part), table: part, ..index.clone() };
        beside_traffic(&own, connection).await?;
        let attach = format!("-- concurrent_index::attach\nALTER INDEX {name} ATTACH PARTITION {}", own.name);
        insist(connection, async |connection| Ok(connection.batch_execute(&attach).await?)).await?;
    }
    Ok(())
}

/// Makes an index of a table that has no partitions, unless it is there. One that broke off is made anew.
async fn beside_traffic(index: &Index, connection: &Object) -> Result<(), StoreError> {
    match connection.query_opt(STATE, &[&index.name]).await?.map(|row| row.get(0)) {
        Some(true) => return Ok(()),
        Some(false) => drop_index(&index.name, connection).await?,
        None => {}
    }
    patiently(&index.statement("CONCURRENTLY", ""), connection).await
}

async fn drop_index(name: &str, connection: &Object) -> Result<(), StoreError> {
    patiently(&format!("-- concurrent_index::drop\nDROP INDEX CONCURRENTLY IF EXISTS {name}"), connection).await
}

async fn patiently(statement: &str, connection: &Object) -> Result<(), StoreError> {
    connection.batch_execute(PATIENT).await?;
    let done = connection.batch_execute(statement).await;
    connection.batch_execute(HASTY).await?;
    Ok(done?)
}

/// The index of `receipts_20260105` is called as that of `receipts`, with the week behind it.
fn name_of_part(name: &str, table: &str, part: &str) -> String {
    let suffix = part.strip_prefix(table).unwrap_or(part);
    let kept = MAX_NAME_BYTES.saturating_sub(suffix.len());
    format!("{}{suffix}", name.get(..kept).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_and_all_others_are_none() {
        let made = Statement::read("CREATE UNIQUE INDEX CONCURRENTLY a_b ON a (b, c) WHERE d").unwrap();
        let Statement::Create(index) = made else { panic!("{made:?}") };
        let made = index.statement("CONCURRENTLY", "ONLY ");
        assert!(made.ends_with("\nCREATE UNIQUE INDEX CONCURRENTLY a_b ON ONLY a (b, c) WHERE d"), "{made}");
        assert_eq!(Statement::read("DROP INDEX CONCURRENTLY a_b"), Some(Statement::Drop("a_b".into())));
        for text in [
            "CREATE INDEX a_b ON a (b)",
            "CREATE INDEX CONCURRENTLY ON a (b)",
            "CREATE INDEX CONCURRENTLY a_b ON a",
            "DROP INDEX CONCURRENTLY a, b",
            "ALTER TABLE a ADD b int",
        ] {
            assert_eq!(Statement::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_index_of_a_partition_is_named_after_it() {
        assert_eq!(name_of_part("runs_ended", "runs", "runs_20260105"), "runs_ended_20260105");
        let long = name_of_part(&"x".repeat(60), "runs", "runs_20260105");
        assert!(long.len() == MAX_NAME_BYTES && long.ends_with("x_20260105"), "{long}");
    }
}
