//! The database that a command works on.

use clap::Args;

use crate::output::Failure;

/// The database of this Postern.
#[derive(Debug, Args)]
pub struct Database {
    /// Where the database is, such as postgres://postern@localhost/postern
    #[arg(long = "database-url", env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    url: Option<String>,
}

impl Database {
    /// The URL; commands that need a database cannot go on without.
    pub fn url(&self) -> Result<&str, Failure> {
        match self.url.as_deref() {
            Some(url) if !url.is_empty() => Ok(url),
            _ => Err(Failure::Usage("no database is named: set DATABASE_URL or --database-url".to_owned())),
        }
    }
}
