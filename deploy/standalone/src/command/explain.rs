//! `postern explain`: why an address is let in or not, or what a document, a task, an expression or a secret may hold.

use std::net::IpAddr;

use clap::Args;
use postern_control::operation::explain::{ExplainAddress, Input, Verdict};
use postern_shared::spec::reference;
use postern_shared::suggestion::did_you_mean;
use serde_json::json;

use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Options {
    /// An address such as 203.0.113.7, or a word such as workflow, permission, create_record, expression or secret
    what: String,
    #[command(flatten)]
    api: Server,
}

/// Asks the server about an address; everything else needs no server.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    match options.what.parse::<IpAddr>() {
        Ok(address) => explain_address(&options.api, address, output).await,
        Err(_) => explain_word(&options.what, output),
    }
}

async fn explain_address(api: &Server, address: IpAddr, output: &mut Output) -> Result<(), Failure> {
    let answer = api.api()?.call::<ExplainAddress>(&Input { address }).await?;
    let (address, is_admitted) = (answer.address, answer.admitted);
    let verdict = if is_admitted { "is admitted" } else { "is admitted by no permission" };
    let mut text = format!("{address} {verdict}");
    for Verdict { permission, admits, reason, answers_at, .. } in &answer.permissions {
        let admits = if *admits { "admits it" } else { "does not admit it" };
        text += &format!("\n  {permission} {admits}: {reason}; it answers at {answers_at}");
    }
    output.named(&address.to_string(), text, &answer)
}

fn explain_word(what: &str, output: &mut Output) -> Result<(), Failure> {
    // As kubectl takes it, `workflow.create_record` is a task too.
    let name = what.rsplit('.').next().unwrap_or(what);
    let Some(text) = reference::section_of(name) else {
        let meant = did_you_mean(name, reference::names());
        let known: Vec<&str> = reference::names().collect();
        let hint = format!("words that are explained: {}", known.join(", "));
        return Err(Failure::usage(format!("there is nothing to explain about {name}{meant}"), hint));
    };
    output.named(name, text.trim_end(), &json!({"name": name, "text": text}))
}
