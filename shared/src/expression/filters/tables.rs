//! `from_csv`: the rows of a table.

use csv::{ReaderBuilder, StringRecord, Trim};
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};
use serde_json::{Map, Value as Json};

use super::{failed, steps, text};
use crate::expression::value::from_owned_json;
use crate::message::CalculationFault;

/// Steps of an evaluation for each cell: it becomes a value with a name.
const FUEL_OF_CELL: u64 = 4;
/// The most columns.
const MAX_COLUMNS: usize = 1_000;
/// The longest name of a column, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// What may stand between cells; the first line tells which.
const SEPARATORS: [u8; 4] = [b';', b',', b'\t', b'|'];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("from_csv", from_csv);
}

/// `from_csv`, `from_csv(header=false, separator=";")`: a list of maps by the names of the first row, or of lists.
fn from_csv(state: &State, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let has_header = kwargs.get::<Option<bool>>("header")?.unwrap_or(true);
    let separator: Option<&str> = kwargs.get("separator")?;
    kwargs.assert_all_used()?;
    let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
    let text = text.trim_start_matches('\u{feff}');
    let separator = match separator.map(str::as_bytes) {
        None => guessed(text),
        Some([one]) => *one,
        Some(_) => return Err(failed(CalculationFault::SeparatorForm)),
    };
    // Paid for before it is read: a row may be as long as the text.
    let marks = text.bytes().filter(|byte| *byte == separator || matches!(byte, b'\n' | b'"')).count();
    state.consume_fuel(FUEL_OF_CELL * marks as u64)?;
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).trim(Trim::All);
    let mut reader = reader.from_reader(text.as_bytes());
    let (mut rows, mut names, mut row) = (Vec::new(), None::<Vec<String>>, StringRecord::new());
    let mut name_bytes = 0;
    // Of a text that is UTF-8 nothing can fail to be read.
    while reader.read_record(&mut row).unwrap_or(false) {
        if row.len() > MAX_COLUMNS {
            return Err(failed(CalculationFault::ColumnsMost { most: MAX_COLUMNS }));
        }
        // A short row has all the names.
        let cells = row.len().max(names.as_ref().map_or(0, Vec::len));
        // Each row is a map with names of its own.
        state.consume_fuel(1 + FUEL_OF_CELL * cells as u64 + steps(name_bytes))?;
        match &names {
            None if has_header => {
                if row.iter().any(|name| name.len() > MAX_NAME_BYTES) {
                    return Err(failed(CalculationFault::ColumnLonger { most: MAX_NAME_BYTES }));
                }
                name_bytes = row.iter().map(str::len).sum();
                names = Some(row.iter().map(str::to_owned).collect::<Vec<_>>());
            }
            None => rows.push(Json::Array(row.iter().map(Json::from).collect())),
            Some(names) => rows.push(named(names, &row)),
        }
    }
    Ok(from_owned_json(Json::Array(rows)))
}

/// A cell that lacks is nothing; one without a name is left out.
fn named(names: &[String], row: &StringRecord) -> Json {
    let cells = names.iter().enumerate().filter(|(_, name)| !name.is_empty());
    let cell = |(at, name): (usize, &String)| (name.clone(), row.get(at).map_or(Json::Null, Json::from));
    Json::Object(cells.map(cell).collect::<Map<_, _>>())
}

fn guessed(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    // Of several that come as often, the first is meant.
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).filter(|one| count(*one) > 0).unwrap_or(b',')
}
