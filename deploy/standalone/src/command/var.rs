//! `postern var`: variables of the installation, which workflows read as `$var["name"]`.

use clap::{Args, Subcommand};
use postern_control::operation::Nothing;
use postern_control::operation::field::Text;
use postern_control::operation::variable::delete::{self, DeleteVariable};
use postern_control::operation::variable::list::{ListVariables, Variable};
use postern_control::operation::variable::set::{self, SetVariable};
use postern_control::operation::variable::words;
use postern_shared::id::VariableName;
use serde_json::json;

use crate::confirm::confirm;
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output};

/// Arguments of `var`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the variables with their values and where they are used
    List {
        #[command(flatten)]
        api: Server,
    },
    /// Sets a variable; POSTERN_VAR_NAME in the environment of the services wins over it
    Set {
        /// Its name: small Latin letters, digits and `_`
        name: VariableName,
        /// Its value
        value: String,
        #[command(flatten)]
        api: Server,
    },
    /// Removes a variable that nothing uses
    Rm {
        /// Its name
        name: VariableName,
        /// Does not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        api: Server,
    },
}

static COLUMNS: [Column<Variable>; 4] = [
    Column::text("NAME", |variable| variable.name.clone()),
    Column::text("VALUE", |variable| variable.value.clone()),
    Column::text("FROM", |variable| if variable.of_environment { "environment" } else { "database" }.to_owned()),
    Column::text("USED BY", |variable| variable.used_by.iter().map(words).collect::<Vec<_>>().join(", ")),
];

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { api } => {
            let found = api.api()?.call::<ListVariables>(&Nothing {}).await?;
            output.list(&COLUMNS, |variable| variable.name.clone(), &found.variables, &found).map(drop)
        }
        Command::Set { name, value, api } => {
            let input = set::Input { name: Text(name.clone()), value: value.clone() };
            api.api()?.call::<SetVariable>(&input).await?;
            let json = json!({"kind": "variable", "key": name, "set": true});
            output.named(name.as_str(), format_args!("variable {name}: set"), &json)
        }
        Command::Rm { name, yes, api } => {
            confirm(&format!("remove the variable {name}"), *yes)?;
            api.api()?.call::<DeleteVariable>(&delete::Input { name: Text(name.clone()) }).await?;
            let json = json!({"kind": "variable", "key": name, "deleted": true});
            output.named(name.as_str(), format_args!("variable {name}: removed"), &json)
        }
    }
}
