//! `postern token`: tokens of the API. The text of a token is shown once, when it is made.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use postern_control::operation::Nothing;
use postern_control::operation::field::Text;
use postern_control::operation::token::create::{CreateToken, Input};
use postern_control::operation::token::delete::{self, DeleteToken};
use postern_control::operation::token::list::ListTokens;
use postern_control::operation::token::{RoleWord, Token};
use postern_shared::store::accounts::Role;
use postern_shared::suggestion::did_you_mean;
use serde_json::json;

use crate::api::Api;
use crate::confirm::confirm;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `token`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the tokens, never their text
    List {
        #[command(flatten)]
        api: Server,
    },
    /// Makes a token and prints it this once
    Create {
        /// What it is for, such as the program that will use it
        name: String,
        /// What it may do; the least if nothing is named
        #[arg(long, default_value_t = RoleWord::default(), value_parser = role_parser())]
        role: RoleWord,
        #[command(flatten)]
        api: Server,
    },
    /// Removes a token: from now on it is refused
    Revoke {
        /// Its name, or its number
        #[arg(value_name = "NAME|ID")]
        which: String,
        /// Does not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        api: Server,
    },
}

static COLUMNS: [Column<Token>; 5] = [
    Column::number("ID", |token| token.id.to_string()),
    Column::text("NAME", |token| token.name.clone()),
    Column::text("ROLE", |token| token.role.0.to_string()),
    Column::time("CREATED", |token| token.created_at.0.clone()),
    Column::time("USED", |token| token.last_used_at.as_ref().map(|at| at.0.clone()).unwrap_or_default()),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { api } => {
            let found = api.api()?.call::<ListTokens>(&Nothing {}).await?;
            output.list(&COLUMNS, |token| token.name.clone(), &found.tokens, &found).map(drop)
        }
        Command::Create { name, role, api } => {
            let input = Input { name: name.clone(), role: Text(*role) };
            let made = api.api()?.call::<CreateToken>(&input).await?;
            output.named(&made.name, &made.token, &made)?;
            output.note("it is shown only this once");
            Ok(())
        }
        Command::Revoke { which, yes, api } => {
            let api = api.api()?;
            let Token { id, name, .. } = find(&api, which).await?;
            confirm(&format!("revoke the token {name}"), *yes)?;
            api.call::<DeleteToken>(&delete::Input { id }).await?;
            let json = json!({"kind": "token", "key": name, "deleted": true});
            output.named(&name, format_args!("token {name}: revoked"), &json)
        }
    }
}

async fn find(api: &Api, token: &str) -> Result<Token, Failure> {
    let mut tokens = api.call::<ListTokens>(&Nothing {}).await?.tokens;
    let is_meant = |one: &Token| one.name == token || token.parse() == Ok(one.id);
    if let Some(at) = tokens.iter().position(is_meant) {
        return Ok(tokens.swap_remove(at));
    }
    let meant = did_you_mean(token, tokens.iter().map(|one| one.name.as_str()));
    Err(Failure::failed(format!("there is no token {token}{meant}"), "`postern token list` shows all of them"))
}

fn role_parser() -> impl TypedValueParser<Value = RoleWord> {
    PossibleValuesParser::new(Role::ALL.map(Role::word)).try_map(|word| word.parse())
}
