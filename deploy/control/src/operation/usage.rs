//! How large the tables are, how fast they grow, and what the retention removes next.

use postern_shared::store::{retention, usage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::Time;
use super::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Seconds of a day.
const DAY_S: i64 = 24 * 3600;

/// Shows how large the tables are.
#[derive(Debug)]
pub struct GetUsage;

/// The tables.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The largest first. The partitions of a table count as this table.
    pub tables: Vec<Table>,
    /// Whole days for which the history has a place ahead.
    pub days_ahead: i64,
}

/// A table.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// Its name.
    pub table: String,
    /// Bytes with indexes.
    pub bytes: i64,
    /// Rows, as PostgreSQL estimates them.
    pub rows: i64,
    /// Bytes that came each day of the latest week; null if the table has no weeks.
    pub bytes_per_day: Option<i64>,
    /// The same of rows.
    pub rows_per_day: Option<i64>,
    /// The week that the retention removes next; null if the table has no weeks.
    pub next: Option<Week>,
}

/// A week of a table.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Week {
    /// Its end. The week is removed when its end is as old as the setting for this table says.
    pub ends: Time,
    /// Bytes that become free.
    pub bytes: i64,
    /// Rows, as PostgreSQL estimates them.
    pub rows: i64,
}

impl Operation for GetUsage {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "getUsage",
        "/usage",
        "bytes and rows of each table, and what the retention removes next",
        r#"{"tables": [{"table": "receipts", "bytes": 327680, "rows": 1000, "bytes_per_day": 46811, "rows_per_day": 143, "next": {"ends": "2026-11-23T00:00:00Z", "bytes": 24576, "rows": 0}}], "days_ahead": 29}"#,
    );

    async fn run(state: &State, _: &Who, _: Nothing) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let tables = usage::tables(&connection).await?.into_iter().map(Table::from).collect();
        let days_ahead = retention::weeks(&connection, None).await?.ahead_s() / DAY_S;
        Ok(Output { tables, days_ahead })
    }
}

impl From<usage::Table> for Table {
    fn from(table: usage::Table) -> Self {
        let week = |week: usage::Week| Week { ends: week.ends.into(), bytes: week.bytes, rows: week.rows };
        let (bytes, rows) = table.daily.unzip();
        Self {
            table: table.name,
            bytes: table.bytes,
            rows: table.rows,
            bytes_per_day: bytes.map(whole),
            rows_per_day: rows.map(whole),
            next: table.oldest.map(week),
        }
    }
}

fn whole(number: f64) -> i64 {
    number.round() as i64
}
