//! `postern migrate`: brings the tables up to this version, and makes a database role for each process.

use std::path::{Path, PathBuf};

use clap::Args;
use postern_shared::options::DatabaseOptions;
use postern_shared::store::roles::{self, Made, Password, Prefix, Process, Wanted};
use postern_shared::store::{Connection, history, migrate};
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Makes a database role for ingress, worker and control, each with the rights that it needs, as long as it is not
    /// there. A new role without a password file gets a random password, which is printed once
    #[arg(long)]
    roles: bool,
    /// What the names of the roles begin with
    #[arg(long, value_name = "PREFIX", default_value = "postern", requires = "roles")]
    role_prefix: Prefix,
    /// A file with the password of the role of ingress
    #[arg(long, value_name = "FILE", requires = "roles")]
    ingress_password_file: Option<PathBuf>,
    /// A file with the password of the role of the worker
    #[arg(long, value_name = "FILE", requires = "roles")]
    worker_password_file: Option<PathBuf>,
    /// A file with the password of the role of control
    #[arg(long, value_name = "FILE", requires = "roles")]
    control_password_file: Option<PathBuf>,
}

/// Runs what is missing, forward only, makes the history's partitions ahead, and gives the roles their rights.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let mut connection = database::connect(&options.database).await?;
    let wanted = if options.roles { wanted(options)? } else { Vec::new() };
    let taken = migrate::run(&mut connection).await?;
    history::make_ahead(&connection).await?;
    output.result(format_args!("{taken} migrations taken, the schema is up to date"), &json!({"taken": taken}))?;
    if options.roles {
        make_roles(&mut connection, options, wanted, output).await
    } else {
        Ok(roles::renew(&mut connection).await?)
    }
}

fn wanted(options: &Options) -> Result<Vec<Wanted>, Failure> {
    let wanted = |process: Process| {
        let file = match process {
            Process::Ingress => &options.ingress_password_file,
            Process::Worker => &options.worker_password_file,
            Process::Control => &options.control_password_file,
        };
        Ok(Wanted { process, password: file.as_deref().map(password).transpose()? })
    };
    Process::ALL.into_iter().map(wanted).collect()
}

fn password(file: &Path) -> Result<Password, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let password = text.and_then(|text| Password::read(&text));
    password.map_err(|error| Failure::Failed(format!("the password file {}: {error}", file.display())))
}

async fn make_roles(
    connection: &mut Connection,
    options: &Options,
    wanted: Vec<Wanted>,
    output: &mut Output,
) -> Result<(), Failure> {
    let all = roles::make(connection, &options.role_prefix, wanted).await?;
    if all.iter().any(|made| made.makes_temporary) {
        output.note(
            "everybody may make temporary tables in this database: its owner can run `REVOKE TEMPORARY … FROM PUBLIC`",
        );
    }
    for Made { process, role, is_new, password, .. } in all {
        let password = password.as_ref().map(Password::text);
        let told = match (is_new, password) {
            (true, Some(password)) => format!("made, with the password {password}, shown only this once"),
            (true, None) => "made, with the password of its file".to_owned(),
            (false, _) => "is there, and has its rights".to_owned(),
        };
        let json = json!({"process": process.word(), "role": role, "made": is_new, "password": password});
        output.result(format_args!("the role {role} {told}"), &json)?;
    }
    Ok(())
}
