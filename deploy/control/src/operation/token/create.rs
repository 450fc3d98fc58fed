//! Makes a token. Its text is in this answer and nowhere else.

use postern_shared::store::StoreError;
use postern_shared::store::accounts::Role;
use postern_shared::store::tokens::{self, Added, MAX_TOKENS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MAX_NAME_CHARS, RoleWord, Token, describe, is_name};
use crate::api::{generated_token, hash_of_token};
use crate::operation::field::{Text, Time};
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Makes a token.
#[derive(Debug)]
pub struct CreateToken;

/// The token to make.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name, for people.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    pub name: String,
    /// What it may do: the least if it is left out.
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = Role::ALL.map(Role::word)))]
    pub role: Text<RoleWord>,
}

/// The token that was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    #[schemars(with = "String", extend("enum" = Role::ALL.map(Role::word)))]
    pub role: Text<RoleWord>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// Its text.
    pub token: String,
}

/// What became of a token to be made.
#[derive(Debug)]
pub enum Created {
    /// It is valid from now on.
    Token(Output),
    /// A token cannot have this name.
    NoName,
    /// Another token has this name.
    NameTaken,
    /// There are [`MAX_TOKENS`] already.
    TooMany,
}

/// Makes a token, for the API as for the panel.
pub async fn create(state: &State, who: &Who, name: &str, role: Role) -> Result<Created, StoreError> {
    if !is_name(name) {
        return Ok(Created::NoName);
    }
    let (token, mut connection) = (generated_token(), state.store.connection().await?);
    Ok(match tokens::add(&mut connection, &who.account, name, role, &hash_of_token(&token)).await? {
        Added::Token(made) => {
            let Token { id, name, role, created_at, last_used_at } = describe(made);
            Created::Token(Output { id, name, role, created_at, last_used_at, token })
        }
        Added::NameTaken => Created::NameTaken,
        Added::TooMany => Created::TooMany,
    })
}

impl Operation for CreateToken {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About {
        status: 201,
        ..About::post(
            "createToken",
            "/tokens",
            "makes a token and tells it this once",
            (
                r#"{"name": "ci", "role": "editor"}"#,
                r#"{"id": 1, "name": "ci", "role": "editor", "created_at": "2026-11-24T13:30:00Z", "last_used_at": null, "token": "postern-…"}"#,
            ),
        )
    }
    .for_role(Role::Admin)
    .refusing(&[Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        match create(state, who, &input.name, input.role.0.0).await? {
            Created::Token(output) => Ok(output),
            Created::NoName => {
                Err(Error::Invalid(format!("name: must be a text of 1 to {MAX_NAME_CHARS} characters on one line")))
            }
            Created::NameTaken => Err(Error::Conflict("another token has this name".to_owned())),
            Created::TooMany => Err(Error::Conflict(format!("there are {MAX_TOKENS} tokens already"))),
        }
    }
}
