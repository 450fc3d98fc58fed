//! `postern secret`: secrets by their names. A value comes from standard input, a file or a question, never from an
//! argument: other users of the machine see arguments.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Args, Subcommand};
use console::Term;
use postern_control::operation::Nothing;
use postern_control::operation::field::Text;
use postern_control::operation::secret::delete::{self, DeleteSecret};
use postern_control::operation::secret::list::{ListSecrets, Secret};
use postern_control::operation::secret::place;
use postern_control::operation::secret::rotate::RotateSecrets;
use postern_control::operation::secret::set::{self, SetSecret};
use postern_shared::id::{MAX_NAME_BYTES, SecretName};
use postern_shared::secret::{MAX_SECRET_BYTES, MIN_SECRET_BYTES};
use serde_json::json;

use crate::api::Api;
use crate::confirm::confirm;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `secret`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the secrets and where they are used, never their values
    List {
        #[command(flatten)]
        api: Server,
    },
    /// Sets a secret; its value is asked for, or comes from standard input or a file
    #[command(after_help = LIMITS.as_str())]
    Set {
        /// Its name
        name: SecretName,
        /// The file with the value, or - for standard input; one line break at its end is left out
        #[arg(long, value_name = "FILE|-")]
        from_file: Option<PathBuf>,
        #[command(flatten)]
        api: Server,
    },
    /// Encrypts all secrets under the first key of control's POSTERN_SECRETS_KEY
    Rotate {
        #[command(flatten)]
        api: Server,
    },
    /// Removes a secret that nothing uses
    Rm {
        /// Its name
        name: SecretName,
        /// Does not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        api: Server,
    },
}

/// The limits of names and values.
static LIMITS: LazyLock<String> = LazyLock::new(|| {
    format!("A name has at most {MAX_NAME_BYTES} bytes, a value {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes.")
});

static COLUMNS: [Column<Secret>; 3] = [
    Column::text("NAME", |secret| secret.name.clone()),
    Column::time("SET", |secret| secret.changed_at.0.clone()),
    Column::text("USED BY", |secret| secret.used_by.iter().map(place).collect::<Vec<_>>().join(", ")),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { api } => {
            let found = api.api()?.call::<ListSecrets>(&Nothing {}).await?;
            output.list(&COLUMNS, |secret| secret.name.clone(), &found.secrets, &found).map(drop)
        }
        Command::Set { name, from_file, api } => {
            let value = value(name, from_file.as_deref())?;
            api.api()?.call::<SetSecret>(&set::Input { name: Text(name.clone()), value }).await?;
            let json = json!({"kind": "secret", "key": name, "set": true});
            output.named(name.as_str(), format_args!("secret {name}: set"), &json)
        }
        Command::Rotate { api } => {
            let rotated = api.api()?.call::<RotateSecrets>(&Nothing {}).await?;
            let count = rotated.rotated;
            output.result(format_args!("{count} encrypted anew"), &rotated)?;
            match rotated.left.as_slice() {
                [] => Ok(()),
                left => Err(Failure::failed(
                    format!("encrypted under a key that control does not have: {}", left.join(", ")),
                    "add the old key behind the new one in POSTERN_SECRETS_KEY of control, or set these secrets again",
                )),
            }
        }
        Command::Rm { name, yes, api } => {
            let api = api.api()?;
            refuse_used(&api, name).await?;
            confirm(&format!("remove the secret {name}"), *yes)?;
            api.call::<DeleteSecret>(&delete::Input { name: Text(name.clone()) }).await?;
            let json = json!({"kind": "secret", "key": name, "deleted": true});
            output.named(name.as_str(), format_args!("secret {name}: removed"), &json)
        }
    }
}

/// Fails with the places that read a secret, if there are any.
async fn refuse_used(api: &Api, name: &SecretName) -> Result<(), Failure> {
    let known = api.call::<ListSecrets>(&Nothing {}).await?.secrets;
    let Some(secret) = known.iter().find(|one| one.name == name.as_str() && !one.used_by.is_empty()) else {
        return Ok(());
    };
    let places: Vec<String> = secret.used_by.iter().map(place).collect();
    let message = format!("the secret {name} is used by {}", places.join(", "));
    Err(Failure::failed(message, format!("take it out of {} first", places.join(" and "))))
}

fn value(name: &SecretName, file: Option<&Path>) -> Result<String, Failure> {
    let is_input = file.is_none_or(|file| file == Path::new("-"));
    let mut bytes = Vec::new();
    // One byte more than a value may have shows that it is too long.
    let most = MAX_SECRET_BYTES as u64 + 2;
    match file.filter(|_| !is_input) {
        Some(file) => {
            let opened = fs::File::open(file);
            let read = opened.and_then(|opened| opened.take(most).read_to_end(&mut bytes));
            read.map_err(|error| Failure::failed(format!("{}: {error}", file.display()), "--from-file names a file"))?;
        }
        None if file.is_none() && io::stdin().is_terminal() => {
            let term = Term::stderr();
            term.write_str(&format!("value of {name}: "))?;
            return Ok(term.read_secure_line()?);
        }
        None => _ = io::stdin().take(most).read_to_end(&mut bytes)?,
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::failed("the value is no text in UTF-8", "encode it"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
