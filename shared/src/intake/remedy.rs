//! What would change a refusal: the setting of the permission, or of Postern, that a person looks at first.

use super::error::ErrorCode;

/// The setting by the code of a refusal, as it is kept; nothing if only the caller can mend it.
pub fn setting(code: &str) -> Option<&'static str> {
    REMEDIES.iter().find(|(refusal, _)| refusal.as_str() == code).map(|(_, setting)| *setting)
}

const REMEDIES: [(ErrorCode, &str); 14] = [
    (ErrorCode::OriginDenied, "origins"),
    (ErrorCode::TokenDenied, "token"),
    (ErrorCode::SignatureDenied, "signature"),
    (ErrorCode::TargetDenied, "triggers"),
    (ErrorCode::TargetMissing, "triggers"),
    (ErrorCode::AmbiguousTarget, "triggers"),
    (ErrorCode::InvalidSelector, "triggers"),
    (ErrorCode::UnknownShortUrl, "short_url"),
    (ErrorCode::InvalidBody, "charset"),
    (ErrorCode::UnsupportedType, "raw"),
    (ErrorCode::FileRefused, "files"),
    (ErrorCode::TooBusy(0), "limit"),
    (ErrorCode::BodyTooLarge, "POSTERN_MAX_BODY_BYTES"),
    (ErrorCode::BodyTimeout, "POSTERN_BODY_TIMEOUT_S"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission;

    #[test]
    fn each_remedy_is_a_setting_that_there_is() {
        for (code, name) in REMEDIES {
            let is_known = permission::SPEC.setting(name).is_some() || name.starts_with("POSTERN_");
            assert!(is_known && setting(code.as_str()) == Some(name), "{name}");
        }
        assert_eq!(setting("invalid_record_id"), None);
    }
}
