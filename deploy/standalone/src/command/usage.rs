//! `postern usage`: how large the tables are, how fast they grow, and what goes next.

use clap::Args;
use postern_control::operation::Nothing;
use postern_control::operation::usage::{GetUsage, Table, Week};

use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Format, Output, json};

/// Arguments of `usage`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    api: Server,
}

static COLUMNS: [Column<Table>; 7] = [
    Column::text("TABLE", |table| table.table.clone()),
    Column::number("BYTES", |table| table.bytes.to_string()),
    Column::number("ROWS", |table| table.rows.to_string()),
    Column::number("BYTES/DAY", |table| number(table.bytes_per_day)),
    Column::number("ROWS/DAY", |table| number(table.rows_per_day)),
    Column::number("OLDEST WEEK", |table| number(table.next.as_ref().map(|week| week.bytes))),
    Column::text("WHICH ENDS", |table| {
        table.next.as_ref().map_or_else(String::new, |Week { ends, .. }| ends.0.chars().take(10).collect())
    }),
];

/// Prints a row for each table, the largest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let found = options.api.api()?.call::<GetUsage>(&Nothing {}).await?;
    let whole = json(&found)?;
    output.list(&COLUMNS, |table| table.table.clone(), &found.tables, &whole)?;
    if output.format() == Format::Text {
        output.note(format_args!("the history has a place for the next {} days", found.days_ahead));
    }
    Ok(())
}

fn number(number: Option<i64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}
