//! The records of a module, a page at a time.

use postern_shared::env::Env;
use postern_shared::id::{ModuleName, RecordId};
use postern_shared::store::records;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Last;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Lists records.
#[derive(Debug)]
pub struct ListRecords;

/// Which records.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Their module.
    pub module: ModuleName,
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// Older ones than this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<RecordId>,
}

/// A page of records.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The records, the newest first.
    pub records: Vec<Record>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<RecordId>,
}

/// A record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its module.
    pub module: ModuleName,
    /// Its fields; a viewer sees the shapes of their values.
    pub fields: Env,
}

impl Operation for ListRecords {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "listRecords",
        "/records/{module}",
        "the records of a module, the newest first",
        r#"{"records": [{"id": 852, "module": "Leads", "fields": {"lastname": "Lovelace"}}], "next": null}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let (connection, last) = (state.store.connection().await?, input.last);
        let found = records::page(&connection, &input.module, input.before, last.get()).await?;
        let next = last.next(&found).map(|record| record.id);
        let record = |record: records::Record| Record {
            id: record.id,
            module: record.module,
            fields: who.sight().record(&record.fields),
        };
        Ok(Output { records: found.into_iter().map(record).collect(), next })
    }
}
