//! Documents without what opens something: short URLs, test calls, and of the steps that reach other systems the target,
//! the headers and the bodies. A reference such as `$env["lastname"]` is no secret and stays.

use postern_shared::document::Kind;
use postern_shared::mask::HIDDEN;
use postern_shared::spec::{self, Setting};
use postern_shared::{connection, permission, task};
use serde_json::Value;

/// The tasks whose settings name other systems and what opens them.
const OUTSIDE: [&str; 2] = ["http_request", "send_mail"];

/// Parts of names whose values open something, wherever they stand.
const SECRET_NAMES: [&str; 8] =
    ["authorization", "password", "passwd", "secret", "token", "api_key", "apikey", "credential"];

/// A document in which every secret is [`HIDDEN`].
pub fn without_secrets(document: &Value) -> Value {
    let mut document = document.clone();
    if document.get("permission").is_some() {
        hide_settings(&mut document, permission::SPEC.settings);
    }
    if Kind::of(&document) == Ok(Kind::Connection) {
        hide_settings(&mut document, connection::SPEC.settings);
    }
    let steps = document.get_mut("steps").and_then(Value::as_object_mut);
    for (_, step) in steps.into_iter().flatten() {
        let outside = OUTSIDE.iter().find(|task| step.get(**task).is_some());
        let kind = outside.and_then(|task| task::KINDS.iter().find(|kind| kind.spec.name == *task));
        if let Some(kind) = kind {
            hide_settings(step, kind.spec.settings);
        }
    }
    hide_named(&mut document);
    document
}

/// Hides the settings whose kind can hold a secret.
fn hide_settings(map: &mut Value, settings: &[Setting]) {
    for setting in settings {
        let Some(value) = map.get_mut(setting.key) else { continue };
        match setting.kind {
            spec::Kind::UrlOr(_, inner) if value.is_object() => hide_settings(value, inner),
            spec::Kind::Map(_, inner) => hide_settings(value, inner),
            spec::Kind::Url | spec::Kind::UrlOr(..) | spec::Kind::Address => {
                *value = value.as_str().map_or_else(|| HIDDEN.into(), |url| origin(url).into())
            }
            spec::Kind::ShortUrl
            | spec::Kind::Pairs
            | spec::Kind::Template
            | spec::Kind::Html
            | spec::Kind::Value
            | spec::Kind::Headers
            | spec::Kind::Env
            | spec::Kind::Fields
            | spec::Kind::MailAddresses
            | spec::Kind::Maps(..) => hide(value),
            _ => {}
        }
    }
}

/// Hides the values of names that tell that they open something.
fn hide_named(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let name = name.to_lowercase();
                let is_secret = SECRET_NAMES.iter().any(|part| name.contains(part));
                if is_secret { hide(value) } else { hide_named(value) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_named),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Hides every text and number in a value but lone references.
fn hide(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if text.is_empty() || is_reference(text) => {}
        Value::String(_) | Value::Number(_) => *value = HIDDEN.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether a text is one reference such as `$env["lastname"]` or `$lastname`, without anything around it.
fn is_reference(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else { return false };
    let (source, key) = rest.split_once("[\"").unwrap_or((rest, ""));
    let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let key = key.strip_suffix("\"]").unwrap_or(key);
    !source.is_empty() && is_name(source) && is_name(key)
}

/// The scheme and the host of a URL; its path and query may hold what opens the target.
fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return HIDDEN.to_owned() };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if host.len() == rest.len() { url.to_owned() } else { format!("{scheme}://{host}/{HIDDEN}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_opens_something_is_hidden_and_the_rest_stays() {
        for (whole, shown) in [
            (json!({"permission": "a", "short_url": "x7Kd"}), json!({"permission": "a", "short_url": "•••"})),
            (
                json!({"permission": "a", "ping": "test=x7Kd", "addresses": ["any"]}),
                json!({"permission": "a", "ping": "•••", "addresses": ["any"]}),
            ),
            (json!({"trigger": "a", "title": "A"}), json!({"trigger": "a", "title": "A"})),
            (
                json!({"connection": "a", "http": {"base": "https://a.example", "headers": {"X-Key": "x7Kd"},
                    "auth": {"bearer": "$secret[\"k\"]"}}}),
                json!({"connection": "a", "http": {"base": "https://a.example", "headers": {"X-Key": "•••"},
                    "auth": {"bearer": "$secret[\"k\"]"}}}),
            ),
            (
                json!({"workflow": 1, "steps": {"a": {
                    "http_request": "https://u:p@crm.example.org/x7Kd?k=x7Kd", "method": "POST",
                    "headers": {"X-Key": "x7Kd"}, "json": {"n": "$env[\"lastname\"]", "k": ["x7Kd", 7]}, "next": "b",
                }}}),
                json!({"workflow": 1, "steps": {"a": {
                    "http_request": "https://crm.example.org/•••", "method": "POST",
                    "headers": {"X-Key": "•••"}, "json": {"n": "$env[\"lastname\"]", "k": ["•••", "•••"]}, "next": "b",
                }}}),
            ),
            (
                json!({"workflow": 1, "steps": {"a": {"set_env": {"api_token": "x7Kd", "status": "new"}}}}),
                json!({"workflow": 1, "steps": {"a": {"set_env": {"api_token": "•••", "status": "new"}}}}),
            ),
        ] {
            assert_eq!(without_secrets(&whole), shown);
        }
    }

    #[test]
    fn only_a_lone_reference_is_known_to_be_no_secret() {
        for (text, expected) in [
            ("$env[\"lastname\"]", true),
            ("$lastname", true),
            ("$env[\"a\"] x7Kd", false),
            ("Bearer $env[\"a\"]", false),
            ("$", false),
            ("x7Kd", false),
        ] {
            assert_eq!(is_reference(text), expected, "{text}");
        }
        for (url, expected) in [
            ("https://crm.example.org", "https://crm.example.org"),
            ("https://crm.example.org/", "https://crm.example.org/•••"),
            ("https://crm.example.org?k=x7Kd", "https://crm.example.org/•••"),
            ("$env[\"url\"]", "•••"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
