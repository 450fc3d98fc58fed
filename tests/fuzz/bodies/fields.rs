//! A body is a map within the limits that can be read back, or a 4xx with a reason.

use postern_shared::body::fields::{FieldSettings, fields};
use postern_shared::env::{Env, Limits};
use postern_shared::intake::error::ApiError;
use postern_shared::permission::Files;

const TYPES: [Option<&str>; 8] = [
    None,
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=X"),
    Some("application/json"),
    Some("text/plain;charset=UTF-8"),
    Some("application/x-www-form-urlencoded; charset=windows-1251"),
    Some("application/x-www-form-urlencoded; charset=iso-2022-jp"),
    Some("multipart/form-data; charset=shift_jis; boundary=X"),
];

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let [first, second, rest @ ..] = data else { return };
    // The content type is one of the usual ones, or the first line of the input.
    let (content_type, body) = match TYPES.get(usize::from(first & 15)) {
        Some(content_type) => (*content_type, rest),
        None => {
            let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            let Ok(header) = std::str::from_utf8(&rest[..end]) else { return };
            (Some(header), rest.get(end + 1..).unwrap_or_default())
        }
    };
    let charsets = [None, Some(encoding_rs::WINDOWS_1251), Some(encoding_rs::GB18030), Some(encoding_rs::UTF_16LE)];
    let limits = Limits { body_bytes: 1 << 20, fields: 50, name_bytes: 40, depth: 1 + usize::from(second >> 4) };
    let files = if first & 16 == 0 { Files::Refuse } else { Files::Drop };
    let settings = FieldSettings {
        limits,
        charset: charsets[usize::from(second & 3)],
        overriding: None,
        files,
        raw: second & 64 != 0,
        batch: false,
    };
    match fields(content_type, body, &settings) {
        Ok(fields) => {
            assert_eq!(limits.check(&fields.env), Ok(()));
            let wire = serde_json::to_vec(&fields.env).unwrap();
            assert_eq!(serde_json::from_slice::<Env>(&wire).unwrap(), fields.env);
        }
        Err(error) => {
            let error = ApiError::from(error);
            assert!((400..500).contains(&error.code.status()) && !error.message.to_string().is_empty());
            assert!(error.message.to_string().len() < 1_000, "{}", error.message);
        }
    }
}
