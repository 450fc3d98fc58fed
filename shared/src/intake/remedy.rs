//! What would change a refusal: the setting of the permission, or of Postern, that a person looks at first.

use super::selector;
use crate::body;
use crate::message::Message;
use crate::submission::Target;

/// Types whose bodies are no text, whatever a permission says.
const BINARY: [&str; 5] = ["\"image/", "\"audio/", "\"video/", "\"application/pdf", "\"application/zip"];

/// Query variables by which platforms ask a new URL to prove itself.
const CHALLENGES: [&str; 3] = ["hub.challenge", "challenge", "validationToken"];

/// A refusal, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'r> {
    /// Why it was refused.
    pub message: &'r Message,
    /// The query of the call.
    pub query: &'r str,
    /// The type that the caller named.
    pub content_type: Option<&'r str>,
}

/// The setting that would change it; nothing if only the caller can mend it.
pub fn setting(refused: Refused<'_>) -> Option<&'static str> {
    match refused.message {
        Message::BodyItem { message, .. } if **message == Message::BodyNoObject => None,
        Message::BodyItem { message, .. } => setting(Refused { message, ..refused }),
        // The charset that a caller names counts before that of its permission.
        Message::BodyUndecodable { .. } => (!names_charset(refused.content_type)).then_some("charset"),
        Message::BodyNoObject => Some("batch"),
        Message::BodyNoForm { begins } => (begins == "XML").then_some("raw"),
        Message::BodyType { kind } => (!BINARY.iter().any(|binary| kind.starts_with(binary))).then_some("raw"),
        Message::BodyFile { .. } => Some("files"),
        Message::BodyTooLarge { .. } => Some("POSTERN_MAX_BODY_BYTES"),
        Message::BodyLate => Some("POSTERN_BODY_TIMEOUT_S"),
        Message::TooManyFields { .. } => Some("POSTERN_MAX_FIELDS"),
        Message::NameTooLong { .. } => Some("POSTERN_MAX_NAME_BYTES"),
        Message::FieldTooDeep { .. } => Some("POSTERN_MAX_DEPTH"),
        Message::OriginUnlisted { .. } => Some("origins"),
        Message::TokenWrong => Some("token"),
        Message::SignatureWrong => Some("signature"),
        Message::TargetDenied => match selector::selectors(refused.query).ok()?.target? {
            Target::Workflow(_) => Some("workflows"),
            Target::Trigger(_) => Some("triggers"),
        },
        Message::TargetUnnamed => Some("workflows, triggers"),
        Message::PathUnknown => Some("short_url"),
        Message::MethodWrong { .. } => is_challenge(refused.query).then_some("verify"),
        Message::LimitReached => Some("limit"),
        Message::PermissionOff { .. } => Some("enabled"),
        Message::PermissionExpired { .. } => Some("expires"),
        Message::PermissionDenies { .. } => Some("addresses"),
        _ => None,
    }
}

fn names_charset(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|header| body::parameter(header, "charset").is_some())
}

fn is_challenge(query: &str) -> bool {
    let names = body::pairs(query.as_bytes()).map(|(name, _)| body::decoded(name));
    names.into_iter().any(|name| CHALLENGES.iter().any(|challenge| challenge.as_bytes() == &*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission;

    #[test]
    fn each_refusal_names_a_setting_that_there_is_and_that_changes_it() {
        let item = |message| Message::BodyItem { number: 2, message: Box::new(message) };
        let undecodable = || Message::BodyUndecodable { field: "\"a\"".into(), charset: "UTF-8".into() };
        let of_type = |kind: &str| Message::BodyType { kind: format!("{kind:?}") };
        let form = "application/x-www-form-urlencoded";
        for (message, query, content_type, expected) in [
            (undecodable(), "", form, Some("charset")),
            (undecodable(), "", "application/x-www-form-urlencoded; charset=utf-8", None),
            (item(undecodable()), "", form, Some("charset")),
            (Message::BodyNoJson { reason: "x".into() }, "", form, None),
            (Message::BodyNoObject, "", form, Some("batch")),
            (item(Message::BodyNoObject), "", form, None),
            (Message::BodyNoForm { begins: "XML".into() }, "", form, Some("raw")),
            (Message::BodyNoForm { begins: "JSON".into() }, "", form, None),
            (of_type("application/xml"), "", "application/xml", Some("raw")),
            (of_type("image/png"), "", "image/png", None),
            (Message::BodyEncoding { encoding: "zstd".into() }, "", form, None),
            (Message::BodyFile { part: "\"a\"".into() }, "", form, Some("files")),
            (Message::BodyTooLarge { most: 9 }, "", form, Some("POSTERN_MAX_BODY_BYTES")),
            (Message::SubmissionTooLarge { most: 9 }, "", form, None),
            (Message::TooManyFields { most: 9 }, "", form, Some("POSTERN_MAX_FIELDS")),
            (Message::NameTooLong { most: 9, begins: "a".into() }, "", form, Some("POSTERN_MAX_NAME_BYTES")),
            (Message::FieldTooDeep { most: 9, field: "a".into() }, "", form, Some("POSTERN_MAX_DEPTH")),
            (Message::BodyLate, "", form, Some("POSTERN_BODY_TIMEOUT_S")),
            (Message::TargetDenied, "workflow_id=901&workflow=900", form, Some("workflows")),
            (Message::TargetDenied, "workflow_trigger=web-lead", form, Some("triggers")),
            (Message::TargetUnnamed, "", form, Some("workflows, triggers")),
            (Message::TwoTargets, "workflow_id=1&workflow_trigger=a", form, None),
            (Message::OriginUnlisted { origin: "https://a.example".into() }, "", form, Some("origins")),
            (Message::OriginNull, "", form, None),
            (Message::TokenWrong, "", form, Some("token")),
            (Message::SignatureWrong, "", form, Some("signature")),
            (Message::PathUnknown, "", form, Some("short_url")),
            (Message::MethodWrong { wanted: "POST".into() }, "a=1", form, None),
            (Message::MethodWrong { wanted: "POST".into() }, "a=1&hub.challenge=7", form, Some("verify")),
            (Message::LimitReached, "", form, Some("limit")),
            (Message::PermissionOff { permission: "p".into() }, "", form, Some("enabled")),
            (Message::said("of an earlier version"), "", form, None),
        ] {
            let found = setting(Refused { message: &message, query, content_type: Some(content_type) });
            assert_eq!(found, expected, "{message}");
            for name in found.into_iter().flat_map(|names| names.split(", ")) {
                assert!(permission::SPEC.setting(name).is_some() || name.starts_with("POSTERN_"), "{name}");
            }
        }
    }
}
