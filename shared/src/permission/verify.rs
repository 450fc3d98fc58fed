//! Challenges: a platform asks a new URL to prove that it is wanted, before it posts anything. The answer repeats what the
//! platform sent; nothing runs.

use serde_json::Value;

use crate::body::looks_like_object;
use crate::env::Env;
use crate::id::SecretName;
use crate::secret::Secrets;
use crate::secret::token::Token;

/// Beside the challenge a posted one holds these names and no others: a lead with a field of the same name is none.
const BESIDE: [&str; 2] = ["type", "token"];

/// The longest challenge that is repeated, in bytes: those of all platforms are far shorter.
const MAX_CHALLENGE_BYTES: usize = 1_000;

/// Which challenges a permission answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The query variable that is repeated as text, such as `hub.challenge`.
    pub query: String,
    /// The query variable that must hold a token, and the token.
    pub token: Option<(String, Expected)>,
    /// The field of a JSON body that is repeated as JSON, such as `challenge`.
    pub field: String,
}

/// The token of a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// As it stands in the document.
    Text(Token),
    /// The value of a secret.
    Secret(SecretName),
}

/// The query has a challenge, but not the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongToken;

impl Verify {
    /// The query variable that holds the token, if there is one. Its value is a secret.
    pub fn token_variable(&self) -> Option<&str> {
        self.token.as_ref().map(|(name, _)| name.as_str())
    }

    /// Whether a text is the token, in constant time.
    pub fn is_token(&self, text: &str, secrets: &Secrets) -> bool {
        self.token.as_ref().is_some_and(|(_, expected)| expected.is(text, secrets))
    }

    /// The challenge of a query; nothing if it has none.
    pub fn of_query<'q>(&self, query: &'q Env, secrets: &Secrets) -> Option<Result<&'q str, WrongToken>> {
        let challenge = text(query.get(&self.query))?;
        let is_right = self
            .token
            .as_ref()
            .is_none_or(|(name, expected)| expected.is(text(query.get(name)).unwrap_or_default(), secrets));
        Some(if is_right { Ok(challenge) } else { Err(WrongToken) })
    }

    /// Whether a POST is a challenge, with the right token or without.
    pub fn is_challenge(&self, body: &[u8], env: &Env, query: &Env) -> bool {
        if env.is_empty() {
            text(query.get(&self.query)).is_some()
        } else {
            looks_like_object(body) && self.of_body(env).is_some()
        }
    }

    /// The posted challenge, under its name; nothing if the body is none.
    pub fn of_body<'e>(&self, env: &'e Env) -> Option<(&'e str, &'e str)> {
        let (field, value) = env.0.get_key_value(&self.field)?;
        let is_alone = env.0.keys().all(|name| name == field || BESIDE.contains(&name.as_str()));
        Some((field.as_str(), text(Some(value))?)).filter(|_| is_alone)
    }
}

impl Expected {
    /// Whether a text is the token, in constant time. A secret that cannot be used is no text.
    fn is(&self, text: &str, secrets: &Secrets) -> bool {
        match self {
            Self::Text(token) => token.is(text),
            Self::Secret(name) => secrets.get(name).is_ok_and(|value| value.is(text)),
        }
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| (1..=MAX_CHALLENGE_BYTES).contains(&text.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn env(value: Value) -> Env {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_query_is_a_challenge_with_the_right_token_only() {
        let meta = |token: Option<&str>| Verify {
            query: "hub.challenge".into(),
            token: token.map(|token| ("hub.verify_token".into(), Expected::Text(Token::new(token)))),
            field: "challenge".into(),
        };
        for (query, token, expected) in [
            (json!({"hub.challenge": "123", "hub.verify_token": "T"}), Some("T"), Some(Ok("123"))),
            (json!({"hub.challenge": "123", "hub.verify_token": "t"}), Some("T"), Some(Err(WrongToken))),
            (json!({"hub.challenge": "123", "hub.verify_token": ["T", "T"]}), Some("T"), Some(Err(WrongToken))),
            (json!({"hub.challenge": "123"}), Some("T"), Some(Err(WrongToken))),
            (json!({"hub.challenge": "123"}), None, Some(Ok("123"))),
            (json!({"hub.challenge": "x".repeat(1_001)}), None, None),
            (json!({"hub.challenge": ""}), None, None),
            (json!({"hub.verify_token": "T"}), Some("T"), None),
        ] {
            assert_eq!(meta(token).of_query(&env(query.clone()), &Secrets::default()), expected, "{query}");
        }
    }

    #[test]
    fn a_body_is_a_challenge_if_it_is_nothing_else() {
        let verify = Verify { query: "hub.challenge".into(), token: None, field: "challenge".into() };
        for (body, expected) in [
            (json!({"challenge": "abc"}), Some("abc")),
            (json!({"token": "T", "challenge": "abc", "type": "url_verification"}), Some("abc")),
            (json!({"challenge": "abc", "lastname": "Lovelace"}), None),
            (json!({"challenge": 7}), None),
            (json!({"type": "url_verification"}), None),
            (json!({}), None),
        ] {
            let found = env(body.clone());
            assert_eq!(verify.of_body(&found), expected.map(|challenge| ("challenge", challenge)), "{body}");
            let is_challenge = verify.is_challenge(body.to_string().as_bytes(), &found, &Env::default());
            assert_eq!(is_challenge, expected.is_some(), "{body}");
        }
        let challenge = env(json!({"challenge": "abc"}));
        assert!(!verify.is_challenge(b"challenge=abc", &challenge, &Env::default()));
        let query = env(json!({"hub.challenge": "1"}));
        assert!(verify.is_challenge(b"", &Env::default(), &query));
        assert!(!verify.is_challenge(b"a=1", &env(json!({"a": "1"})), &query));
    }
}
