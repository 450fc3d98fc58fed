//! Finding records by the values of their fields. Searches of one shape (same module, fields, order and limit)
//! are one statement, whatever their number: the values come as arrays.

use std::fmt::Write;
use std::time::{Duration, Instant};

use deadpool_postgres::Transaction;
use futures_util::future::join3;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::StoreError;
use crate::blank::WIDE;
use crate::env::MAX_NUMBER_CHARS;
use crate::id::{ModuleName, RecordId};
use crate::task::find_record::{Operator, Sort};

/// The longest that a search may take, alone: others wait longer for the lock of the record that its run is on.
pub const MAX_SEARCH: Duration = Duration::from_secs(15);

/// What searches of one shape have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The module to search.
    pub module: ModuleName,
    /// The compared fields and how each is compared; all must hold.
    pub conditions: Vec<(String, Operator, As)>,
    /// The order of the found; by id behind these.
    pub sort: Vec<(Sort, As)>,
    /// How many to find at most.
    pub limit: u16,
}

/// As what a field is compared, by the rules of [`crate::comparison`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum As {
    /// With a text that reads as no number: with texts alone.
    Text,
    /// With a text that reads as a number: as text with texts, as number with numbers.
    NumberText,
    /// With a number: with numbers, and with texts that read as such.
    Number,
    /// By the unique key of the record, which has an index: the value is the key's text.
    Key,
}

impl Shape {
    /// Whether an index finds what is asked for, however many records the module has.
    pub fn is_indexed(&self) -> bool {
        self.conditions.iter().any(|(_, _, compared)| *compared == As::Key)
    }
}

/// What became of searches.
#[derive(Debug, PartialEq, Eq)]
pub enum Search {
    /// The ids that each of them found, in its order.
    Found(Vec<Vec<RecordId>>),
    /// They took longer than they may, and were cut off: the transaction is as it was before.
    CutOff,
}

/// Finds records. Each item of `values` holds one value per condition. What no index finds may take a while: it is cut
/// off after `limit`, for which it costs no round trip more.
pub async fn find(
    transaction: &Transaction<'_>,
    shape: &Shape,
    values: &[&[String]],
    limit: Duration,
) -> Result<Search, StoreError> {
    let count = shape.conditions.len();
    let columns: Vec<Vec<&str>> =
        (0..count).map(|at| values.iter().map(|one| one.get(at).map_or("", String::as_str)).collect()).collect();
    let numbers: Vec<i32> = (0..).take(values.len()).collect();
    let (module, most) = (shape.module.as_str(), i64::from(shape.limit));
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&module, &most, &numbers];
    parameters.extend(columns.iter().map(|column| column as &(dyn ToSql + Sync)));
    parameters.extend(shape.conditions.iter().map(|(field, ..)| field as &(dyn ToSql + Sync)));
    parameters.extend(shape.sort.iter().map(|(sort, _)| &sort.field as &(dyn ToSql + Sync)));
    let statement = transaction.prepare_cached(&statement(shape)).await?;
    let rows = if shape.is_indexed() {
        transaction.query(&statement, &parameters).await?
    } else {
        match within(transaction, &statement, &parameters, limit).await? {
            Some(rows) => rows,
            None => return Ok(Search::CutOff),
        }
    };
    let mut found = vec![Vec::new(); values.len()];
    for row in rows {
        let number = usize::try_from(row.get::<_, i32>(0)).unwrap_or(usize::MAX);
        let id = (row.get::<_, i64>(1).try_into())
            .map_err(|error| StoreError::Refused(format!("a stored record: {error}")))?;
        if let Some(ids) = found.get_mut(number) {
            ids.push(id);
        }
    }
    Ok(Search::Found(found))
}

const END: &str = "-- search::end
RELEASE SAVEPOINT search; SELECT set_config('statement_timeout', current_setting('postern.before_search'), true)";

const UNDO: &str = "-- search::undo
ROLLBACK TO SAVEPOINT search; RELEASE SAVEPOINT search";

/// The rows, or nothing if the query was cut off. What comes before and after the query travels with it.
async fn within(
    transaction: &Transaction<'_>,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
    limit: Duration,
) -> Result<Option<Vec<Row>>, StoreError> {
    let began = Instant::now();
    let begin = format!(
        "-- search::begin\nSAVEPOINT search; \
         SELECT set_config('postern.before_search', current_setting('statement_timeout'), true); \
         SET LOCAL statement_timeout = {}",
        limit.as_millis().clamp(1, MAX_SEARCH.as_millis())
    );
    let (begun, rows, ended) = join3(
        transaction.batch_execute(&begin),
        transaction.query(statement, parameters),
        transaction.batch_execute(END),
    )
    .await;
    begun?;
    match rows {
        Ok(rows) => ended.map(|()| Some(rows)).map_err(StoreError::from),
        // Cancelled earlier by a person it is nobody's fault.
        Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) && began.elapsed() >= limit.mul_f64(0.9) => {
            transaction.batch_execute(UNDO).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The text depends only on operators, types and directions, so a process prepares few of them: every name and value is a
/// parameter.
fn statement(shape: &Shape) -> String {
    let count = shape.conditions.len();
    let mut sql = String::from("-- search::find\nSELECT q.number, f.id FROM unnest($3::int[]");
    for at in 0..count {
        let _ = write!(sql, ", ${}::text[]", 4 + at);
    }
    sql.push_str(") AS q (number");
    for at in 0..count {
        let _ = write!(sql, ", v{at}");
    }
    sql.push_str(") CROSS JOIN LATERAL (SELECT r.id, row_number() OVER (ORDER BY ");
    let order = places(shape, 4 + 2 * count);
    let _ = write!(sql, "{order}) AS place FROM records r WHERE r.module = $1");
    for (at, (_, operator, compared)) in shape.conditions.iter().enumerate() {
        let _ = write!(sql, " AND {}", condition(*operator, *compared, 4 + count + at, at));
    }
    let _ = write!(sql, " ORDER BY {order} LIMIT $2) f ORDER BY q.number, f.place");
    sql
}

fn places(shape: &Shape, first: usize) -> String {
    let mut order = String::new();
    for (at, (sort, compared)) in shape.sort.iter().enumerate() {
        let direction = if sort.descending { "DESC NULLS LAST" } else { "ASC NULLS LAST" };
        let field = format!("r.fields ->> ${}::text", first + at);
        let key =
            if *compared == As::Number { number(&field, &format!("r.fields -> ${}::text", first + at)) } else { field };
        let _ = write!(order, "{key} {direction}, ");
    }
    order + "r.id"
}

/// What reads as a number ([`crate::number::as_number`]), as a pattern of PostgreSQL.
const NUMBER: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$";

/// A text without the blanks that may stand around a number.
fn trimmed(text: &str) -> String {
    let wide: String = WIDE.iter().map(|c| format!("\\u{:04x}", u32::from(*c))).collect();
    format!("btrim({text}, E' \\t\\r\\n{wide}')")
}

/// A field that holds no number is neither above nor below one; CASE keeps the cast away from it, and from more digits
/// than `numeric` takes: one such record would spoil every search of its module.
fn number(text: &str, json: &str) -> String {
    let trimmed = trimmed(text);
    format!(
        "CASE WHEN jsonb_typeof({json}) = 'number' THEN ({text})::numeric \
         WHEN jsonb_typeof({json}) = 'string' AND octet_length({text}) <= {MAX_NUMBER_CHARS} AND {trimmed} ~ '{NUMBER}' \
         THEN {trimmed}::numeric END"
    )
}

fn condition(operator: Operator, compared: As, field: usize, value: usize) -> String {
    let (text, json) = (format!("(r.fields ->> ${field}::text)"), format!("(r.fields -> ${field}::text)"));
    let value = format!("v{value}");
    match operator {
        Operator::Is if compared == As::Key => {
            format!("({value} <> '' AND {text} <> '' AND r.unique_key = sha256(convert_to({value}, 'UTF8')))")
        }
        // An empty value finds nothing: a form without an e-mail must not find some record without an e-mail.
        Operator::Is => format!("({value} <> '' AND {})", is(compared, &text, &json, &value)),
        Operator::IsNot => format!("NOT coalesce({}, {value} = '')", is(compared, &text, &json, &value)),
        Operator::Contains => format!("({value} <> '' AND strpos(lower({text}), lower({value})) > 0)"),
        Operator::Above => order(">", compared, &text, &json, &value),
        Operator::Below => order("<", compared, &text, &json, &value),
    }
}

fn is(compared: As, text: &str, json: &str, value: &str) -> String {
    match compared {
        As::Number => format!("{} = nullif({value}, '')::numeric", number(text, json)),
        As::NumberText => format!(
            "CASE jsonb_typeof({json}) WHEN 'number' THEN ({text})::numeric = {}::numeric \
             WHEN 'string' THEN {text} = {value} ELSE false END",
            trimmed(value)
        ),
        // A list and a map are no text, whatever their JSON is.
        As::Text | As::Key => {
            format!(
                "CASE WHEN jsonb_typeof({json}) IN ('string', 'boolean') THEN {text} = {value} ELSE {value} = '' AND {text} IS NULL END"
            )
        }
    }
}

fn order(sign: &str, compared: As, text: &str, json: &str, value: &str) -> String {
    let as_text = format!("{text} COLLATE \"C\" {sign} {value}");
    match compared {
        As::Number => format!("{} {sign} nullif({value}, '')::numeric", number(text, json)),
        As::NumberText => format!(
            "CASE jsonb_typeof({json}) WHEN 'number' THEN ({text})::numeric {sign} {}::numeric \
             WHEN 'string' THEN {as_text} ELSE false END",
            trimmed(value)
        ),
        As::Text | As::Key => format!("CASE WHEN jsonb_typeof({json}) = 'string' THEN {as_text} ELSE false END"),
    }
}
