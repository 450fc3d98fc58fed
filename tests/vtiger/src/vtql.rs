//! Queries: `select … from … where … order by … limit …;`.

mod parser;

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::UNKNOWN_ERROR;
use crate::crm::{Crm, Record, Variant};
use crate::http::Answer;
use crate::modules::Module;
use parser::{Condition, Fault, Query, parse};

impl Crm {
    /// `query`.
    pub fn query(&self, text: &str) -> Answer {
        if text.trim().is_empty() {
            return Answer::error("ACCESS_DENIED", "Permission to perform the operation is denied for query");
        }
        match parse(text).and_then(|query| self.select(&query)) {
            Ok(rows) => Answer::result(&rows.into()),
            Err(Fault::Lexer) => Answer::error("INTERNAL_SERVER_ERROR", UNKNOWN_ERROR),
            Err(Fault::Syntax(token)) => {
                Answer::error("QUERY_SYNTAX_ERROR", &format!("Syntax Error on line 1: token '{token}' Unexpected"))
            }
            Err(Fault::Denied(message)) => Answer::error("ACCESS_DENIED", &message),
        }
    }

    fn select(&self, query: &Query) -> Result<Vec<Value>, Fault> {
        let name = &query.module;
        let denied = || Fault::Denied(format!("Permission to perform the operation is denied for name : {name}"));
        let module = self.module(name).ok_or_else(denied)?;
        let is_known = |column: &str| ["id", "*", "count(*)"].contains(&column) || module.field(column).is_some();
        if let Some(column) = query.columns.iter().find(|column| !is_known(column)) {
            return Err(Fault::Denied(format!("Permission to access '.{column}.' attribute denied.")));
        }
        if let Some(one) = query.conditions.iter().find(|one| !is_known(&one.field)) {
            return Err(Fault::Denied(format!("Permission to access {} attribute denied.", one.field)));
        }
        let of_module = self.records.iter().filter(|(_, record)| record.module == module.name);
        let mut found: Vec<(u64, &Record)> = of_module
            .map(|(number, record)| (*number, record))
            .filter(|(number, record)| holds(&query.conditions, module, *number, record))
            .collect();
        if query.columns == ["count(*)"] {
            return Ok(vec![json!({"count": found.len().to_string()})]);
        }
        if let Some((field, down)) = &query.order {
            found.sort_by(|a, b| {
                let order = key(field, a).cmp(&key(field, b));
                if *down { order.reverse() } else { order }
            });
        }
        let most = if self.variant == Variant::A { 1_000 } else { 100 };
        let (offset, count) = query.limit.unwrap_or((0, most));
        let count = usize::try_from(count.min(most)).unwrap_or(0);
        let rows = found.into_iter().skip(usize::try_from(offset).unwrap_or(0)).take(count);
        Ok(rows.map(|(number, record)| self.row(&query.columns, module, number, record)).collect())
    }

    /// The columns that were asked for, and the id.
    fn row(&self, columns: &[String], module: Module, number: u64, record: &Record) -> Value {
        let Value::Object(mut shown) = self.shown(module, number, record) else { unreachable!() };
        shown.remove("label");
        if columns == ["*"] {
            return shown.into();
        }
        let mut row: Map<String, Value> =
            columns.iter().filter_map(|name| shown.get(name).map(|value| (name.clone(), value.clone()))).collect();
        if !row.contains_key("id") {
            row.insert("id".to_owned(), shown["id"].clone());
        }
        row.into()
    }
}

/// What rows are sorted by: numbers as numbers.
fn key(field: &str, (number, record): &(u64, &Record)) -> (u64, String, u64) {
    match field {
        "id" => (*number, String::new(), 0),
        field => (0, record.fields.get(field).map(|value| value.to_lowercase()).unwrap_or_default(), *number),
    }
}

fn holds(conditions: &[Condition], module: Module, number: u64, record: &Record) -> bool {
    let mut result = true;
    for one in conditions {
        let value = match one.field.as_str() {
            "id" => format!("{}{number}", module.prefix()),
            field => record.fields.get(field).cloned().unwrap_or_default(),
        };
        let holds = one.holds(&value);
        result = if one.or { result || holds } else { result && holds };
    }
    result
}

impl Condition {
    fn holds(&self, value: &str) -> bool {
        // `=` ignores case, accents and blanks at the end, and a value with a backslash is never found.
        let same = |text: &str| fold(value) == fold(text) && !text.contains('\\');
        let order = |text: &str| fold(value).cmp(&fold(text));
        let first = self.values.first().map_or("", String::as_str);
        match self.operator.as_str() {
            "=" | "in" => self.values.iter().any(|text| same(text)),
            "!=" => !same(first),
            ">" => order(first) == Ordering::Greater,
            "<" => order(first) == Ordering::Less,
            ">=" => order(first) != Ordering::Less,
            "<=" => order(first) != Ordering::Greater,
            "like" => like(&fold(value), &fold(first)),
            _ => false,
        }
    }
}

/// As the database's collation compares: without case, and some letters without their accents.
fn fold(text: &str) -> String {
    text.trim_end().to_lowercase().replace('ü', "u").replace('é', "e")
}

fn like(value: &str, pattern: &str) -> bool {
    let inner = pattern.trim_matches('%');
    match (pattern.starts_with('%'), pattern.len() > 1 && pattern.ends_with('%')) {
        (true, true) => value.contains(inner),
        (true, false) => value.ends_with(inner),
        (false, true) => value.starts_with(inner),
        (false, false) => value == pattern,
    }
}
