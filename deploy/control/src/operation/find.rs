//! Receipts and records by a text that was posted or is stored in them: an e-mail, a phone number, a name or an id.

use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::search_key;
use postern_shared::store::{digest, finding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Last, Time};
use super::{About, Error, Operation, Who};
use crate::state::State;

/// The longest text that is looked for, in characters: a full name with an e-mail.
const MAX_CHARS: usize = 200;

/// Finds receipts and records.
#[derive(Debug)]
pub struct Find;

/// The text to find.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// An e-mail, a phone number in any notation, or words of a name or an id in any case.
    #[schemars(length(min = 1, max = MAX_CHARS))]
    pub text: String,
    /// How many receipts and how many records, the newest first.
    #[serde(default)]
    pub last: Last,
}

/// What has this text. Submissions of the last seconds may be missing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The receipts, the newest first.
    pub receipts: Vec<FoundReceipt>,
    /// The records, the newest first.
    pub records: Vec<FoundRecord>,
}

/// A receipt that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundReceipt {
    /// The receipt.
    pub receipt: ReceiptId,
    /// When it was accepted.
    pub accepted_at: Time,
}

/// A record that was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundRecord {
    /// Its number.
    pub id: RecordId,
    /// Its module.
    pub module: String,
}

impl Operation for Find {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "find",
        "/find",
        "receipts and records by an e-mail, a phone number, a name or an id",
        r#"{"receipts": [{"receipt": "019a8f00-0000-7000-8000-000000000001", "accepted_at": "2026-11-24T13:30:00Z"}], "records": [{"id": 852, "module": "Leads"}]}"#,
    );

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let Input { text, last } = input;
        if text.trim().is_empty() || text.chars().count() > MAX_CHARS || text.contains('\0') {
            return Err(Error::Invalid(format!("`text` has 1 to {MAX_CHARS} characters")));
        }
        let connection = state.store.connection().await?;
        let secret = digest::secret(&connection).await?;
        let (mut receipts, mut records) = (Vec::new(), Vec::new());
        for keys in search_key::meant(&text) {
            let hashes: Vec<i64> = keys.iter().map(|key| secret.hash(key)).collect();
            receipts.extend(finding::receipts(&connection, &hashes, last.get()).await?);
            records.extend(finding::records(&connection, &hashes, last.get()).await?);
        }
        let most = usize::try_from(last.get()).unwrap_or(usize::MAX);
        Ok(Output {
            receipts: newest(receipts, most).into_iter().map(FoundReceipt::from).collect(),
            records: newest(records, most).into_iter().map(|(id, module)| FoundRecord { id, module }).collect(),
        })
    }
}

impl From<ReceiptId> for FoundReceipt {
    fn from(receipt: ReceiptId) -> Self {
        Self { receipt, accepted_at: receipt.time().into() }
    }
}

fn newest<T: Ord>(mut found: Vec<T>, most: usize) -> Vec<T> {
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    found.truncate(most);
    found
}
