//! The fields of `token` and `signature`: what callers show, and how they sign.

use serde_json::{Map, Value};

use super::{Fields, joined, lines, text};

/// The fields of `token`, if it is a map.
const TOKEN: [(&str, &str); 2] = [("token_header", "header"), ("token_query", "query")];
/// The fields of `signature` that are one text.
const SIGNATURE: [(&str, &str); 9] = [
    ("signature_secret", "secret"),
    ("signature_public_url", "public_url"),
    ("signature_header", "header"),
    ("signature_algorithm", "algorithm"),
    ("signature_encoding", "encoding"),
    ("signature_prefix", "prefix"),
    ("signature_signed", "signed"),
    ("signature_timestamp", "timestamp"),
    ("signature_tolerance", "tolerance"),
];
/// The preset whose key holds its secret.
const STANDARD: &str = "standard_webhooks";

/// Fills the fields from a document.
pub(super) fn read(fields: &mut Fields, document: &Value) {
    let (token, signature) = (&document["token"], &document["signature"]);
    if token.is_object() {
        fields.set("token", text(&token["value"]));
    }
    for (name, key) in TOKEN {
        fields.set(name, text(&token[key]));
    }
    for (name, key) in SIGNATURE {
        fields.set(name, text(&signature[key]));
    }
    fields.set("signature_preset", text(&signature["preset"]));
    fields.set("signature_secrets", joined(&signature["secrets"]));
    if !signature[STANDARD].is_null() {
        fields.set("signature_preset", STANDARD);
        fields.set("signature_secret", text(&signature[STANDARD]));
    }
}

/// What callers show.
pub(super) fn token(fields: &Fields) -> Value {
    let said = TOKEN.into_iter().filter(|(name, _)| !fields.get(name).is_empty());
    let mut map: Map<String, Value> = said.map(|(name, key)| (key.to_owned(), fields.get(name).into())).collect();
    if map.is_empty() {
        return fields.get("token").into();
    }
    map.insert("value".to_owned(), fields.get("token").into());
    Value::Object(map)
}

/// How callers sign; nothing if no field says something.
pub(super) fn signature(fields: &Fields) -> Option<Map<String, Value>> {
    let preset = fields.get("signature_preset");
    let mut map = Map::new();
    if !preset.is_empty() && preset != STANDARD {
        map.insert("preset".to_owned(), preset.into());
    }
    for (name, key) in SIGNATURE {
        let key = if key == "secret" && preset == STANDARD { STANDARD } else { key };
        if !fields.get(name).is_empty() {
            map.insert(key.to_owned(), fields.get(name).into());
        }
    }
    let secrets = lines(fields.get("signature_secrets"));
    if !secrets.is_empty() {
        map.insert("secrets".to_owned(), Value::Array(secrets));
    }
    Some(map).filter(|map| !map.is_empty())
}
