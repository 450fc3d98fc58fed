//! `postern dismiss`: a failed run that needs nobody is not counted as failed any more.

use clap::Args;
use postern_control::operation::field::Text;
use postern_control::operation::run::NamedRun;
use postern_control::operation::run::dismiss::DismissRun;
use postern_shared::resume::RunKey;
use postern_shared::store::jobs::Kind;

use super::bulk::Bulk;
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `dismiss`.
#[derive(Debug, Args)]
pub struct Options {
    /// The run: RECEIPT.NUMBER, as `postern runs` lists it
    run: Option<RunKey>,
    #[command(flatten)]
    bulk: Bulk,
    #[command(flatten)]
    api: Server,
}

/// Dismisses the run.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let Some(run) = options.bulk.one(options.run)? else {
        return options.bulk.create(Kind::Dismiss, &api, output).await;
    };
    let answer = api.call::<DismissRun>(&NamedRun { run: Text(run) }).await?;
    output.named(&answer.run, format_args!("{} is dismissed", answer.run), &answer)
}
