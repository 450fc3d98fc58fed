//! Forgetting a person: every place is looked through in parts, and where the person is in a value, the value is blanked. A
//! row of `forgettings` says who asked and how much was found; by its hashes workers know the person in what arrives later.

mod cancel;
mod cell;
mod elsewhere;
mod line;
mod place;
mod removal;
mod report;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::person::Person;
pub use line::Found;
use line::Line;
use place::{PLACES, Place};
pub use report::{Lately, Report, begin, is_of, lately, reports};

/// Rows that are looked at with one statement.
const ROWS: i64 = 500;

/// How long a part takes: a caller that waits for it sees that it goes on.
const PART: Duration = Duration::from_secs(1);

/// Rows of all places, as PostgreSQL estimates them.
const TOTAL: &str = "-- forgetting::total
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relkind = 'r' AND coalesce(i.inhparent, c.oid) = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)";

/// Where a part ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    place: usize,
    /// The key of the last row; empty: the place begins.
    behind: Vec<String>,
}

impl Cursor {
    /// Whether it can be where a part ended.
    pub fn is_one(&self) -> bool {
        PLACES.get(self.place).is_some_and(|place| self.behind.is_empty() || self.behind.len() == place.key.len())
    }
}

/// What came of a part.
#[derive(Debug)]
pub struct Part {
    /// The rows that have the person.
    pub found: Vec<Found>,
    /// The names of records of other systems that may have the person.
    pub elsewhere: BTreeSet<String>,
    /// Where the next part begins; none = all was looked through.
    pub next: Option<Cursor>,
    /// The rows that were looked at.
    pub looked_at: i64,
}

/// How many rows there are to look at, as PostgreSQL estimates them.
pub async fn total(connection: &Object) -> Result<i64, StoreError> {
    let tables: Vec<&str> = PLACES.iter().map(|place| place.table).collect();
    Ok(connection.query_one(TOTAL, &[&tables]).await?.get(0))
}

/// Looks through the next rows. With a report, the person is blanked in them.
pub async fn part(
    connection: &mut Object,
    person: &Person,
    from: Option<Cursor>,
    report: Option<i64>,
) -> Result<Part, StoreError> {
    let began = Instant::now();
    let mut part = Part { found: Vec::new(), elsewhere: BTreeSet::new(), next: None, looked_at: 0 };
    let mut at = from.unwrap_or(Cursor { place: 0, behind: Vec::new() });
    while let Some(place) = PLACES.get(at.place) {
        if began.elapsed() >= PART {
            part.next = Some(at);
            return Ok(part);
        }
        let rows = page(connection, place, &at.behind).await?;
        part.looked_at += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let last = rows.last().map(|row| row.key.clone());
        let found: Vec<_> = rows.into_iter().filter_map(|row| Some((row.found(place, person)?, row.key))).collect();
        let touched = elsewhere::touched(connection, place, &found).await?;
        if let Some(report) = report {
            removal::remove(connection, place, person, report, (&found, &touched)).await?;
        }
        part.elsewhere.extend(touched);
        part.found.extend(found.into_iter().map(|(found, _)| found));
        at = match last {
            Some(behind) => Cursor { behind, ..at },
            None => Cursor { place: at.place + 1, behind: Vec::new() },
        };
    }
    if let Some(report) = report {
        removal::finish(connection, report).await?;
    }
    Ok(part)
}

async fn page(connection: &Object, place: &Place, behind: &[String]) -> Result<Vec<Line>, StoreError> {
    let (table, only, keys, read) = (place.table, place.only, place.keys(), place.read());
    let rows = if behind.is_empty() {
        let statement =
            format!("-- forgetting::page\nSELECT {read} FROM {table} WHERE {only} ORDER BY {keys} LIMIT $1");
        connection.query(&statement, &[&ROWS]).await?
    } else if behind.len() == place.key.len() {
        let of_parameter = place.of_parameter();
        let statement = format!(
            "-- forgetting::page\nSELECT {read} FROM {table} WHERE {only} AND ({keys}) > ({of_parameter}) \
             ORDER BY {keys} LIMIT $2"
        );
        connection.query(&statement, &[&behind, &ROWS]).await?
    } else {
        return Err(StoreError::Refused("a part that is to go on begins at no row".into()));
    };
    rows.iter().map(|row| Line::read(place, row)).collect()
}
