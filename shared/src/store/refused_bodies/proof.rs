//! What a refused call proved of its sender. A body that is read again is not signed again, so this is kept with the body.

use serde::{Deserialize, Serialize};

use crate::permission::Permission;

/// What a call proved, as its permission asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing: its permission asks for no token and no signature.
    NotAsked,
    /// All that its permission asks for: the token, the signature, or both.
    Right,
    /// Its token is missing or wrong.
    WrongToken,
    /// Its signature is missing, wrong or too old, or the body did not arrive whole.
    WrongSignature,
}

impl Proof {
    /// That of a call whose token is right, if one is asked for.
    pub fn of(permission: &Permission, is_signed: impl FnOnce(&Permission) -> bool) -> Self {
        match (&permission.signature, &permission.token) {
            (Some(_), _) if is_signed(permission) => Self::Right,
            (Some(_), _) => Self::WrongSignature,
            (None, Some(_)) => Self::Right,
            (None, None) => Self::NotAsked,
        }
    }

    /// Whether anybody may have sent the call.
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::WrongToken | Self::WrongSignature)
    }

    /// The word under which it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Right => "right",
            Self::WrongToken => "wrong_token",
            Self::WrongSignature => "wrong_signature",
        }
    }

    /// The one that is kept under a word.
    pub fn of_stored(word: &str) -> Option<Self> {
        let all = [Self::NotAsked, Self::Right, Self::WrongToken, Self::WrongSignature];
        all.into_iter().find(|one| one.as_str() == word)
    }
}

/// Whether a kept body is taken under a permission only if a person says so: the caller did not prove what this permission, or
/// the permission that kept the body, asks for.
pub fn needs_consent(proof: Option<Proof>, permission: &Permission) -> bool {
    let asks = permission.token.is_some() || permission.signature.is_some();
    proof.is_some_and(Proof::is_wrong) || asks && proof != Some(Proof::Right)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn permission(setting: &str, value: serde_json::Value) -> Permission {
        let mut document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"]});
        document[setting] = value;
        Permission::from_document(&document).unwrap()
    }

    #[test]
    fn what_is_not_proven_needs_the_consent_of_a_person() {
        let (open, token) = (permission("title", json!("P")), permission("token", json!("$secret[\"t\"]")));
        let signed = permission("signature", json!({"preset": "github", "secret": "$secret[\"t\"]"}));
        for (permission, is_signed, proof) in [
            (&open, false, Proof::NotAsked),
            (&token, false, Proof::Right),
            (&signed, true, Proof::Right),
            (&signed, false, Proof::WrongSignature),
        ] {
            assert_eq!(Proof::of(permission, |_| is_signed), proof);
            assert_eq!(Proof::of_stored(proof.as_str()), Some(proof));
            assert_eq!(needs_consent(Some(proof), permission), proof.is_wrong());
        }
        for (proof, permission, expected) in [
            (None, &open, false),
            (None, &signed, true),
            (Some(Proof::NotAsked), &token, true),
            (Some(Proof::WrongToken), &open, true),
            (Some(Proof::Right), &signed, false),
        ] {
            assert_eq!(needs_consent(proof, permission), expected, "{proof:?}");
        }
        assert_eq!(Proof::of_stored("other"), None);
    }
}
