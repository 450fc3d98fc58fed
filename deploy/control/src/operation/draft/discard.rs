//! Gives a draft up. What is in force stays.

use postern_shared::store::workflow_drafts;

use super::{DRAFT, NamedDraft};
use crate::operation::answer::Done;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Discards a draft.
#[derive(Debug)]
pub struct DiscardDraft;

impl Operation for DiscardDraft {
    type Input = NamedDraft;
    type Output = Done;
    const ABOUT: About = About::delete("discardDraft", "/workflows/{id}/draft", "discards your draft of a workflow");

    async fn run(state: &State, who: &Who, NamedDraft { id }: NamedDraft) -> Result<Done, Error> {
        let is_gone = workflow_drafts::discard(&state.store.connection().await?, id, &who.account).await?;
        if is_gone { Ok(Done) } else { Err(Error::Unknown(DRAFT)) }
    }
}
