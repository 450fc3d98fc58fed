//! `postern token`: tokens of the API. The text of a token is shown once, when it is made.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use postern_shared::store::accounts::Role;
use postern_shared::suggestion::did_you_mean;
use serde_json::{Value, json};

use crate::api::Api;
use crate::confirm::confirm;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Format, Output, items, word};

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
        #[arg(long, default_value = Role::Viewer.word(), value_parser = PossibleValuesParser::new(Role::ALL.map(Role::word)))]
        role: String,
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

static COLUMNS: [Column; 5] = [
    Column::number("ID", |token| token["id"].to_string()),
    Column::text("NAME", |token| word(token, "name").to_owned()),
    Column::text("ROLE", |token| word(token, "role").to_owned()),
    Column::time("CREATED", |token| word(token, "created_at").to_owned()),
    Column::time("USED", |token| word(token, "last_used_at").to_owned()),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { api } => {
            let found: Value = api.api()?.get("/tokens", &[]).await?;
            let tokens: Vec<Value> = items(&found, "tokens").cloned().collect();
            output.list(&COLUMNS, |token| word(token, "name").to_owned(), &tokens, &found).map(drop)
        }
        Command::Create { name, role, api } => {
            let made = api.api()?.post("/tokens", &json!({"name": name, "role": role})).await?;
            output.named(word(&made, "name"), word(&made, "token"), &made)?;
            output.note("it is shown only this once");
            Ok(())
        }
        Command::Revoke { which, yes, api } => {
            let api = api.api()?;
            let found = find(&api, which).await?;
            let name = word(&found, "name");
            confirm(&format!("revoke the token {name}"), *yes)?;
            api.delete(&format!("/tokens/{}", found["id"])).await?;
            let json = json!({"kind": "token", "key": name, "deleted": true});
            match output.format() {
                Format::Text => output.line(&format!("token {name}: revoked")),
                _ => output.named(name, "", &json),
            }
        }
    }
}

async fn find(api: &Api, token: &str) -> Result<Value, Failure> {
    let found: Value = api.get("/tokens", &[]).await?;
    let is_meant =
        |one: &&Value| word(one, "name") == token || one["id"].as_i64().is_some_and(|id| Ok(id) == token.parse());
    items(&found, "tokens").find(is_meant).cloned().ok_or_else(|| {
        let meant = did_you_mean(token, items(&found, "tokens").map(|one| word(one, "name")));
        Failure::failed(format!("there is no token {token}{meant}"), "`postern token list` shows all of them")
    })
}
