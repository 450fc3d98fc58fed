//! One search for everything: what a text names (a receipt, a run, a record, a document of the settings), and what has it as
//! a value (an e-mail, a phone number, a name, an address, an `Idempotency-Key`), whatever became of that.

mod cursor;
mod documents;
mod named;

use postern_shared::id::{ReceiptId, RecordId, WorkflowId};
use postern_shared::search_key::{self, Key};
use postern_shared::store::Connection;
use postern_shared::store::digest;
use postern_shared::store::finding::{self, Filter, Found, FoundLetter, FoundRefusal, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Last, Moment, Text, Time};
use super::{About, Error, Operation, Who};
use crate::state::State;
pub use cursor::{Cursor, Place};

/// The longest text that is looked for, in characters: a full name with an e-mail.
pub const MAX_CHARS: usize = 200;

/// Finds what has a text.
#[derive(Debug)]
pub struct Find;

/// The text to find.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A receipt, a run (`RECEIPT.N`), a record (`852`, `Leads 852`, or by its id `4x852` one of another
    /// system), an IP address, an e-mail, a phone number in any
    /// notation, words of a name or an id in any case, an `Idempotency-Key`, or the key or title of a document.
    #[schemars(length(min = 1, max = MAX_CHARS))]
    pub text: String,
    /// Only what came then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<Moment>>,
    /// Only what came before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Text<Moment>>,
    /// Only calls that stand so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Text<Status>>,
    /// Only calls under this permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// Only calls that started, or were to start, this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowId>,
    /// Only calls with a message of this code, such as `target-answered`, or with this text, which a workflow gives as a
    /// message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many of each kind, the newest first.
    #[serde(default)]
    pub last: Last,
    /// The `next` of an answer: what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub before: Option<Text<Cursor>>,
}

/// What has this text. Calls of the last seconds may be missing.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The receipts, the newest first.
    pub receipts: Vec<FoundReceipt>,
    /// The records, the newest first.
    pub records: Vec<FoundRecord>,
    /// The refused bodies, the newest first.
    pub refused_bodies: Vec<FoundRefusedBody>,
    /// The dead letters, the newest first.
    pub dead_letters: Vec<FoundDeadLetter>,
    /// The documents of the settings, on the first page.
    pub documents: Vec<FoundDocument>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<String>,
}

/// A receipt that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundReceipt {
    /// The receipt.
    pub receipt: ReceiptId,
    /// When it was accepted.
    pub accepted_at: Time,
    /// What became of it.
    pub status: String,
    /// The run that the text names.
    pub run: Option<i16>,
    /// The permission that let it in, once a worker has taken it.
    pub permission: Option<String>,
    /// The workflow that it asks to run.
    pub workflow: Option<WorkflowId>,
    /// The trigger that it asks to fire.
    pub trigger: Option<String>,
}

/// A record that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundRecord {
    /// Its number.
    pub id: RecordId,
    /// Its module.
    pub module: String,
    /// When it was last changed; null = the text is its number.
    pub updated_at: Option<Time>,
}

/// A refused body that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundRefusedBody {
    /// Its number.
    pub id: i64,
    /// The permission that admits its sender.
    pub permission: String,
    /// The code of the refusal.
    pub code: String,
    /// When it was refused.
    pub refused_at: Time,
}

/// A dead letter that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundDeadLetter {
    /// Its number.
    pub id: i64,
    /// The receipt, if the letter is of one.
    pub receipt: Option<ReceiptId>,
    /// The permission that let it in.
    pub permission: Option<String>,
    /// What it asks to run.
    pub target: Option<String>,
    /// When it was put with the dead letters.
    pub created_at: Time,
}

/// A document of the settings that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundDocument {
    /// Its kind: workflow, trigger, permission or module.
    pub kind: String,
    /// Its number or key.
    pub key: String,
    /// Its title; empty if it has none.
    pub title: String,
}

impl Output {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        let Self { receipts, records, refused_bodies, dead_letters, documents, .. } = self;
        receipts.is_empty()
            && records.is_empty()
            && refused_bodies.is_empty()
            && dead_letters.is_empty()
            && documents.is_empty()
    }
}

impl Operation for Find {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "find",
        "/find",
        "everything that a text names or that has it as a value, and what became of that",
        r#"{"receipts": [{"receipt": "019a8f00-0000-7000-8000-000000000001", "accepted_at": "2026-11-24T13:30:00Z", "status": "finished", "run": null, "permission": "office", "workflow": 77, "trigger": null}], "records": [{"id": 852, "module": "Leads", "updated_at": "2026-11-24T13:30:00Z"}], "refused_bodies": [], "dead_letters": [], "documents": [], "next": null}"#,
    );

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let text = input.text.trim();
        if text.is_empty() || text.chars().count() > MAX_CHARS || text.contains('\0') {
            return Err(Error::Invalid(format!("`text` has 1 to {MAX_CHARS} characters")));
        }
        let filter = Filter {
            from: input.from.map(|moment| moment.0.0),
            to: input.to.map(|moment| moment.0.0),
            status: input.status.map(|status| status.0),
            permission: input.permission,
            workflow: input.workflow,
            message: input.message,
        };
        let mut connection = state.store.connection().await?;
        let before = input.before.map(|cursor| cursor.0);
        let mut output = with_value(&mut connection, text, &filter, before.unwrap_or_default(), input.last).await?;
        if before.is_none() {
            named::add(&connection, state, text, &mut output).await?;
            if filter == Filter::default() {
                output.documents = documents::named(&connection, state, text).await?;
            }
        }
        Ok(output)
    }
}

/// What has the text as a value.
async fn with_value(
    connection: &mut Connection,
    text: &str,
    filter: &Filter,
    before: Cursor,
    last: Last,
) -> Result<Output, Error> {
    let secret = digest::secret(connection).await?;
    let transaction = finding::begin(connection).await?;
    let mut meant = Vec::new();
    for keys in search_key::meant(text) {
        meant.push(keys.iter().map(|key| secret.hash(key)).collect::<Vec<_>>());
    }
    let (mut receipts, mut records, mut refused, mut letters) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for hashes in &meant {
        if let Some(behind) = before.receipts.behind() {
            receipts.push(finding::receipts(&transaction, hashes, filter, behind, last.get()).await?);
        }
        if let Some(behind) = before.records.behind() {
            records.push(finding::records(&transaction, hashes, filter, behind, last.get()).await?);
        }
    }
    if let (Some(key), Some(behind)) = (Key::connected_record(text), before.receipts.behind()) {
        let hashes = [secret.hash(&key)];
        receipts.push(finding::receipts(&transaction, &hashes, filter, behind, last.get()).await?);
    }
    // What was accepted is found by the claim of its key.
    meant.push(vec![secret.hash(&Key::idempotency_key(text))]);
    for hashes in &meant {
        if let Some(behind) = before.refused_bodies.behind() {
            refused.push(finding::refused_bodies(&transaction, hashes, filter, behind, last.get()).await?);
        }
        if let Some(behind) = before.dead_letters.behind() {
            letters.push(finding::dead_letters(&transaction, hashes, filter, behind, last.get()).await?);
        }
    }
    drop(transaction);
    let (receipts, records) = (Found::merged(receipts, last.get()), Found::merged(records, last.get()));
    let (refused, letters) = (Found::merged(refused, last.get()), Found::merged(letters, last.get()));
    let next = Cursor {
        receipts: receipts.until.into(),
        records: records.until.into(),
        refused_bodies: refused.until.into(),
        dead_letters: letters.until.into(),
    };
    Ok(Output {
        receipts: receipts.items.into_iter().map(FoundReceipt::from).collect(),
        records: records.items.into_iter().map(FoundRecord::from).collect(),
        refused_bodies: refused.items.into_iter().map(FoundRefusedBody::from).collect(),
        dead_letters: letters.items.into_iter().map(FoundDeadLetter::from).collect(),
        documents: Vec::new(),
        next: (!next.is_at_the_end()).then(|| next.to_string()),
    })
}

impl From<(ReceiptId, finding::FoundReceipt)> for FoundReceipt {
    fn from((receipt, found): (ReceiptId, finding::FoundReceipt)) -> Self {
        let finding::FoundReceipt { permission, workflow, trigger, status } = found;
        let (accepted_at, status) = (receipt.time().into(), status.word().to_owned());
        Self { receipt, accepted_at, status, run: None, permission, workflow, trigger }
    }
}

impl From<(RecordId, finding::FoundRecord)> for FoundRecord {
    fn from((id, found): (RecordId, finding::FoundRecord)) -> Self {
        Self { id, module: found.module, updated_at: Some(found.updated_at.into()) }
    }
}

impl From<(i64, FoundRefusal)> for FoundRefusedBody {
    fn from((id, found): (i64, FoundRefusal)) -> Self {
        Self { id, permission: found.permission, code: found.code, refused_at: found.refused_at.into() }
    }
}

impl From<(i64, FoundLetter)> for FoundDeadLetter {
    fn from((id, found): (i64, FoundLetter)) -> Self {
        let FoundLetter { receipt, permission, target, created_at } = found;
        Self { id, receipt, permission, target, created_at: created_at.into() }
    }
}
