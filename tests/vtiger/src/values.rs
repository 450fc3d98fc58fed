//! What the columns of MySQL make of a value: nothing is refused, much is changed.

use jiff::civil::Date;
use serde_json::Value;

use crate::modules::Field;

/// Whether a mandatory field counts as left out.
pub fn is_blank(value: &Value) -> bool {
    value.is_null() || value == ""
}

/// The text of a value in PHP.
pub fn php_text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) | Value::Object(_) => "1".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(_) => "Array".to_owned(),
    }
}

/// What a column keeps.
pub fn kept(field: Field, value: Option<&Value>) -> String {
    let text = value.map(php_text).unwrap_or_default();
    match field.kind() {
        "boolean" => if matches!(text.as_str(), "" | "0" | "false" | "off") { "0" } else { "1" }.to_owned(),
        "integer" => leading_number(&text).to_string(),
        "currency" => {
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
            format!("{:.8}", text[..end].parse::<f64>().unwrap_or(0.0))
        }
        "date" => date(&text),
        "text" => escaped(&three_bytes(&text)),
        _ => escaped(&three_bytes(&text)).chars().take(field.length()).collect(),
    }
}

/// The number with which a text begins.
pub fn leading_number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

/// The column holds letters of three bytes at most.
fn three_bytes(text: &str) -> String {
    text.chars().map(|c| if c.len_utf8() > 3 { "????".to_owned() } else { c.to_string() }).collect()
}

/// A line with `script` and `/script` behind it has all its marks escaped.
fn escaped(text: &str) -> String {
    let is_script = |line: &str| line.find("script").is_some_and(|at| line[at + 6..].contains("/script"));
    match text.to_lowercase().lines().any(is_script) {
        true => text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        false => text.to_owned(),
    }
}

fn date(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, month, last] = parts[..] else { return String::new() };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let (Ok(y), Ok(m), Ok(d)) = (year.parse(), month.parse(), day.parse()) else { return String::new() };
    Date::new(y, m, d).map_or_else(|_| "0000-00-00".to_owned(), |date| date.to_string())
}

/// With the entities of `htmlentities`, as far as the recorded exchanges hold them. An entity that is there stays.
pub fn html(text: &str) -> String {
    let entity = |(at, c): (usize, char)| match c {
        '&' if is_entity(&text[at + 1..]) => "&".to_owned(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#039;".to_owned(),
        'ü' => "&uuml;".to_owned(),
        'ö' => "&ouml;".to_owned(),
        '€' => "&euro;".to_owned(),
        c => c.to_string(),
    };
    text.char_indices().map(entity).collect()
}

fn is_entity(rest: &str) -> bool {
    let name = rest.split(';').next().filter(|name| name.len() < rest.len() && !name.is_empty());
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#'))
}
