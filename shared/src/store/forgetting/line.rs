//! A row of a place, and whether it has the person.

use serde_json::{Map, Value};
use tokio_postgres::Row;

use super::cell::Cell;
use super::place::{Kind, Place};
use crate::person::Person;
use crate::store::StoreError;

/// A row that has the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The table.
    pub place: &'static str,
    /// Its key.
    pub key: String,
    /// The values that have the person, by column.
    pub values: Map<String, Value>,
}

/// A row of a place.
pub struct Line {
    /// The values of its key.
    pub key: Vec<String>,
    cells: Vec<Cell>,
}

impl Line {
    /// Reads the columns of [`Place::read`].
    pub fn read(place: &Place, row: &Row) -> Result<Self, StoreError> {
        let key = (0..place.key.len()).map(|at| row.get(at)).collect();
        let cell = |(at, (_, kind)): (usize, &(&str, Kind))| {
            let at = at + place.key.len();
            Ok(match kind {
                Kind::Bytes | Kind::OptionalBytes | Kind::Queued | Kind::Steps => Cell::Bytes(row.try_get(at)?),
                Kind::Json | Kind::Jsonb | Kind::Message | Kind::Text => Cell::Text(row.try_get(at)?),
            })
        };
        let cells = place.columns.iter().enumerate().map(cell).collect::<Result<_, tokio_postgres::Error>>()?;
        Ok(Self { key, cells })
    }

    /// The columns that have the person.
    pub fn blanked(&self, place: &Place, person: &Person) -> Vec<(usize, Cell)> {
        let columns = self.cells.iter().zip(place.columns).enumerate();
        columns.filter_map(|(at, (cell, (_, kind)))| Some((at, cell.blanked(*kind, person)?))).collect()
    }

    /// The row as it is told of, if it has the person.
    pub fn found(&self, place: &Place, person: &Person) -> Option<Found> {
        let blanked = self.blanked(place, person);
        let value = |(at, _): &(usize, Cell)| {
            let ((name, kind), cell) = (place.columns.get(*at)?, self.cells.get(*at)?);
            Some(((*name).to_owned(), cell.exported(*kind)))
        };
        let values: Map<String, Value> = blanked.iter().filter_map(value).collect();
        // The name of a row may be a value of the person itself.
        let key = self.key.join("/");
        (!values.is_empty()).then_some(Found { place: place.table, key, values })
    }
}
