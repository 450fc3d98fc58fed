//! The setting `token`: what callers have to show.

use crate::document::Reader;
use crate::message::PermissionFault;
use crate::permission::token::{Place, Token};
use crate::spec::{Kind, Setting};

/// The longest name of a header or a query variable, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// Names of query variables that say something else.
const TAKEN: [&str; 3] = ["record_id", "workflow_id", "workflow_trigger"];

/// What stands in `token` if it is a map.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting::new("header", Kind::Text(MAX_NAME_BYTES)),
    Setting::new("query", Kind::Text(MAX_NAME_BYTES)),
    Setting::new("value", Kind::Secret).required(),
];

pub(super) fn read(reader: &mut Reader) -> Option<Token> {
    if reader.value("token").is_some_and(|value| !value.is_object()) {
        return Some(Token { place: Place::Bearer, secret: reader.secret("token")? });
    }
    let mut inner = reader.inner("token", &SETTINGS)?;
    let (header, query, secret) = (inner.text("header"), inner.text("query"), inner.secret("value"));
    let place = match (header, query) {
        (Some(header), None) => header_name(&mut inner, "header", &header).map(Place::Header),
        (None, Some(query)) if TAKEN.contains(&query.as_str()) || query.trim().is_empty() => {
            inner.report("query", PermissionFault::TokenQuery);
            None
        }
        (None, Some(query)) => Some(Place::Query(query)),
        (None, None) | (Some(_), Some(_)) => {
            inner.report("", PermissionFault::TokenPlace);
            None
        }
    };
    inner.finish();
    Some(Token { place: place?, secret: secret? })
}

/// The name of a header in lower case (RFC 9110, 5.1).
pub(super) fn header_name(reader: &mut Reader, key: &str, text: &str) -> Option<String> {
    let name = text.trim().to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_token) {
        return Some(name);
    }
    reader.report(key, PermissionFault::HeaderForm);
    None
}
