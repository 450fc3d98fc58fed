//! The dead letters: what no worker could run, and why.

pub mod discard;
pub mod get;
pub mod groups;
pub mod list;
pub mod replay;

use postern_shared::id::ReceiptId;
use postern_shared::message::{Coded, Language};
use postern_shared::store::dead_letters::{self, Choice, Kept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Error;
use super::field::Time;
use crate::redact::Sight;
use crate::state::State;

/// A dead letter, without what it carries.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// The receipt, if what it carries can be read.
    pub receipt: Option<ReceiptId>,
    /// The AMQP type of the message.
    pub kind: String,
    /// How many bytes it carries.
    pub bytes: i32,
    /// Why nobody could run it.
    pub reason: String,
    /// The same as a code with arguments.
    pub reason_code: Coded,
    /// How often it was tried.
    pub attempt: i32,
    /// When it was put here.
    pub created_at: Time,
    /// What it asks to run, if what it carries can be read.
    pub target: Option<String>,
    /// The group of those that are alike.
    pub group: String,
}

fn describe(letter: Kept, sight: Sight) -> DeadLetter {
    let reason_code = sight.message(&letter.reason);
    DeadLetter {
        id: letter.id,
        receipt: letter.receipt,
        kind: letter.kind,
        bytes: letter.bytes,
        reason: reason_code.text(Language::English),
        reason_code,
        attempt: letter.attempt,
        created_at: letter.created_at.into(),
        target: letter.target,
        group: letter.group,
    }
}

/// Which letters are meant: exactly one of an id, a group and all.
fn choice(id: Option<i64>, group: Option<String>, all: Option<bool>) -> Result<Choice, Error> {
    match (id, group, all.unwrap_or(false)) {
        (Some(id), None, false) => Ok(Choice::One(id)),
        (None, Some(group), false) => Ok(Choice::Group(group)),
        (None, None, true) => Ok(Choice::All),
        _ => Err(Error::Invalid("name one of: id, group, all".to_owned())),
    }
}

/// Of all none may be there; a letter or a group that is named must be.
fn found(choice: &Choice, moved: i64) -> Result<(), Error> {
    match choice {
        Choice::One(_) if moved == 0 => Err(Error::Unknown("dead letter")),
        Choice::Group(_) if moved == 0 => Err(Error::Unknown("group of dead letters")),
        _ => Ok(()),
    }
}

async fn find(state: &State, id: i64) -> Result<(Kept, Vec<u8>), Error> {
    dead_letters::find(&state.store.connection().await?, id).await?.ok_or(Error::Unknown("dead letter"))
}
