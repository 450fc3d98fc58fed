//! The settings that a form holds.

use postern_shared::expression::MAX_TOKENS;
use postern_shared::spec::{Kind, Setting};
use postern_shared::yaml;
use serde_json::{Map, Value};

use super::value::{self, Condition};
use super::{Control, order, put};
use crate::designer::condition::{Comparison, Group, MAX_DEPTH, Part, WORDS};

/// The fields of a form.
pub trait Form {
    /// The first value of a name; empty if there is none.
    fn one(&self, name: &str) -> &str;
    /// All values of a name, in order.
    fn many(&self, name: &str) -> Vec<&str>;
}

/// The field in which a form names the fields that it has: a box that is not checked is not sent.
pub const SHOWN: &str = "shown";

/// A map with the settings of a form in place of its own. What the form does not show stays.
pub fn settings(
    form: &impl Form,
    (settings, outputs): (&'static [Setting], &'static [&'static str]),
    map: &Map<String, Value>,
) -> Map<String, Value> {
    below(form, "", (settings, outputs), map)
}

fn below(
    form: &impl Form,
    outer: &str,
    (settings, outputs): (&'static [Setting], &'static [&'static str]),
    map: &Map<String, Value>,
) -> Map<String, Value> {
    let (mut new, order, shown) = (map.clone(), order(settings, outputs), form.many(SHOWN));
    for setting in settings {
        let (name, old) = (format!("{outer}{}", setting.key), map.get(setting.key).unwrap_or(&Value::Null));
        let value = match Control::of(setting, old) {
            Control::Inner(_, inner) => {
                let empty = Map::new();
                let prefix = format!("{name}.");
                if !shown.iter().any(|name| name.starts_with(&prefix)) {
                    continue;
                }
                let inner = below(form, &prefix, (inner, &[]), old.as_object().unwrap_or(&empty));
                Some(Value::Object(inner)).filter(|inner| inner.as_object().is_some_and(|inner| !inner.is_empty()))
            }
            _ if !shown.contains(&name.as_str()) => continue,
            control => typed(form, control, (setting, &name), old),
        };
        match value {
            Some(value) => put(&mut new, &order, setting.key, value),
            // The key of the task says what the step is.
            None if setting.required && map.contains_key(setting.key) => {
                put(&mut new, &order, setting.key, Value::Null)
            }
            None => drop(new.shift_remove(setting.key)),
        }
    }
    new
}

/// What a field says; none = nothing.
fn typed(form: &impl Form, control: Control, (setting, name): (&Setting, &str), old: &Value) -> Option<Value> {
    let text = form.one(name).replace("\r\n", "\n");
    let text = if matches!(control, Control::Text) { text.as_str() } else { text.trim() };
    match control {
        Control::Kept | Control::Inner(..) => (!old.is_null()).then(|| old.clone()),
        Control::Check => {
            let is_checked = text == "true";
            let is_default = setting.default.unwrap_or("false") == if is_checked { "true" } else { "false" };
            let stays = old.as_bool() == Some(is_checked);
            (stays || !is_default).then_some(Value::Bool(is_checked))
        }
        Control::Boxes => {
            let keys: Vec<Value> = form.many(name).into_iter().map(Value::from).collect();
            let same = keys.iter().filter_map(Value::as_str).eq(value::texts(old).iter().map(String::as_str));
            if same { Some(old.clone()).filter(|old| !old.is_null()) } else { Some(Value::Array(keys)) }
        }
        Control::Rows => {
            let has_types = !matches!(setting.kind, Kind::Headers);
            let rows = names_and_values(form, name).into_iter();
            let rows = rows.map(|(name, text)| (name.to_owned(), value::entry(&text, old.get(name), has_types)));
            Some(rows.collect::<Map<_, _>>()).filter(|rows| !rows.is_empty()).map(Value::Object)
        }
        Control::Conditions => {
            let before = value::conditions(old);
            let operators = form.many(&format!("{name}.operator"));
            let rows =
                all_names_and_values(form, name).into_iter().zip(operators).filter(|((field, _), _)| !field.is_empty());
            let rows = rows.map(|((field, text), operator)| {
                let same = |one: &&Condition| one.field == field && one.operator == operator;
                let value = value::entry(&text, before.iter().find(same).map(|one| &one.value), true);
                Condition { field: field.to_owned(), operator: operator.to_owned(), value }
            });
            let map = value::with_conditions(&rows.collect::<Vec<_>>(), old);
            Some(map).filter(|map| !map.is_empty()).map(Value::Object)
        }
        Control::Cases => cases(form, name, old),
        Control::Rule if value::shown(control, old) == text => {
            let group = rule(form, name);
            // What says the same stays as it is written.
            let is_same = old.as_str().and_then(Group::read).is_some_and(|before| before == group);
            let written = if is_same { old.as_str().unwrap_or_default().to_owned() } else { group.written() };
            Some(written).filter(|written| !written.is_empty()).map(Value::from)
        }
        _ if value::shown(control, old) == text => Some(old.clone()).filter(|old| !old.is_null()),
        _ if text.trim().is_empty() => None,
        Control::Value => match yaml::read(text).as_deref() {
            Ok([one]) => Some(one.value.clone()),
            // The finding of this text says what is wrong; nothing that was typed is lost.
            _ => Some(Value::from(text)),
        },
        Control::Choice | Control::Text | Control::Line | Control::Rule => Some(line(setting.kind, text)),
    }
}

/// The rows of a condition, in their groups. A name that is no reference is one of `$env`.
fn rule(form: &impl Form, name: &str) -> Group {
    let words = form.many(&format!("{name}.operator")).into_iter();
    let groups = form.many(&format!("{name}.group")).into_iter().chain(std::iter::repeat(""));
    let rows = all_names_and_values(form, name).into_iter().zip(words).zip(groups);
    let rows = rows.filter_map(|(((field, value), word), group)| {
        let field =
            if field.starts_with('$') || field.is_empty() { field.to_owned() } else { format!("$env[\"{field}\"]") };
        let word = WORDS.into_iter().find(|known| *known == word).filter(|_| !field.is_empty())?;
        Some((group, Comparison { field, word, value: value.trim().to_owned() }))
    });
    // An expression of more rows has too many tokens.
    let rows: Vec<(&str, Comparison)> = rows.take(MAX_TOKENS).collect();
    group(form, name, ("", 1), &rows).simplified()
}

/// The group of a path: its rows, and its groups where their first rows stand. A group that would be too deep is a part
/// of the group around it.
fn group(form: &impl Form, name: &str, (path, depth): (&str, usize), rows: &[(&str, Comparison)]) -> Group {
    let join = if path.is_empty() { format!("{name}.join") } else { format!("{name}.join.{path}") };
    let (mut parts, mut seen) = (Vec::new(), Vec::new());
    for (of, row) in rows {
        let below = match path {
            "" => Some(*of),
            path => of.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')),
        };
        match below.filter(|below| !below.is_empty() && depth < MAX_DEPTH) {
            Some(below) => {
                let end = of.len() - below.len() + below.find('.').unwrap_or(below.len());
                if !seen.contains(&&of[..end]) {
                    seen.push(&of[..end]);
                    parts.push(Part::Group(group(form, name, (&of[..end], depth + 1), rows)));
                }
            }
            None if *of == path || below.is_some() => parts.push(Part::Row(row.clone())),
            None => {}
        }
    }
    Group { is_any: form.one(&join) == "any", parts }
}

/// The cases of a switch: a case that is called something else leads where it led; an empty text removes it. A new case
/// leads nowhere yet.
fn cases(form: &impl Form, name: &str, old: &Value) -> Option<Value> {
    let typed = form.many(&format!("{name}.name")).into_iter().zip(form.many(&format!("{name}.was")));
    let typed: Vec<(&str, &str)> = typed.collect();
    let (empty, nowhere) = (Map::new(), Value::Array(Vec::new()));
    let old = old.as_object().unwrap_or(&empty);
    let mut cases: Map<String, Value> = Map::new();
    let mut put = |case: &str, steps: &Value| {
        if !cases.contains_key(case) {
            cases.insert(case.to_owned(), steps.clone());
        }
    };
    let has_empty = form.one(&format!("{name}.empty")) == "true";
    for (case, steps) in old {
        match typed.iter().find(|(_, was)| was == case).filter(|_| !case.is_empty()) {
            Some((text, was)) if text == was => put(case, steps),
            Some((text, _)) if !text.trim().is_empty() => put(text.trim(), steps),
            None if !case.is_empty() || has_empty => put(case, steps),
            Some(_) | None => {}
        }
    }
    let new = typed.iter().filter(|(text, was)| was.is_empty() && !text.trim().is_empty());
    new.for_each(|(text, _)| put(text.trim(), &nowhere));
    if has_empty {
        put("", &nowhere);
    }
    Some(cases).filter(|cases| !cases.is_empty()).map(Value::Object)
}

/// A text in the type of its setting.
fn line(kind: Kind, text: &str) -> Value {
    let number = |text: &str| text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from);
    match kind {
        Kind::Whole | Kind::Number(..) | Kind::Status | Kind::Name(postern_shared::document::Kind::Workflow) => {
            number(text)
        }
        Kind::Texts | Kind::Sort | Kind::Statuses | Kind::Names(_) => {
            let items: Vec<Value> = text
                .split([',', '\n'])
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| if matches!(kind, Kind::Statuses) { number(item) } else { Value::from(item) })
                .collect();
            if items.len() == 1 { items.into_iter().next().unwrap_or_default() } else { Value::Array(items) }
        }
        _ => Value::from(text),
    }
}

fn names_and_values<'f>(form: &'f impl Form, name: &str) -> Vec<(&'f str, String)> {
    all_names_and_values(form, name).into_iter().filter(|(name, _)| !name.is_empty()).collect()
}

/// The rows of a map, those without a name as well.
fn all_names_and_values<'f>(form: &'f impl Form, name: &str) -> Vec<(&'f str, String)> {
    let names = form.many(&format!("{name}.name"));
    let values = form.many(&format!("{name}.value")).into_iter().map(|value| value.replace("\r\n", "\n"));
    names.into_iter().map(str::trim).zip(values).collect()
}
