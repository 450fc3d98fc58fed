//! Values to text, in the one form that Postern writes: block maps, lists of short scalars in one line, texts
//! without quotes where that is safe, else in single ones, and long texts as blocks.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::scalar;

/// The longest text, in characters, that stands in its line although it needs quotes; also the widest list.
const MAX_WIDTH: usize = 100;

/// Writes a value, ending with a line break.
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_map(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() && one_line(value).is_none() => write_list(&mut out, items, 0),
        _ => out = one_line(value).unwrap_or_default() + "\n",
    }
    out
}

/// Writes the entries of a map; the first one where `out` stands, the others indented.
fn write_map(out: &mut String, map: &Map<String, Value>, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(&quoted(key, true));
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                new_line(out, indent + 2);
                write_map(out, inner, indent + 2);
            }
            Value::Array(items) if one_line(value).is_none() => {
                new_line(out, indent + 2);
                write_list(out, items, indent + 2);
            }
            _ => {
                out.push(' ');
                write_leaf(out, value, indent + 2);
            }
        }
    }
}

/// Writes the items of a list; the first one where `out` stands, the others indented.
fn write_list(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => write_map(out, map, indent + 2),
            Value::Array(inner) if one_line(item).is_none() => write_list(out, inner, indent + 2),
            _ => write_leaf(out, item, indent + 2),
        }
    }
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(text) => match block_header(text) {
            Some(header) => write_block(out, header, text, indent),
            None => {
                out.push_str(&quoted(text, false));
                out.push('\n');
            }
        },
        _ => {
            out.push_str(&one_line(value).unwrap_or_default());
            out.push('\n');
        }
    }
}

/// The head of a block that holds a text, or nothing when the text does not need or cannot be one: lines of blanks
/// and a blank in front would need rules that readers do not agree on.
fn block_header(text: &str) -> Option<&'static str> {
    let body = text.trim_end_matches('\n');
    let is_long = body.contains('\n') || text.len() > body.len() || body.chars().count() > MAX_WIDTH;
    let is_safe = !body.is_empty()
        && !body.starts_with(char::is_whitespace)
        && body.chars().all(|c| c == '\n' || scalar::is_printable(c))
        && body.split('\n').all(|line| line.is_empty() || !line.trim().is_empty());
    match text.len() - body.len() {
        _ if !is_long || !is_safe => None,
        0 => Some("|-"),
        1 => Some("|"),
        _ => Some("|+"),
    }
}

fn write_block(out: &mut String, header: &str, text: &str, indent: usize) {
    out.push_str(header);
    out.push('\n');
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A value in one line: a scalar, something empty, or a short list of scalars.
fn one_line(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(quoted(text, false)),
        Value::Object(map) => map.is_empty().then(|| "{}".to_owned()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::String(text) => block_header(text).is_none().then(|| quoted(text, true)),
                    Value::Array(_) | Value::Object(_) => None,
                    _ => one_line(item),
                })
                .collect();
            let line = format!("[{}]", items?.join(", "));
            (line.chars().count() <= MAX_WIDTH).then_some(line)
        }
    }
}

/// A text as a scalar in one line. `flow` = inside `[…]`, or a key.
fn quoted(text: &str, flow: bool) -> String {
    if scalar::is_plain(text, flow) {
        return text.to_owned();
    }
    if text.chars().all(scalar::is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if scalar::is_printable(c) => out.push(c),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\u{:04X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::read;

    fn read_back(value: &Value) -> Value {
        let text = write(value);
        let mut documents = read(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        assert_eq!(documents.len(), 1, "{text}");
        documents.remove(0).value
    }

    #[test]
    fn the_written_form_is_this_one() {
        let canonical = "\
workflow: 77
title: 'Leads: new'
start:
  triggers: [web_lead, 'yes', '01234']
  none: []
  empty: {}
steps:
  lead:
    unique: '{{ $env[\"email\"]|lower }}'
    if: $env[\"lastname\"]|trim and $env[\"email\"] is email
    'null': It's 5
    text: |
      one
        two

      three
    nested:
      - a: 1.10
        b: null
      - [x, z]
";
        let value = read(canonical).unwrap().remove(0).value;
        assert_eq!(write(&value), canonical);
    }

    #[test]
    fn awkward_texts_are_read_as_they_were_written() {
        for text in [
            "",
            " ",
            "\n",
            "\n\n",
            "a\n",
            "a\n\n",
            "\na",
            " a\nb",
            "a\n \nb",
            "a\r\nb",
            "\t",
            "a\tb",
            "- a",
            "a: b",
            "#",
            "a\\b\"c'd",
            "\u{0}",
            "\u{85}",
            "\u{2028}",
            "\u{FEFF}a",
            "---",
            "--- a",
            "...",
            "... a",
            "?",
            ":",
            "::1",
            "fe80::1",
        ] {
            for value in
                [Value::from(text), serde_json::json!({ text: [text], "k": text, "l": [{"k": text}, [[text]]] })]
            {
                assert_eq!(read_back(&value), value, "{text:?}:\n{}", write(&value));
            }
        }
        let long = Value::from("long, ".repeat(40) + "end");
        assert_eq!(read_back(&serde_json::json!({ "a": long, "b": [long] }))["b"][0], long);
    }

    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[-a-z0-9:#,{}\\[\\]'\"!&*|>%@` \n\t.~=<?_+\\\\]{0,12}",
            "(yes|no|null|true|0x1F|1e5|-1|~|<<|---|\\.\\.\\.|[0-9:.-]{1,9}|\n{0,3}[ a]{0,3}\n{0,3})",
            any::<String>(),
        ];
        let number = prop_oneof![any::<i64>().prop_map(Value::from), any::<f64>().prop_map(Value::from)];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            number,
            text.clone().prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn whatever_is_written_is_read_back(value in json()) {
            prop_assert_eq!(read_back(&value), value);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-a-z0-9:#,{}\\[\\]'\"!&*|>%@` \n\t]{0,60}") {
            let _ = read(&text);
        }
    }
}
