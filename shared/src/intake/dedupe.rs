//! What makes a submission the same as an earlier one: the caller's `Idempotency-Key`, or else the values of the
//! fields that the permission names, since few platforms send headers.

use serde_json::Value;

use crate::env::Env;
use crate::permission::Permission;
use crate::permission::field_path::FieldPath;
use crate::submission::Dedupe;

/// The header of draft-ietf-httpapi-idempotency-key-header.
pub const HEADER: &str = "idempotency-key";

/// How the dedupe key of a submission begins whose caller sent one.
pub const SENT: &str = "header ";

/// The longest `Idempotency-Key`: a UUID or a hash fits several times. It travels with the submission.
pub(super) const MAX_KEY_BYTES: usize = 256;

/// Why a header is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKey;

/// The dedupe key of a submission, if it has one: the key that the caller sent, or else the fields. Fields that are all
/// empty are no key.
pub fn dedupe(key: Option<&str>, env: &Env, permission: &Permission) -> Option<Dedupe> {
    let key = match key {
        Some(key) => Some(format!("{SENT}{key}")),
        None => of_fields(env, &permission.dedupe_by),
    };
    key.map(|key| Dedupe { key, days: permission.dedupe_days })
}

/// The dedupe key of an item of a list, by its place from 1: the key that the caller sent counts for the whole list.
pub fn of_item(key: Option<&str>, number: usize, env: &Env, permission: &Permission) -> Option<Dedupe> {
    let key = key.map(|key| format!("{key}/{number}"));
    dedupe(key.as_deref(), env, permission)
}

/// The key that the caller sent: that of the only one of these values of [`HEADER`]; none of them = one that is no text.
/// An empty value is an error.
pub fn sent<'v>(mut values: impl Iterator<Item = Option<&'v str>>) -> Result<Option<&'v str>, InvalidKey> {
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let key = value.ok_or(InvalidKey)?;
            if is_key(key) { Ok(Some(key)) } else { Err(InvalidKey) }
        }
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

/// The name of the delivery by the preset of a permission: the platform sends it again when it repeats the delivery. Fields
/// that the permission names tell more, and a name that cannot be a key is none.
pub fn delivery<'v>(permission: &Permission, header: impl FnOnce(&str) -> Option<&'v str>) -> Option<&'v str> {
    let name = permission.signature.as_ref().filter(|_| permission.dedupe_by.is_empty())?.delivery_header()?;
    header(name).filter(|key| is_key(key))
}

fn is_key(text: &str) -> bool {
    let fits = (1..=MAX_KEY_BYTES).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// The values as JSON, in the order in which the permission names their fields: no two lists of values look alike.
fn of_fields(env: &Env, names: &[FieldPath]) -> Option<String> {
    let values: Vec<&Value> = names.iter().map(|name| name.find(env).unwrap_or(&Value::Null)).collect();
    if values.iter().all(|value| is_empty(value)) {
        None
    } else {
        serde_json::to_string(&values).ok().map(|values| format!("fields {values}"))
    }
}

/// Whether a value says nothing: PHP writes an empty list or `false` for a field that is not there.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(headers: &[&str], env: Value, names: Value) -> Result<Option<String>, InvalidKey> {
        let document = json!({"permission": "p", "addresses": "127.0.0.1", "workflows": [1], "dedupe_by": names});
        let permission = Permission::from_document(&document).unwrap();
        let env: Env = serde_json::from_value(env).unwrap();
        let sent = sent(headers.iter().copied().map(Some))?;
        Ok(dedupe(sent, &env, &permission).map(|dedupe| dedupe.key))
    }

    #[test]
    fn a_preset_names_the_header_of_the_delivery() {
        let delivery_of = |signature: Value, names: Value, value: &'static str| {
            let document = json!({"permission": "p", "addresses": "127.0.0.1", "workflows": [1], "signature": signature,
                "dedupe_by": names});
            let permission = Permission::from_document(&document).unwrap();
            let mut asked = String::new();
            let found = delivery(&permission, |name| {
                asked = name.to_owned();
                Some(value)
            });
            (asked, found)
        };
        let secret = "$secret[\"a\"]";
        let twilio = json!({"preset": "twilio", "secret": secret, "public_url": "https://a.example/"});
        for (signature, names, value, header, expected) in [
            (json!({"standard_webhooks": secret}), json!([]), "msg_1", "webhook-id", Some("msg_1")),
            (
                json!({"preset": "github", "secret": secret}),
                json!([]),
                "72d3162e",
                "x-github-delivery",
                Some("72d3162e"),
            ),
            (
                json!({"preset": "shopify", "secret": secret}),
                json!([]),
                "b54557e4",
                "x-shopify-webhook-id",
                Some("b54557e4"),
            ),
            (twilio, json!([]), "d3b4", "i-twilio-idempotency-token", Some("d3b4")),
            (json!({"preset": "github", "secret": secret}), json!(["id"]), "72d3162e", "", None),
            (json!({"preset": "github", "secret": secret}), json!([]), "a\tb", "x-github-delivery", None),
            (json!({"preset": "stripe", "secret": secret}), json!([]), "x", "", None),
            (json!({"header": "X-Sign", "secret": secret}), json!([]), "x", "", None),
        ] {
            assert_eq!(delivery_of(signature.clone(), names, value), (header.to_owned(), expected), "{signature}");
        }
    }

    #[test]
    fn the_header_wins_over_the_fields_and_empty_fields_are_no_key() {
        for (headers, env, names, expected) in [
            (&["abc"][..], json!({"id": "1"}), json!(["id"]), Ok(Some("header abc"))),
            (&[], json!({"id": "1"}), json!("id"), Ok(Some(r#"fields ["1"]"#))),
            (&[], json!({"id": 1, "b": ["x"]}), json!(["b", "id"]), Ok(Some(r#"fields [["x"],1]"#))),
            (&[], json!({"id": "1"}), json!(["id", "b"]), Ok(Some(r#"fields ["1",null]"#))),
            (&[], json!({"d": {"F": {"ID": 7}}}), json!("d[F][ID]"), Ok(Some("fields [7]"))),
            (&[], json!({"d": {"F": {"ID": 7}}}), json!("d.F.ID"), Ok(Some("fields [7]"))),
            (&[], json!({"d": {"F": {}}}), json!("d.F.ID"), Ok(None)),
            (&[], json!({"id": " "}), json!(["id", "b"]), Ok(None)),
            (&[], json!({"id": [], "b": {}}), json!(["id", "b"]), Ok(None)),
            (&[], json!({"id": [""], "b": {"c": [null, " "]}}), json!(["id", "b"]), Ok(None)),
            (&[], json!({"id": false}), json!(["id"]), Ok(None)),
            (&[], json!({"id": ["", "7"]}), json!(["id"]), Ok(Some(r#"fields [["","7"]]"#))),
            (&[], json!({"id": true}), json!(["id"]), Ok(Some("fields [true]"))),
            (&[], json!({"id": "1"}), json!([]), Ok(None)),
            (&[""], json!({}), json!([]), Err(InvalidKey)),
            (&["a", "a"], json!({}), json!([]), Err(InvalidKey)),
            (&["a\tb"], json!({}), json!([]), Err(InvalidKey)),
        ] {
            assert_eq!(key(headers, env, names), expected.map(|key| key.map(str::to_owned)), "{headers:?}");
        }
        assert_eq!(key(&[&"k".repeat(257)], json!({}), json!([])), Err(InvalidKey));
    }
}
