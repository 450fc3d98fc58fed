//! One record with its comments, and the receipts that did something to it.

use postern_shared::env::Env;
use postern_shared::id::{ModuleName, RecordId};
use postern_shared::store::{comments, digest, finding, records};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Time;
use crate::operation::find::FoundReceipt;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// How many receipts are shown: the newest are looked for.
pub const MAX_RECEIPTS: i64 = 100;

/// Gets a record.
#[derive(Debug)]
pub struct GetRecord;

/// Which record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its id.
    pub id: RecordId,
}

/// A record with its comments.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its id.
    pub id: RecordId,
    /// Its module.
    pub module: ModuleName,
    /// Its fields; a viewer sees the shapes of their values.
    pub fields: Env,
    /// Its comments, the oldest first.
    pub comments: Vec<Comment>,
    /// The newest receipts whose runs have created, changed or commented on it, the newest first. Those of the last seconds
    /// may be missing.
    pub receipts: Vec<FoundReceipt>,
}

/// A comment on a record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// The text; a viewer sees its shape.
    pub text: String,
    /// When it was made.
    pub created_at: Time,
}

impl Operation for GetRecord {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "getRecord",
        "/record/{id}",
        "one record with its comments",
        r#"{"id": 852, "module": "Leads", "fields": {"lastname": "Lovelace"}, "comments": [{"text": "called back", "created_at": "2026-11-24T13:30:00Z"}], "receipts": [{"receipt": "019a8f00-0000-7000-8000-000000000001", "accepted_at": "2026-11-24T13:30:00Z", "status": "finished", "run": null, "permission": "office", "workflow": 77, "trigger": null}]}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let (mut connection, sight) = (state.store.connection().await?, who.sight());
        let record = records::find(&connection, input.id).await?.ok_or(Error::Unknown("record"))?;
        let comments = comments::of(&connection, input.id).await?.into_iter();
        let secret = digest::secret(&connection).await?;
        let transaction = finding::begin(&mut connection).await?;
        let receipts = finding::touching(&transaction, &secret, &input.id.into(), MAX_RECEIPTS).await?;
        drop(transaction);
        let comment =
            |one: comments::Comment| Comment { text: sight.comment(&one.text), created_at: one.created_at.into() };
        Ok(Output {
            id: record.id,
            module: record.module,
            fields: sight.record(&record.fields),
            comments: comments.map(comment).collect(),
            receipts: receipts.into_iter().map(FoundReceipt::from).collect(),
        })
    }
}
