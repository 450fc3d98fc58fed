//! `postern connection`: whether connections to other systems work.

use clap::{Args, Subcommand};
use postern_control::operation::connection::check::{CheckConnection, Input};
use postern_control::operation::field::Text;
use postern_shared::document::Name;
use postern_shared::id::ConnectionName;

use crate::known;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `connection`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks whether a connection works, and says what is wrong; fails if something is
    ///
    /// A worker calls the other system, logs in and changes nothing there. Of vtiger it also asks for the fields of the
    /// declared modules: what a module declares and vtiger has otherwise is wrong.
    Check {
        /// Its name
        name: ConnectionName,
        #[command(flatten)]
        api: Server,
    },
}

/// Does what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let Command::Check { name, api } = &options.command;
    let api = api.api()?;
    known::check_document(&api, &Name::Connection(name.clone())).await?;
    let checked = api.call::<CheckConnection>(&Input { key: Text(name.clone()) }).await?;
    let mut text = format!("connection {name}: {}", checked.message);
    for one in &checked.drift {
        text += &format!("\n  module {}: {}", one.module, one.message);
    }
    output.named(name.as_str(), text, &checked)?;
    if checked.works && checked.drift.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}
