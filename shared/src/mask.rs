//! What is shown of posted values to whoever need not see them: of each value its shape, which still tells an empty
//! field, a cut-off number, or a text in a wrong charset.

use serde_json::{Map, Value};

use crate::env::Env;

/// From how many characters on the first one is shown: of a shorter value it would tell too much.
const TELLING: usize = 4;

/// What stands for characters, however many there are.
pub const HIDDEN: &str = "•••";

/// The parts of a submission that hold nothing of what was posted but names.
const OWN: [&str; 10] = [
    "receipt",
    "permission",
    "target",
    "record",
    "read",
    "dropped_files",
    "accepted_at_ms",
    "settings_version",
    "ticket",
    "waits",
];

/// The longest name that is shown to a caller, in bytes. A text that was posted in place of a form is longer.
const MAX_NAME_BYTES: usize = 64;

/// A posted name as a receipt shows it. What may be a posted text, taken for a name by mistake, is hidden.
pub fn name(name: &str) -> &str {
    let is_text = name.len() > MAX_NAME_BYTES || name.contains(|c: char| matches!(c, '{' | '<') || c.is_control());
    if is_text { HIDDEN } else { name }
}

/// The shape of a text: its first character and its length.
pub fn text(text: &str) -> String {
    let length = text.chars().count();
    match text.chars().next() {
        None => String::new(),
        Some(first) if length >= TELLING && !first.is_control() => format!("{first}{HIDDEN} ({length})"),
        Some(_) => format!("{HIDDEN} ({length})"),
    }
}

/// The shape of a value: names and nesting stay, and so does what is not there.
pub fn value(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => HIDDEN.into(),
        Value::Number(number) => text(number.as_str()).into(),
        Value::String(one) => text(one).into(),
        Value::Array(items) => items.iter().map(self::value).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, one)| (name.clone(), self::value(one))).collect::<Map<_, _>>().into()
        }
    }
}

/// Variables with the shapes of their values.
pub fn env(env: &Env) -> Env {
    env.0.iter().map(|(name, one)| (name.clone(), value(one))).collect()
}

/// The body of a message, with the shapes of what was posted; of one that is no bundle only its own shape.
pub fn message(body: &[u8]) -> String {
    let mut message: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(submissions) = message.get_mut("submissions").and_then(Value::as_array_mut) else {
        return text(&String::from_utf8_lossy(body));
    };
    for submission in submissions {
        match submission {
            Value::Object(parts) => {
                let posted = parts.iter_mut().filter(|(name, _)| !OWN.contains(&name.as_str()));
                posted.for_each(|(_, part)| *part = value(part));
            }
            other => *other = value(other),
        }
    }
    message.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_that_may_be_a_posted_text_is_hidden() {
        for shown in ["lastname", "Ваше имя", "a b[c]", "100%", "", &"x".repeat(64)] {
            assert_eq!(name(shown), shown);
        }
        for hidden in ["{\"email\": \"a@example.org\",", "a{", "<lead>", "a\nb", "a\rb", "a\u{85}b", &"x".repeat(65)] {
            assert_eq!(name(hidden), HIDDEN);
        }
    }

    #[test]
    fn of_a_value_only_its_shape_is_shown() {
        for (posted, shown) in [
            (json!(""), json!("")),
            (json!("7"), json!("••• (1)")),
            (json!("Ada"), json!("••• (3)")),
            (json!("Lovelace"), json!("L••• (8)")),
            (json!("Привет"), json!("П••• (6)")),
            (json!("\u{fffd}\u{fffd}\u{fffd}\u{fffd}"), json!("\u{fffd}••• (4)")),
            (json!("\u{1b}[2Jx"), json!("••• (5)")),
            (json!(12_345), json!("1••• (5)")),
            (json!(1.5), json!("••• (3)")),
            (json!(true), json!("•••")),
            (json!(null), json!(null)),
            (json!({"a": ["secret", {"b": ""}]}), json!({"a": ["s••• (6)", {"b": ""}]})),
        ] {
            assert_eq!(value(&posted), shown, "{posted}");
        }
    }

    #[test]
    fn of_a_submission_only_what_was_posted_is_hidden() {
        // Every part that a submission can have stands in one of these two.
        let golden = include_str!("../../tests/it/golden/submissions.v1.json");
        let waiting = include_str!("../../tests/it/golden/submissions.v1.waits.json");
        for body in [golden, waiting] {
            let (whole, shown): (Value, Value) =
                (serde_json::from_str(body).unwrap(), serde_json::from_str(&message(body.as_bytes())).unwrap());
            let all = whole["submissions"].as_array().unwrap().iter().zip(shown["submissions"].as_array().unwrap());
            for (submission, shown) in all {
                for (name, part) in submission.as_object().unwrap() {
                    let is_posted = matches!(name.as_str(), "env" | "query" | "request" | "dedupe");
                    assert!(is_posted || *part == shown[name], "{name}: {}", shown[name]);
                }
            }
        }
    }

    #[test]
    fn of_a_message_stays_what_was_not_posted() {
        let body = br#"{"submissions":[{"receipt":"r","env":{"a":"secret"},"query":{"b":"secret"},"dedupe":{"key":"secret"}}]}"#;
        let shown = message(body);
        assert!(shown.contains(r#""receipt":"r""#) && shown.contains(r#""a":"s••• (6)""#), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
        assert_eq!(message(b"no bundle of secrets"), "n••• (20)");
        assert_eq!(message(b"[\"secret\"]"), "[••• (10)");
        assert_eq!(
            message(br#"{"submissions":["secret",{"other":"secret"}]}"#),
            r#"{"submissions":["s••• (6)",{"other":"s••• (6)"}]}"#
        );
    }
}
