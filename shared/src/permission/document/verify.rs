//! The setting `verify`: which challenges of platforms are answered.

use crate::document::{Reader, named_secret};
use crate::message::{DocumentFault, PermissionFault};
use crate::permission::verify::{Expected, Verify};
use crate::secret::token::Token;
use crate::spec::{Kind, Setting};

/// The longest name of a variable or a field, and the longest token, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// What stands in `verify`.
pub(super) const SETTINGS: [Setting; 4] = [
    Setting::new("query", Kind::Text(MAX_TEXT_BYTES)).or("hub.challenge"),
    Setting::new("token", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("token_query", Kind::Text(MAX_TEXT_BYTES)).or("hub.verify_token"),
    Setting::new("field", Kind::Text(MAX_TEXT_BYTES)).or("challenge"),
];

pub(super) fn read(reader: &mut Reader) -> Option<Verify> {
    let mut inner = reader.inner("verify", &SETTINGS)?;
    let (query, token, token_query, field) =
        (name(&mut inner, "query"), inner.text("token"), name(&mut inner, "token_query"), name(&mut inner, "field"));
    if token.as_ref().is_some_and(|token| token.trim().is_empty()) {
        inner.report("token", PermissionFault::TokenEmpty);
    }
    let expected = token.and_then(|token| expected(&mut inner, &token));
    inner.finish();
    Some(Verify { query: query?, token: token_query.zip(expected), field: field? })
}

fn expected(inner: &mut Reader, token: &str) -> Option<Expected> {
    match named_secret(token) {
        Ok(Some(name)) => Some(Expected::Secret(name)),
        Ok(None) => Some(Expected::Text(Token::new(token))),
        Err(message) => {
            inner.report("token", message);
            None
        }
    }
}

fn name(inner: &mut Reader, key: &'static str) -> Option<String> {
    let name = inner.text(key)?;
    if name.trim().is_empty() {
        inner.report(key, DocumentFault::IsEmpty);
    }
    Some(name)
}
