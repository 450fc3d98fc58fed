//! Publishes a draft: its text becomes the next version of the workflow, unless it has findings or another version is in
//! force than it was made from.

use postern_shared::document::batch::Found;
use postern_shared::document::{Document, Kind};
use postern_shared::finding::{Finding as Fault, Located};
use postern_shared::id::WorkflowId;
use postern_shared::message::{DocumentFault, Message};
use postern_shared::store::documents::{self, Published, Source};
use postern_shared::store::{settings, workflow_drafts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DRAFT, NamedDraft, judged, version_in_force};
use crate::operation::document::in_force::{self, Behind};
use crate::operation::{About, Code, Error, Finding, Operation, Who};
use crate::state::State;

/// Publishes a draft.
#[derive(Debug)]
pub struct PublishDraft;

/// What became of a draft.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PublishedDraft")]
pub struct Output {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version that is in force now.
    pub version: i32,
    /// The ingresses that do not hold it yet: callers there are answered by older settings.
    pub behind: Vec<Behind>,
}

impl Operation for PublishDraft {
    type Input = NamedDraft;
    type Output = Output;
    const ABOUT: About = About::post(
        "publishDraft",
        "/workflows/{id}/draft/publication",
        "puts your draft of a workflow in force; refuses if another version came in between",
        ("{}", r#"{"workflow": 77, "version": 4, "behind": []}"#),
    )
    .refusing(&[Code::NotFound, Code::Conflict, Code::InvalidDocument]);

    async fn run(state: &State, who: &Who, NamedDraft { id }: NamedDraft) -> Result<Output, Error> {
        let mut connection = state.store.connection().await?;
        let found = workflow_drafts::find(&connection, id, &who.account).await?;
        let (draft, _) = found.ok_or(Error::Unknown(DRAFT))?;
        let mut batch = judged(&connection, &draft.text).await?;
        let is_workflow = |document: &Document| matches!(document, Document::Workflow(workflow) if workflow.id == id);
        if batch.findings.is_empty() && !matches!(batch.documents.as_slice(), [one] if is_workflow(&one.document)) {
            let fault = DocumentFault::PathTakes { kind: Box::new(Message::kind(Kind::Workflow)), key: id.to_string() };
            let finding = Fault::new(Kind::Workflow.name(), fault);
            batch.findings.push(Found { source: String::new(), located: Located { line: 1, finding } });
        }
        let checked = batch.documents.pop().filter(|_| batch.findings.is_empty());
        let Some(checked) = checked else {
            return Err(Error::Documents(Finding::all(&batch.findings, who.language)));
        };
        let source = (Source::Draft(draft.text), draft.base_version);
        match documents::publish(&mut connection, &who.account, checked, source).await? {
            Published::Done => {
                let behind = in_force::wait(&connection, settings::version(&connection).await?).await?;
                Ok(Output { workflow: id, version: version_in_force(&connection, id).await?, behind })
            }
            Published::Conflict(version) => Err(Error::Conflict(format!(
                "version {version} is in force, and the draft was made from version {}",
                draft.base_version
            ))),
        }
    }
}
