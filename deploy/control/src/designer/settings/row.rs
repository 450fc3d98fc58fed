//! The rows of a field: the entries of a map, the conditions of a search, the rows and groups of a condition.

use serde_json::Value;

use super::Control;
use super::value::{self, Condition};
use crate::designer::condition::{Comparison, Group, MAX_DEPTH, Part};
use crate::designer::outputs;

/// How many empty rows a person can type into before the script adds more, or the step is kept.
const EMPTY_ROWS: usize = 2;

/// An entry of a map, or a row of a condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub part: Shape,
    pub name: String,
    /// Only of conditions.
    pub operator: String,
    pub value: String,
    /// The group that the row stands in, or that begins here: the places of the groups from the outermost, such as `2.1`;
    /// empty = the outermost.
    pub group: String,
    /// Whether one part of the group that begins here is enough.
    pub is_any: bool,
}

/// What a row is for the template, which has no other way to draw a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Something that is typed.
    #[default]
    Entry,
    /// A group begins.
    Open,
    /// A group that is still empty begins; it is folded.
    OpenNew,
    /// The group ends that began last.
    Close,
    /// The folded group ends.
    CloseNew,
}

impl Shape {
    /// Whether it is this one, as a template asks.
    pub fn is(self, word: &str) -> bool {
        word == match self {
            Self::Entry => "entry",
            Self::Open => "open",
            Self::OpenNew => "open-new",
            Self::Close => "close",
            Self::CloseNew => "close-new",
        }
    }
}

/// The rows of a value, and empty ones to type into.
pub(super) fn rows(control: Control, value: &Value) -> Vec<Row> {
    let entry = |name: &str, operator: &str, value: String| Row {
        name: name.to_owned(),
        operator: operator.to_owned(),
        value,
        ..Row::default()
    };
    let (mut rows, operator): (Vec<Row>, &str) = match control {
        Control::Rows => {
            let row = |(name, value): (&String, &Value)| entry(name, "", value::shown_entry(value));
            (value.as_object().into_iter().flatten().map(row).collect(), "")
        }
        Control::Cases => {
            let cases = value.as_object().into_iter().flatten().filter(|(case, _)| !case.is_empty());
            (cases.map(|(case, steps)| entry(case, "", outputs::names(steps).join(", "))).collect(), "")
        }
        Control::Conditions => {
            let row = |Condition { field, operator, value }| entry(&field, &operator, value::shown_entry(&value));
            (value::conditions(value).into_iter().map(row).collect(), value::IS)
        }
        Control::Rule => {
            let mut rows = Vec::new();
            group(&value.as_str().and_then(Group::read).unwrap_or_default(), "", 1, &mut rows);
            return rows;
        }
        _ => return Vec::new(),
    };
    rows.extend((0..EMPTY_ROWS).map(|_| entry("", operator, String::new())));
    rows
}

/// The rows of a group, empty ones, and a group to type into.
fn group(one: &Group, path: &str, depth: usize, rows: &mut Vec<Row>) {
    let mut groups = 0;
    let mut below = || {
        groups += 1;
        if path.is_empty() { groups.to_string() } else { format!("{path}.{groups}") }
    };
    let row = |Comparison { field, word, value }: &Comparison, group: &str| Row {
        name: field.clone(),
        operator: (*word).to_owned(),
        value: value.clone(),
        group: group.to_owned(),
        ..Row::default()
    };
    let mark = |part: Shape, group: &str, is_any: bool| Row { part, group: group.to_owned(), is_any, ..Row::default() };
    let empty = Comparison { field: String::new(), word: "equals", value: String::new() };
    for part in &one.parts {
        match part {
            Part::Row(one) => rows.push(row(one, path)),
            Part::Group(inner) => {
                let path = below();
                rows.push(mark(Shape::Open, &path, inner.is_any));
                group(inner, &path, depth + 1, rows);
                rows.push(mark(Shape::Close, &path, false));
            }
        }
    }
    rows.extend((0..EMPTY_ROWS).map(|_| row(&empty, path)));
    if depth < MAX_DEPTH && !one.parts.is_empty() {
        let path = below();
        rows.push(mark(Shape::OpenNew, &path, !one.is_any));
        rows.extend((0..EMPTY_ROWS).map(|_| row(&empty, &path)));
        rows.push(mark(Shape::CloseNew, &path, false));
    }
}
