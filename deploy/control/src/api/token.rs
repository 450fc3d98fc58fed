//! Who may call the API: whoever sends a token that is known, as `Authorization: Bearer …` (RFC 6750, 2.1). No cookie
//! and no address opens it.

use std::hint::black_box;

use postern_shared::message::Language;
use postern_shared::permission::short_url::generated_short_url;
use postern_shared::store::StoreError;
use postern_shared::store::accounts::Role;
use postern_shared::store::tokens::{self, Hash};
use postern_shared::telemetry;
use sha2::{Digest, Sha256};
use warp::http::HeaderMap;
use warp::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION};

use crate::operation::Who;
use crate::state::State;

/// The shortest token that a setting may hold: below that someone chose a word.
pub const MIN_TOKEN_CHARS: usize = 20;

/// The setting that holds a token.
const SETTING: &str = "POSTERN_API_TOKEN";

/// The name of the token that the first start makes.
const FIRST: &str = "first";

/// A new token of 39 characters, 188 random bits; what it begins with lets scanners of source code find it.
pub fn generated() -> String {
    format!("postern-{}", generated_short_url())
}

/// The form in which tokens are kept.
pub fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of `POSTERN_API_TOKEN`. An empty one is none, as compose files hand over what is not set.
pub fn hash_of_setting(token: Option<&str>) -> Option<Hash> {
    token.filter(|token| !token.is_empty()).map(hash)
}

/// Makes the first token if there is none at all, and announces it on standard error, whatever the level of the log. Leads do not wait for it: a database that takes no writes, such as a
/// standby, is no reason to refuse them.
pub async fn first_token(state: &State) {
    if state.api_token.is_some() {
        return;
    }
    let token = generated();
    let added = async { tokens::add_first(&mut state.store.connection().await?, FIRST, &hash(&token)).await };
    match added.await {
        Ok(true) => telemetry::announce("the first token of the API, shown only this once:", "token", &token),
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "whether the API has a token is not known; looked at when next started"),
    }
}

/// The language that a request asks for.
pub fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Language::accepted(accepted)
}

/// Who sends the headers, as the audit log names it: `token` and the name of the token. None: it holds no valid token.
pub async fn who(state: &State, headers: &HeaderMap) -> Result<Option<Who>, StoreError> {
    let header = headers.get(AUTHORIZATION);
    let language = language(headers);
    let Some(token) = header.and_then(|value| value.to_str().ok()).and_then(bearer) else { return Ok(None) };
    let sent = hash(token);
    if state.api_token.is_some_and(|known| is_same(&known, &sent)) {
        return Ok(Some(Who { account: tokens::account_of(SETTING), role: Role::Admin, language }));
    }
    let connection = state.store.connection().await?;
    let mut valid = None;
    // All are compared, whichever it is.
    for known in tokens::hashes(&connection).await? {
        if is_same(&known.hash, &sent) {
            valid = Some(known);
        }
    }
    if let Some(known) = &valid {
        tokens::used(&connection, known.id).await?;
    }
    Ok(valid.map(|known| Who { account: tokens::account_of(&known.name), role: known.role, language }))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Takes the same time wherever two hashes differ.
fn is_same(one: &Hash, other: &Hash) -> bool {
    black_box(one.iter().zip(other).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_read() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
            ("Bearer", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }

    #[test]
    fn hashes_are_the_same_only_if_every_byte_is() {
        let one = hash("a");
        assert!(is_same(&one, &one));
        for at in 0..one.len() {
            let mut other = one;
            other[at] ^= 0x80;
            assert!(!is_same(&one, &other), "byte {at}");
        }
    }

    #[test]
    fn an_empty_token_of_the_setting_is_none() {
        assert_eq!(hash_of_setting(Some("01234567890123456789")), Some(hash("01234567890123456789")));
        assert_eq!(hash_of_setting(Some("")), None);
    }
}
