//! `postern migrate`: brings the tables up to this version, and makes a database role for each process.

use std::path::{Path, PathBuf};

use clap::Args;
use postern_shared::options::{DatabaseOptions, TelemetryOptions};
use postern_shared::store::Connection;
use postern_shared::store::migrate::{Migrated, Plan, Planned, Schema};
use postern_shared::store::roles::{self, Made, Password, Prefix, Process, Wanted};
use postern_shared::telemetry;
use serde_json::json;

use crate::database;
use crate::output::{Failure, Output};

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
    /// Changes nothing, and ends with 0 if the tables fit this version, else with 1
    #[arg(long, conflicts_with_all = ["plan", "roles"])]
    check: bool,
    /// Changes nothing, and shows what would be done, with the size of the tables
    #[arg(long, conflicts_with = "roles")]
    plan: bool,
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

/// Runs what is missing, forward only, makes the history's partitions ahead, and gives the roles their rights. Of a later
/// schema it changes nothing: the programs of that version need their rights.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let _log = telemetry::start(&options.telemetry)
        .map_err(|error| Failure::failed(error, "POSTERN_LOG sets what is logged"))?;
    let mut connection = database::connect(&options.database).await?;
    if options.check || options.plan {
        let plan = Schema::current().plan(&connection).await?;
        return if options.check { check(&plan, output) } else { show(&plan, output) };
    }
    let wanted = if options.roles { wanted(options)? } else { Vec::new() };
    match Schema::current().apply(&mut connection).await? {
        Migrated::Newer(schema) => {
            let text = format!("the schema {schema} is later than this program and fits it: nothing was changed");
            output.result(text, &json!({"taken": 0, "schema": schema}))
        }
        Migrated::Taken(taken) => {
            let text = format!("{taken} migrations taken, the schema is up to date");
            output.result(text, &json!({"taken": taken, "schema": Schema::current().number()}))?;
            if options.roles {
                make_roles(&mut connection, options, wanted, output).await
            } else {
                Ok(roles::renew(&mut connection).await?)
            }
        }
    }
}

fn check(plan: &Plan, output: &mut Output) -> Result<(), Failure> {
    let Plan { schema, program, open } = plan;
    let numbers: Vec<i32> = open.iter().map(|planned| planned.number).collect();
    let text = match open.len() {
        0 => format!("the schema {schema} fits this program of schema {program}"),
        count => format!("the schema {schema} lacks {count} migrations of this program of schema {program}"),
    };
    output.result(text, &json!({"schema": schema, "program": program, "open": numbers}))?;
    if open.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

fn show(plan: &Plan, output: &mut Output) -> Result<(), Failure> {
    if plan.open.is_empty() {
        output.note("nothing is to be done");
    }
    for Planned { number, title, is_concurrent, oldest_reader, tables } in &plan.open {
        let how = if *is_concurrent { "beside the traffic" } else { "one transaction" };
        let sizes: Vec<String> = tables.iter().map(|(table, bytes)| format!("{table} {bytes} bytes")).collect();
        let on = if sizes.is_empty() { String::new() } else { format!("; {}", sizes.join(", ")) };
        let text = format!("{number}  {title} ({how}, read by programs from schema {oldest_reader} on{on})");
        let tables: Vec<_> = tables.iter().map(|(table, bytes)| json!({"table": table, "bytes": bytes})).collect();
        let json = json!({
            "number": number, "title": title, "concurrent": is_concurrent, "oldest_reader": oldest_reader,
            "tables": tables,
        });
        output.result(text, &json)?;
    }
    Ok(())
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
    password.map_err(|error| {
        let message = format!("the password file {}: {error}", file.display());
        Failure::failed(message, "name a file that contains the password alone, on one line")
    })
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
