//! What an error code of vtiger means for the call. vtiger answers status 200 to everything that it handles, so the code
//! alone decides.

use serde_json::Value;

/// What an error code means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The session is over: nothing was done, and after a new log-in the call is made again.
    Session,
    /// The log-in failed, perhaps because another one of the same user came between the challenge and it.
    LogIn,
    /// Another record has the value of a field that must be unique.
    Duplicate,
    /// The record does not exist, or the user has no right: vtiger has one code for both.
    Denied,
    /// The id belongs to a record of another module.
    OtherModule,
    /// Perhaps the next try succeeds.
    Perhaps,
    /// It will not be otherwise with the next try.
    Permanent,
}

impl Meaning {
    /// The meaning of a code.
    pub fn of(code: &str) -> Self {
        match code {
            "AUTHENTICATION_REQUIRED" | "INVALID_SESSIONID" | "SESSION_EXPIRED" | "SESSION_LEFT_IDLE" => Self::Session,
            "INVALID_AUTH_TOKEN" | "INVALID_USER_CREDENTIALS" => Self::LogIn,
            "0" => Self::Duplicate,
            "ACCESS_DENIED" | "RECORD_NOT_FOUND" => Self::Denied,
            "INVALID_ID_ATTRIBUTE" => Self::OtherModule,
            "DATABASE_QUERY_ERROR" | "INTERNAL_SERVER_ERROR" => Self::Perhaps,
            _ => Self::Permanent,
        }
    }
}

/// A code as an answer holds it: a text, or the number 0 of a duplicate.
pub fn text(code: &Value) -> String {
    match code {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_code_has_its_meaning_as_a_text_or_a_number() {
        for (code, meaning) in [
            (json!("INVALID_SESSIONID"), Meaning::Session),
            (json!("SESSION_LEFT_IDLE"), Meaning::Session),
            (json!("SESSION_EXPIRED"), Meaning::Session),
            (json!("AUTHENTICATION_REQUIRED"), Meaning::Session),
            (json!("INVALID_USER_CREDENTIALS"), Meaning::LogIn),
            (json!("INVALID_AUTH_TOKEN"), Meaning::LogIn),
            (json!(0), Meaning::Duplicate),
            (json!("0"), Meaning::Duplicate),
            (json!("ACCESS_DENIED"), Meaning::Denied),
            (json!("RECORD_NOT_FOUND"), Meaning::Denied),
            (json!("INVALID_ID_ATTRIBUTE"), Meaning::OtherModule),
            (json!("DATABASE_QUERY_ERROR"), Meaning::Perhaps),
            (json!("INTERNAL_SERVER_ERROR"), Meaning::Perhaps),
            (json!("MANDATORY_FIELDS_MISSING"), Meaning::Permanent),
            (json!("REFERENCE_INVALID"), Meaning::Permanent),
            (json!("QUERY_SYNTAX_ERROR"), Meaning::Permanent),
            (json!("SOMETHING_NEW"), Meaning::Permanent),
            (json!(null), Meaning::Permanent),
        ] {
            assert_eq!(Meaning::of(&text(&code)), meaning, "{code}");
        }
    }
}
