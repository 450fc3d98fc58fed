//! What became of any submission, whichever permission let it in.

use postern_shared::id::ReceiptId;
use postern_shared::receipt::{self, Audience, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Gets a receipt.
#[derive(Debug)]
pub struct GetReceipt;

/// Which receipt.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The receipt.
    pub id: Text<ReceiptId>,
}

impl Operation for GetReceipt {
    type Input = Input;
    type Output = Report;
    const ABOUT: About =
        About::get("getReceipt", "/receipts/{id}", "what became of a submission", EXAMPLE).refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Report, Error> {
        let connection = state.store.connection().await?;
        let found = receipt::find(&connection, &state.clock, input.id.0, Audience::Operators).await?;
        Ok(who.sight().report(found.ok_or(Error::Unknown("receipt"))?))
    }
}

/// A receipt with one run.
pub const EXAMPLE: &str = r#"{"receipt": "019a8f00-0000-7000-8000-000000000001", "status": "finished", "accepted_at": "2026-11-24T13:30:00Z", "target": {"workflow": 77}, "runs": [{"number": 1, "workflow": 77, "version": 4, "status": "finished", "steps": 1, "record": 852, "message": null, "started_at": "2026-11-24T13:30:00Z", "ended_at": "2026-11-24T13:30:00.012Z", "path": [{"step": "lead", "task": "create_record", "output": "created"}]}]}"#;
