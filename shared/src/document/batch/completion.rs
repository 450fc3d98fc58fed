//! What a document gets that its text does not say: the type of its name, and the short URL that it needs.

use serde_json::Value;

use super::ShortUrls;
use crate::document::Kind;
use crate::id::WorkflowId;
use crate::permission::short_url::generated_short_url;

/// Every stored key is a text and every stored number a number, however it was written: YAML takes `trigger: 43` for a
/// number.
pub(super) fn name_in_its_type(document: &mut Value) {
    let Ok(kind) = Kind::of(document) else { return };
    let name = &mut document[kind.name()];
    let typed = match (kind, &*name) {
        (Kind::Workflow, Value::String(text)) => text.parse::<WorkflowId>().ok().map(|id| Value::from(id.get())),
        (Kind::Workflow, _) => None,
        (_, Value::Number(number)) => Some(Value::from(number.to_string())),
        _ => None,
    };
    if let Some(typed) = typed {
        *name = typed;
    }
}

/// Gives a permission for any address the short URL that it needs; returns it if it is a new one.
pub(super) fn complete(document: &mut Value, stored: &ShortUrls) -> Option<String> {
    let permission = document.as_object_mut().filter(|map| map.contains_key(Kind::Permission.name()))?;
    let admits_any = match permission.get("addresses")? {
        Value::String(rules) => has_any(rules),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(has_any),
        _ => false,
    };
    if !admits_any || permission.get("short_url").is_some_and(|url| !url.is_null()) {
        return None;
    }
    let known = permission.get(Kind::Permission.name()).and_then(Value::as_str).and_then(|key| stored.get(key));
    let made = if known.is_some() { None } else { Some(generated_short_url()) };
    let short_url = known.or(made.as_ref())?;
    permission.insert("short_url".to_owned(), Value::from(short_url.as_str()));
    made
}

fn has_any(rules: &str) -> bool {
    rules.split([' ', ',', '\n']).any(|rule| rule.eq_ignore_ascii_case("any"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_permission_for_any_address_is_given_a_short_url() {
        for (document, made) in [
            (json!({"permission": "a", "addresses": "any"}), true),
            (json!({"permission": "a", "addresses": ["10.0.0.1", "any"]}), true),
            (json!({"permission": "a", "addresses": "10.0.0.1, any", "short_url": null}), true),
            (json!({"permission": "a", "addresses": "any", "short_url": "x"}), false),
            (json!({"permission": "a", "addresses": "127.0.0.1"}), false),
            (json!({"trigger": "a", "addresses": "any"}), false),
        ] {
            let (mut one, mut other) = (document.clone(), document.clone());
            let (first, second) = (complete(&mut one, &ShortUrls::new()), complete(&mut other, &ShortUrls::new()));
            assert_eq!(first.is_some(), made, "{document}");
            let (mut again, stored) = (document.clone(), ShortUrls::from([("a".to_owned(), "kept".to_owned())]));
            assert_eq!(complete(&mut again, &stored), None);
            assert_eq!(again["short_url"] == "kept", made, "{document}");
            if let (Some(first), Some(second)) = (first, second) {
                assert_eq!((one["short_url"].as_str(), first.len()), (Some(first.as_str()), 32));
                assert_ne!(first, second);
            }
        }
    }
}
