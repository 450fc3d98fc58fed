//! A list of the API, printed one line an item.

use clap::Args;
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Output};

/// How much of a list, and who has it.
#[derive(Debug, Args)]
pub struct Listing {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
    #[command(flatten)]
    api: Server,
}

impl Listing {
    /// Prints the items that stand under a name of the answer at a path; filters without a value are left out.
    pub async fn print(
        &self,
        path: &str,
        name: &str,
        filters: &[(&str, Option<String>)],
        line: impl Fn(&Value) -> String,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut query = filters.to_vec();
        query.push(("last", Some(self.last.to_string())));
        let found: Value = self.api.api()?.get(path, &query).await?;
        output.each(&found[name], line)
    }
}
