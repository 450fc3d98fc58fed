//! What a migration would do, before it does it: an operator sees which tables it touches, and how large they are.

use deadpool_postgres::Object;

use super::ledger;
use super::migration::Migration;
use super::standing::Standing;
use crate::store::StoreError;

/// The tables of the database with their bytes, partitions and indexes included.
const SIZES: &str = "-- plan::sizes
SELECT coalesce(parent.relname, c.relname)::text, sum(pg_total_relation_size(c.oid))::bigint
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace GROUP BY 1 ORDER BY 2 DESC, 1";

/// What would be done.
#[derive(Debug)]
pub struct Plan {
    /// The number of the database's schema; 0 = it has none.
    pub schema: i32,
    /// The number of the program's schema.
    pub program: i32,
    /// In order; empty = the program works on the schema as it is.
    pub open: Vec<Planned>,
}

/// A migration that would be applied.
#[derive(Debug)]
pub struct Planned {
    /// Its number.
    pub number: i32,
    /// What it is for.
    pub title: String,
    /// Whether it makes indexes beside the traffic, and not in one transaction.
    pub is_concurrent: bool,
    /// The oldest program that works on what it leaves.
    pub oldest_reader: i32,
    /// The tables of the database that it names, with their bytes, the largest first.
    pub tables: Vec<(String, i64)>,
}

/// What would be done to a database.
pub async fn of(migrations: &[Migration], connection: &Object) -> Result<Plan, StoreError> {
    let applied = ledger::read(connection).await?;
    let open = match Standing::of(migrations, &applied)? {
        Standing::Behind(from) => &migrations[from..],
        Standing::Current | Standing::Newer(_) => &[],
    };
    let rows = connection.query(SIZES, &[]).await?;
    let sizes: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let planned = |migration: &Migration| Planned {
        number: migration.number,
        title: migration.title(),
        is_concurrent: migration.is_concurrent(),
        oldest_reader: migration.oldest_reader(),
        tables: sizes.iter().filter(|(table, _)| names(migration.sql(), table)).cloned().collect(),
    };
    Ok(Plan {
        schema: applied.last().map_or(0, |last| last.number),
        program: migrations.last().map_or(0, |last| last.number),
        open: open.iter().map(planned).collect(),
    })
}

/// Whether SQL names a table outside of its comments.
fn names(sql: &str, table: &str) -> bool {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let is_word_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.flat_map(|line| line.split(|letter| !is_word_part(letter))).any(|word| word == table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_as_whole_words_outside_of_comments() {
        let sql = "-- Of receipts.\nALTER TABLE runs ADD x int; -- as spool\nCREATE INDEX y ON run_steps(x);";
        for (table, is_named) in
            [("runs", true), ("run_steps", true), ("receipts", false), ("spool", false), ("run", false)]
        {
            assert_eq!(names(sql, table), is_named, "{table}");
        }
    }
}
