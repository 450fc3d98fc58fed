//! `postern find`: receipts and records by a text of theirs.

use clap::Args;
use postern_control::operation::find::{Find, FoundReceipt, FoundRecord, Input};

use crate::options::Server;
use crate::output::{Failure, Output, harmless};

/// Arguments of `find`.
#[derive(Debug, Args)]
pub struct Options {
    /// An e-mail, a phone number, or words of a name or an id
    text: String,
    #[command(flatten)]
    api: Server,
}

/// Prints what is found, the newest first.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let input = Input { text: options.text.clone(), last: Default::default() };
    let found = options.api.api()?.call::<Find>(&input).await?;
    let receipt = |one: &FoundReceipt| format!("receipt {}", one.receipt);
    let record = |one: &FoundRecord| format!("record {} {}", one.id, harmless(&one.module));
    let lines: Vec<String> = found.receipts.iter().map(receipt).chain(found.records.iter().map(record)).collect();
    if lines.is_empty() {
        let hint = "an e-mail, a phone number, or whole words of a name or an id are found, a second after the post";
        return Err(Failure::failed("nothing has this text", hint));
    }
    output.named(&lines.join("\n"), format_args!("{}", lines.join("\n")), &found)
}
