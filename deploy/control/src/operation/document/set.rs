//! Sets one document, which must be the one that the path names.

use std::marker::PhantomData;

use postern_shared::document::batch::Found;
use postern_shared::finding::{Finding, Located};
use postern_shared::message::{DocumentFault, Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::in_force::Behind;
use super::kinds::{Key, Of};
use super::sent::SentFor;
use super::{Applied, checked, keep};
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Sets a document.
#[derive(Debug)]
pub struct Set<K>(PhantomData<K>);

/// What became of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The document.
    #[serde(flatten)]
    pub applied: Applied,
    /// The ingresses that do not hold it yet: callers there are answered by older settings.
    pub behind: Vec<Behind>,
}

impl<K: Of> Operation for Set<K> {
    type Input = SentFor<K>;
    type Output = Output;
    const ABOUT: About = K::SET;

    async fn run(state: &State, who: &Who, input: SentFor<K>) -> Result<Output, Error> {
        let Key(name, _) = input.key;
        let mut connection = state.store.connection().await?;
        let mut batch = checked(&connection, &input.sent).await?;
        let line = match batch.documents.as_slice() {
            _ if !batch.findings.is_empty() => None,
            [one] if one.document.kind() == K::KIND && one.document.key() == name.to_string() => None,
            [one] => Some(one.line),
            [_, second, ..] => Some(second.line),
            [] => Some(1),
        };
        if let Some(line) = line {
            let kind = K::KIND;
            let fault = DocumentFault::PathTakes { kind: Box::new(Message::kind(kind)), key: name.to_string() };
            let finding = Finding::new(kind.name(), fault);
            batch.findings.push(Found { source: String::new(), located: Located { line, finding } });
        }
        let (applied, behind) = keep(&mut connection, who, batch).await?;
        let applied = applied.into_iter().next().ok_or(Error::Unknown(K::KIND.name()))?;
        Ok(Output { applied, behind })
    }
}
