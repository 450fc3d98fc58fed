//! `postern validate`: everything that is wrong with documents, with file and line.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::documents;
use crate::output::{Failure, Output};

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders of .yaml files, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

/// Checks the documents; findings are a failure.
pub fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let batch = documents::check(&documents::read(&options.files)?);
    documents::warn(&batch, output);
    documents::report(&batch, output)?;
    let count = batch.documents.len();
    output.result(format_args!("{count} checked, no findings"), &json!({"documents": count}))
}
