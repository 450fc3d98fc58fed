//! Values as a tree for people: a list of rows, each as deep as it is nested.

use postern_shared::env::Env;
use serde_json::Value;

use super::shown::shortened;

/// How many rows are open; the others are one click away.
const OPEN_ROWS: usize = 8;
/// How many rows a page shows at all: it must stay a page. The JSON to copy holds everything.
const MAX_ROWS: usize = 1_000;
/// How much of one value a row shows, in characters.
const MAX_CHARS: usize = 2_000;
/// How deep the style sheet indents.
const MAX_DEPTH: usize = 8;

/// A value with its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub depth: usize,
    pub name: String,
    pub value: String,
    /// The style of the value: `text`, `number`, `word` for true, false and null, `inner` for what has rows below.
    pub kind: &'static str,
}

/// A tree.
#[derive(Debug)]
pub struct Tree {
    pub open: Vec<Row>,
    pub folded: Vec<Row>,
    /// How many rows lie in the fold.
    pub folded_count: i64,
    /// All of it, to copy.
    pub json: String,
}

impl Tree {
    pub fn of(env: &Env) -> Self {
        let mut rows = Vec::new();
        for (name, value) in &env.0 {
            add(&mut rows, 0, name, value);
        }
        rows.truncate(MAX_ROWS);
        let folded = if rows.len() > OPEN_ROWS { rows.split_off(OPEN_ROWS) } else { Vec::new() };
        let folded_count = i64::try_from(folded.len()).unwrap_or(i64::MAX);
        Self { open: rows, folded, folded_count, json: env.to_string() }
    }
}

fn add(rows: &mut Vec<Row>, depth: usize, name: &str, value: &Value) {
    if rows.len() >= MAX_ROWS {
        return;
    }
    let (text, kind) = match value {
        Value::String(text) => (shortened(text, MAX_CHARS), "text"),
        Value::Number(number) => (shortened(number.as_str(), MAX_CHARS), "number"),
        Value::Null | Value::Bool(_) => (value.to_string(), "word"),
        Value::Array(items) => (format!("[{}]", items.len()), "inner"),
        Value::Object(map) => (format!("{{{}}}", map.len()), "inner"),
    };
    rows.push(Row { depth: depth.min(MAX_DEPTH), name: name.to_owned(), value: text, kind });
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| add(rows, depth + 1, &at.to_string(), item));
        }
        Value::Object(map) => map.iter().for_each(|(name, item)| add(rows, depth + 1, name, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_are_rows_in_order_and_many_are_folded() {
        let env: Env = serde_json::from_str(r#"{"a":"x","b":{"c":[1,null]},"d":true}"#).unwrap();
        let rows: Vec<_> = Tree::of(&env).open.into_iter().map(|r| (r.depth, r.name, r.value, r.kind)).collect();
        let row = |depth, name: &str, value: &str, kind| (depth, name.to_owned(), value.to_owned(), kind);
        let expected = [
            row(0, "a", "x", "text"),
            row(0, "b", "{1}", "inner"),
            row(1, "c", "[2]", "inner"),
            row(2, "0", "1", "number"),
            row(2, "1", "null", "word"),
            row(0, "d", "true", "word"),
        ];
        assert_eq!(rows, expected);
        let many: Env = (0..2_000).map(|n| (format!("n{n}"), Value::from(n))).collect();
        let tree = Tree::of(&many);
        assert_eq!((tree.open.len(), tree.folded.len()), (8, 992));
        assert!(tree.json.contains("n1999"));
    }
}
