//! The tokens of the API.

pub mod create;
pub mod delete;
pub mod list;

use std::fmt;
use std::str::FromStr;

use postern_shared::store::accounts::Role;
use postern_shared::store::tokens;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Text, Time};

/// The longest name of a token, in characters: it must fit a table cell.
pub const MAX_NAME_CHARS: usize = 64;

/// What a token may do, by its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleWord(pub Role);

/// The least.
impl Default for RoleWord {
    fn default() -> Self {
        Self(Role::Viewer)
    }
}

impl fmt::Display for RoleWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word())
    }
}

impl FromStr for RoleWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = Role::ALL.into_iter().find(|role| role.word() == word);
        known.map(Self).ok_or("must be one of viewer, editor, admin")
    }
}

/// What is known of a token; never its text.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    #[schemars(with = "String", extend("enum" = Role::ALL.map(Role::word)))]
    pub role: Text<RoleWord>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

/// Whether a token may have this name.
pub fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control)
}

fn describe(token: tokens::Token) -> Token {
    Token {
        id: token.id,
        name: token.name,
        role: Text(RoleWord(token.role)),
        created_at: token.created_at.into(),
        last_used_at: token.last_used_at.map(Time::from),
    }
}
