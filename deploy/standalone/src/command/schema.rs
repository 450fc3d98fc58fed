//! `postern schema`: the JSON Schema of documents, by which editors complete and check them.

use clap::Args;
use postern_shared::spec;

use crate::output::{Failure, Output};

/// Arguments of `schema`: none.
#[derive(Debug, Args)]
pub struct Options {}

/// Prints the schema.
pub fn run(_: &Options, output: &mut Output) -> Result<(), Failure> {
    let schema = spec::schema::schema();
    output.result(format_args!("{schema:#}"), &schema)
}
