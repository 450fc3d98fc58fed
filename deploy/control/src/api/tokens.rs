//! The tokens of the API. The text of one is told once, when it is made.

use postern_shared::clock::time;
use postern_shared::store::tokens::{self, Added, MAX_TOKENS, Token};
use serde::Deserialize;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::reply::{Reply, Response, with_status};

use super::refusal::{Code, Refusal};
use super::request::Request;
use super::token::{generated, hash};
use crate::state::State;

/// The longest name of a token, in characters: it must fit a table cell.
pub const MAX_NAME_CHARS: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
}

/// Whether a token may have this name.
pub fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control)
}

/// All tokens.
pub async fn list(state: &State) -> Result<Response, Refusal> {
    let all = tokens::list(&state.store.connection().await?).await?;
    Ok(warp::reply::json(&json!({"tokens": all.iter().map(describe).collect::<Vec<_>>()})).into_response())
}

/// Makes one.
pub async fn create(state: &State, request: &Request) -> Result<Response, Refusal> {
    let name = request.json::<New>()?.name;
    if !is_name(&name) {
        let message = format!("name: must be a text of 1 to {MAX_NAME_CHARS} characters on one line");
        return Err(Refusal::new(Code::InvalidRequest, message));
    }
    let text = generated();
    match tokens::add(&mut state.store.connection().await?, &request.account, &name, &hash(&text)).await? {
        Added::Token(token) => {
            let mut body = describe(&token);
            body["token"] = json!(text);
            Ok(with_status(warp::reply::json(&body), StatusCode::CREATED).into_response())
        }
        Added::NameTaken => Err(Refusal::new(Code::Conflict, "another token has this name")),
        Added::TooMany => Err(Refusal::new(Code::Conflict, format!("there are {MAX_TOKENS} tokens already"))),
    }
}

/// Removes one.
pub async fn delete(state: &State, request: &Request) -> Result<Response, Refusal> {
    let unknown = || Refusal::unknown("token");
    let id = request.argument.parse().map_err(|_| unknown())?;
    if !tokens::delete(&mut state.store.connection().await?, &request.account, id).await? {
        return Err(unknown());
    }
    Ok(with_status(warp::reply(), StatusCode::NO_CONTENT).into_response())
}

fn describe(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "created_at": time(token.created_at),
        "last_used_at": token.last_used_at.map(time),
    })
}
