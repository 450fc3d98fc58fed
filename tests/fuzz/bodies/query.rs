//! A query gives selectors and a map that can be read back, or a 400 with a reason.

use postern_shared::env::{Env, Limits};
use postern_shared::intake::error::ApiError;
use postern_shared::intake::selector::selectors;

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    let limits = Limits { fields: 50, name_bytes: 40, depth: 4, ..Limits::default() };
    match selectors(query) {
        Ok(selectors) => {
            for charset in [None, Some(encoding_rs::WINDOWS_1251)] {
                let read = selectors.query.read(charset, &limits).env;
                assert_eq!(limits.check(&read), Ok(()));
                for name in ["record_id", "workflow_id", "workflow_trigger"] {
                    assert!(!read.get(name).is_some_and(serde_json::Value::is_string));
                }
                let wire = serde_json::to_vec(&read).unwrap();
                assert_eq!(serde_json::from_slice::<Env>(&wire).unwrap(), read);
            }
        }
        Err(error) => assert_eq!(ApiError::from(error).code.status(), 400),
    }
}
