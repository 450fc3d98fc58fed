//! A value that names a secret: `$secret["name"]`, and nothing beside it.

use serde_json::Value;

use super::Reader;
use crate::expression::Template;
use crate::id::SecretName;
use crate::message::{Message, PermissionFault};

/// The secret that a text names; nothing if it names none.
///
/// # Errors
/// The text has a secret in it that cannot be read, or something beside it.
pub fn named_secret(text: &str) -> Result<Option<SecretName>, Message> {
    if !text.contains("$secret") {
        return Ok(None);
    }
    let template = Template::parse(&Value::from(text.trim()))?;
    match template.lone_secret() {
        Some(name) => Ok(Some(name.clone())),
        None => Err(PermissionFault::SecretBeside.into()),
    }
}

impl Reader<'_, '_> {
    /// The secret at a key; a plain text is a finding, since documents are shown and exported.
    pub fn secret(&mut self, key: &'static str) -> Option<SecretName> {
        let text = self.text(key)?;
        self.secret_of(key, &text)
    }

    /// The secret that a text at a place below this map names.
    pub fn secret_of(&mut self, place: &str, text: &str) -> Option<SecretName> {
        match named_secret(text) {
            Ok(Some(name)) => return Some(name),
            Ok(None) => self.report(place, PermissionFault::SecretPlain),
            Err(message) => self.report(place, message),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stands_alone() {
        for (text, expected) in [
            ("$secret[\"crm\"]", Ok(Some("crm"))),
            (" $secret[“crm”] ", Ok(Some("crm"))),
            ("plain", Ok(None)),
            ("$env[\"a\"]", Ok(None)),
            ("Bearer $secret[\"crm\"]", Err("nothing beside it")),
            ("{{ $secret[\"crm\"] }}", Err("stands in a text")),
            ("$secret[crm]", Err("in quotes")),
            ("$secret[\"a b\"]", Err("may hold only")),
        ] {
            match (named_secret(text), expected) {
                (Ok(found), Ok(name)) => assert_eq!(found.as_ref().map(SecretName::as_str), name, "{text}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
