//! `postern refused`: bodies of permitted callers that were refused: looked at, and read again.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use postern_control::operation::answer::Bytes;
use postern_control::operation::field::Time;
use postern_control::operation::refused_body::RefusedBody;
use postern_control::operation::refused_body::get::{self, GetRefusedBody};
use postern_control::operation::refused_body::list::{self, ListRefusedBodies};
use postern_control::operation::refused_body::raw::{self, GetRefusedBodyBytes};
use postern_control::operation::refused_body::replay::{self, ReplayRefusedBodies};
use postern_shared::document::Name;
use postern_shared::id::{PermissionKey, TriggerKey, WorkflowId};
use postern_shared::store::refused_bodies::Proof;

use crate::known;
use crate::listing::{List, Listing};
use crate::options::Server;
use crate::output::table::Column;
use crate::output::{Failure, Output, harmless};

/// Arguments of `refused`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists refused bodies, the newest first
    List {
        /// Only those of this permission
        #[arg(long, value_name = "KEY")]
        permission: Option<PermissionKey>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Shows one refused body with its names and the shapes of its values
    Show {
        /// Its number
        id: i64,
        /// Writes nothing but the body, byte for byte; the audit log notes it
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        api: Server,
    },
    /// Reads refused bodies again, under their permission as it is now
    Replay {
        #[command(flatten)]
        which: Which,
        /// In this charset, whatever they say themselves
        #[arg(long, value_name = "LABEL")]
        charset: Option<String>,
        /// As bodies of this content type, such as application/json, whatever their header says
        #[arg(long = "type", value_name = "TYPE")]
        content_type: Option<String>,
        /// To this workflow, whatever target their query names
        #[arg(long, value_name = "ID", conflicts_with = "trigger")]
        workflow: Option<WorkflowId>,
        /// To this trigger, whatever target their query names
        #[arg(long, value_name = "KEY")]
        trigger: Option<TriggerKey>,
        /// On this record, whatever record their query names; 0 is none
        #[arg(long, value_name = "ID")]
        record: Option<i64>,
        /// Under this permission, whatever addresses it lets in
        #[arg(long, value_name = "KEY")]
        under: Option<PermissionKey>,
        /// Also what its caller did not prove to have sent: its token or signature was wrong
        #[arg(long)]
        unverified: bool,
        #[command(flatten)]
        api: Server,
    },
}

/// Which bodies are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The one with this number
    id: Option<i64>,
    /// Those of this permission
    #[arg(long, value_name = "KEY")]
    permission: Option<PermissionKey>,
}

static COLUMNS: [Column<RefusedBody>; 10] = [
    Column::number("ID", |refused| refused.id.to_string()),
    Column::time("AT", |refused| refused.refused_at.0.clone()),
    Column::text("ADDRESS", |refused| refused.address.clone()),
    Column::text("PERMISSION", |refused| refused.permission.clone()),
    Column::text("CALL", |refused| called(refused.method.as_deref(), refused.path.as_deref())),
    Column::text("PROOF", |refused| proof(refused.proof).to_owned()),
    Column::text("SIZE", |refused| size(refused.bytes)),
    Column::text("CODE", |refused| refused.code.clone()),
    Column::text("SETTING", |refused| refused.setting.clone().unwrap_or_else(|| "-".to_owned())),
    Column::text("MESSAGE", |refused| refused.message.clone()),
];

/// Prints what was asked for.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match &options.command {
        Command::List { permission, listing } => listing.print(list(permission.as_ref()), output).await,
        Command::Show { id, raw: true, api } => {
            let Bytes(body) = api.api()?.call::<GetRefusedBodyBytes>(&raw::Input { id: *id }).await?;
            Ok(io::stdout().write_all(&body)?)
        }
        Command::Show { id, raw: false, api } => {
            let refused = api.api()?.call::<GetRefusedBody>(&get::Input { id: *id, values: None }).await?;
            output.named(&id.to_string(), whole(&refused), &refused)
        }
        Command::Replay {
            which: Which { id, permission },
            charset,
            content_type,
            workflow,
            trigger,
            record,
            under,
            unverified,
            api,
        } => {
            let input = replay::Input {
                id: *id,
                permission: permission.clone(),
                charset: charset.clone(),
                content_type: content_type.clone(),
                workflow: *workflow,
                trigger: trigger.clone(),
                record: *record,
                under: under.clone(),
                unverified: unverified.then_some(true),
            };
            let api = api.api()?;
            let done = api.call::<ReplayRefusedBodies>(&input).await?;
            output.result(replayed(&done), &done)?;
            if done.replayed.is_empty() && done.refused.is_empty() {
                known::check_all(&api, permission.clone().map(Name::Permission)).await?;
                output.note("nothing was replayed: no refused body is left");
            }
            if done.refused.is_empty() { Ok(()) } else { Err(Failure::Reported) }
        }
    }
}

fn list(permission: Option<&PermissionKey>) -> List<ListRefusedBodies, RefusedBody> {
    List {
        input: list::Input::default(),
        last: |input| &mut input.last,
        pages: None,
        items: |found| &mut found.refused_bodies,
        time: Some(|refused| &refused.refused_at),
        name: |refused| refused.id.to_string(),
        columns: &COLUMNS,
        permission: permission.cloned(),
        permission_of: |refused| &refused.permission,
        named: permission.cloned().map(Name::Permission).into_iter().collect(),
    }
}

/// A line for each, and one for those that one call does not take.
fn replayed(done: &replay::Output) -> String {
    let gone = done.replayed.iter().map(|one| format!("{}: receipt {}", one.id, one.receipt));
    let kept = done.refused.iter().map(|one| format!("{}: refused again: {}: {}", one.id, one.code, one.message));
    let mut lines: Vec<String> = gone.chain(kept).collect();
    if done.left > 0 {
        lines.push(format!("{} left", done.left));
    }
    harmless(&lines.join("\n"))
}

fn whole(get::Output { refused, shapes, .. }: &get::Output) -> String {
    let RefusedBody { id, refused_at: Time(at), address, permission, code, message, query, .. } = refused;
    let mut text =
        format!("{id} {at} {address} by permission {permission}: {code}: {message} ({})", size(refused.bytes));
    let content_type = refused.content_type.as_deref().unwrap_or("no content type");
    let setting = refused.setting.as_deref().unwrap_or("none: only the caller can mend it");
    let (call, proof) = (called(refused.method.as_deref(), refused.path.as_deref()), proof(refused.proof));
    text += &format!("\nsetting that would change it: {setting}\ncall: {call}\nproof: {proof}");
    text += &format!("\nquery: {query}\ncontent type: {content_type}");
    for get::Shape { name, shape } in shapes {
        text += &format!("\n  {name}: {shape}");
    }
    harmless(&text)
}

/// The method and the path of a call; an earlier version did not keep them.
fn called(method: Option<&str>, path: Option<&str>) -> String {
    format!("{} {}", method.unwrap_or("-"), path.unwrap_or("-"))
}

fn proof(proof: Option<Proof>) -> &'static str {
    match proof {
        None => "unknown",
        Some(Proof::NotAsked) => "not asked",
        Some(Proof::Right) => "right",
        Some(Proof::WrongToken) => "wrong token",
        Some(Proof::WrongSignature) => "wrong signature",
    }
}

fn size(bytes: Option<i32>) -> String {
    bytes.map_or("body not kept".to_owned(), |bytes| format!("{bytes} bytes"))
}
