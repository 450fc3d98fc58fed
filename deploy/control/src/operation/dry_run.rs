//! What a workflow would do with some data: a worker runs it, in a transaction that is rolled back.

use std::collections::BTreeMap;
use std::time::SystemTime;

use postern_shared::document::batch::Batch;
use postern_shared::document::{Document, Kind, Name};
use postern_shared::dry_run::{Answer, MAX_TIME, Report, Request, Sample, TestData};
use postern_shared::env::Env;
use postern_shared::id::{ReceiptId, StepName, WorkflowId};
use postern_shared::intake::call::described;
use postern_shared::message::{DocumentFault, Language, Message};
use postern_shared::record_ref::RecordRef;
use postern_shared::store::dry_runs::{self, Asked, TAKEN_WITHIN};
use postern_shared::store::{documents, posted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::find;
use super::{About, Code, Error, Finding, Operation, Who};
use crate::state::State;

/// The address of a caller who is nobody.
const NOBODY: &str = "127.0.0.1";

/// Tries a workflow.
#[derive(Debug)]
pub struct TryWorkflow;

/// Which workflow, and with what. What a receipt holds is taken where nothing else is named.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The number of the workflow.
    pub id: WorkflowId,
    /// The document that is tried, as YAML; without it the version in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The receipt of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptId>,
    /// The posted variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<Env>,
    /// The query variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Env>,
    /// The record that the workflow runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordRef>,
    /// The step behind which it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StepName>,
    /// What other systems answer, by the name of the step; without it what the step expects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Sample>,
}

impl Operation for TryWorkflow {
    type Input = Input;
    type Output = Report;
    const ABOUT: About = About::post(
        "tryWorkflow",
        "/workflows/{id}/try",
        "what a workflow would do with some data; nothing is changed and nothing is sent",
        (
            r#"{"env": {"lastname": "Lovelace"}, "answers": {"ask": {"status": 200, "body": {"score": 7}}}}"#,
            r#"{"status": "finished", "path": [{"run": 1, "workflow": 77, "number": 1, "step": "lead", "task": "create_record", "output": "created", "env": {"lastname": "Lovelace", "lead": 852}, "changes": [{"record": 852, "module": "Leads", "what": "created", "after": {"lastname": "Lovelace"}}]}], "records": [{"record": 852, "module": "Leads", "what": "created", "after": {"lastname": "Lovelace"}}]}"#,
        ),
    )
    .refusing(&[Code::NotFound, Code::InvalidDocument, Code::Conflict]);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Report, Error> {
        let Input { id, document, receipt, env, query, record, until, answers } = input;
        let document = match document {
            Some(text) => checked(state, who.language, id, &text).await?,
            None => find(state, &Name::Workflow(id)).await?.0,
        };
        let of_receipt = match receipt {
            Some(receipt) => of_receipt(state, receipt).await?.ok_or(Error::Unknown("receipt"))?,
            None => typed(),
        };
        let data = TestData {
            env: env.unwrap_or(of_receipt.env),
            query: query.unwrap_or(of_receipt.query),
            request: of_receipt.request,
            record: record.or(of_receipt.record),
        };
        let report = ask(state, &Request { document, data, until, answers }).await?.map_err(Error::NotTried)?;
        Ok(report.in_language(who.language))
    }
}

/// The document that is tried.
///
/// # Errors
/// What is wrong with it.
pub async fn checked(state: &State, language: Language, id: WorkflowId, text: &str) -> Result<Value, Error> {
    let mut batch = Batch::default();
    batch.add_yaml("", text.as_bytes());
    batch.agree(Some(&documents::stored(&state.store.connection().await?, &batch).await?));
    if !batch.findings.is_empty() {
        return Err(Error::Documents(Finding::all(&batch.findings, language)));
    }
    let mut checked = batch.documents.into_iter();
    match (checked.next(), checked.next()) {
        (Some(one), None) if matches!(&one.document, Document::Workflow(workflow) if workflow.id == id) => {
            Ok(one.value)
        }
        (Some(one), None) if one.document.kind() == Kind::Workflow => {
            Err(Error::Invalid(format!("the document is workflow {}", one.document.key())))
        }
        _ => {
            let fault = DocumentFault::PageTakes { kind: Box::new(Message::kind(Kind::Workflow)) };
            Err(Error::Invalid(Message::from(fault).text(language)))
        }
    }
}

/// The test data of a receipt; nothing if no worker has taken it.
pub async fn of_receipt(state: &State, receipt: ReceiptId) -> Result<Option<TestData>, Error> {
    let found = posted::find(&state.store.connection().await?, receipt).await?;
    Ok(found.map(|posted::Posted { env, query, request, record }| TestData { env, query, request, record }))
}

/// The test data of values that are typed.
pub fn typed() -> TestData {
    TestData { request: described(NOBODY, SystemTime::now()), ..TestData::default() }
}

/// Asks a worker; the inner error is why there is no result.
pub async fn ask(state: &State, request: &Request) -> Result<Result<Report, Message>, Error> {
    for env in [&request.data.env, &request.data.query] {
        state.limits.check(env).map_err(|error| Error::Invalid(format!("env: {error}")))?;
    }
    Ok(match dry_runs::ask(&state.store, request).await? {
        Asked::Answered(Answer::Ran(report)) => Ok(*report),
        Asked::Answered(Answer::Refused { reason }) => Err(reason),
        Asked::NoWorker => Err(Message::DryRunNoWorker { seconds: TAKEN_WITHIN.as_secs() }),
        Asked::Late => Err(Message::DryRunLate { seconds: MAX_TIME.as_secs() }),
    })
}
