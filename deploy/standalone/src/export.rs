//! `postern export`: what is set, as the documents that `apply` reads.

use clap::{Args, ValueEnum};
use postern_shared::document::Kind;

use crate::database::Database;
use crate::output::{Failure, Output};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only documents of this kind
    #[arg(value_enum)]
    kind: Option<KindName>,
    /// Only the one with this number or key
    key: Option<String>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindName {
    Workflow,
    Trigger,
    Permission,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Workflow => Self::Workflow,
            KindName::Trigger => Self::Trigger,
            KindName::Permission => Self::Permission,
        }
    }
}

/// Prints the documents, divided by `---`.
pub async fn run(options: &Options, _output: &mut Output) -> Result<(), Failure> {
    let _url = options.database.url()?;
    let _wanted = (options.kind.map(Kind::from), options.key.as_deref());
    Err(Failure::Failed("this version cannot reach the store".to_owned()))
}
