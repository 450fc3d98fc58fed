//! A value of a column, with the person blanked in it.

use std::sync::Arc;

use serde_json::Value;

use super::place::Kind;
use crate::env::Env;
use crate::message::Message;
use crate::person::{FORGOTTEN, Person};
use crate::store::run_steps;
use crate::submission::{self, Submission};

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Of a column that is read as a text.
    Text(Option<String>),
    /// Of a column of bytes.
    Bytes(Option<Vec<u8>>),
}

impl Cell {
    /// As it is exported.
    pub fn exported(&self, kind: Kind) -> Value {
        match self {
            Self::Text(None) | Self::Bytes(None) => Value::Null,
            Self::Text(Some(text)) => match kind {
                Kind::Text => text.as_str().into(),
                _ => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
            },
            Self::Bytes(Some(bytes)) if kind == Kind::Steps => {
                let steps = run_steps::decode(bytes).unwrap_or_default();
                let message = |step: &run_steps::Step| step.message.as_ref().map(ToString::to_string);
                steps.iter().map(message).collect::<Vec<_>>().into()
            }
            Self::Bytes(Some(bytes)) => {
                serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
            }
        }
    }

    /// The same without the person; none = the person is not in it.
    pub fn blanked(&self, kind: Kind, person: &Person) -> Option<Self> {
        match self {
            Self::Text(None) | Self::Bytes(None) => None,
            Self::Text(Some(text)) if kind == Kind::Text => {
                person.is_in(text).then(|| Self::Text(Some(FORGOTTEN.to_owned())))
            }
            Self::Text(Some(text)) => {
                let mut document: Value = serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into());
                let written = |document: Value| {
                    if kind == Kind::Message { message(&document) } else { document.to_string() }
                };
                person.blank(&mut document).then(|| Self::Text(Some(written(document))))
            }
            Self::Bytes(Some(bytes)) => match kind {
                Kind::Steps => Some(Self::Bytes(Some(steps(bytes, person)?))),
                Kind::Queued => Some(Self::Bytes(Some(queued(bytes, person)?))),
                Kind::OptionalBytes if person.is_in_bytes(bytes) => Some(Self::Bytes(None)),
                _ if person.is_in_bytes(bytes) => Some(Self::Bytes(Some(FORGOTTEN.into()))),
                _ => None,
            },
        }
    }
}

/// The stored form of a message of which a part was blanked.
fn message(document: &Value) -> String {
    let read = serde_json::from_value::<Message>(document.clone());
    read.unwrap_or_else(|_| Message::said(FORGOTTEN)).stored()
}

fn steps(bytes: &[u8], person: &Person) -> Option<Vec<u8>> {
    let mut steps = run_steps::decode(bytes)?;
    let mut is_in = false;
    for step in &mut steps {
        let stored = step.message.as_ref().map(Message::stored);
        if let Some(Cell::Text(Some(blanked))) = Cell::Text(stored).blanked(Kind::Message, person) {
            step.message = Some(Message::of_stored(&blanked));
            is_in = true;
        }
        for name in step.fields.iter_mut().filter(|name| person.is_in(name)) {
            FORGOTTEN.clone_into(name);
            is_in = true;
        }
    }
    is_in.then(|| run_steps::encode(&steps)).flatten()
}

fn queued(bytes: &[u8], person: &Person) -> Option<Vec<u8>> {
    let Ok(mut submissions) = submission::unbundle(bytes) else {
        return person.is_in_bytes(bytes).then(|| FORGOTTEN.into());
    };
    let blanked =
        submissions.iter_mut().map(|one| blank(one, |value| person.blank(value))).filter(|is_in| *is_in).count();
    let encoded: Vec<_> = submissions.iter().filter_map(|one| submission::encode(one).ok()).collect();
    (blanked > 0 && encoded.len() == submissions.len()).then(|| submission::bundle(encoded.iter().map(Vec::as_slice)))
}

/// Blanks a person in what was posted; returns whether the person was in it. The key of its duplicates may be a value of the
/// person, so the submission has no such key any more.
pub fn blank(submission: &mut Submission, blank: impl Fn(&mut Value) -> bool) -> bool {
    let mut is_in = false;
    for values in [&mut submission.env, &mut submission.query, &mut submission.request] {
        let values = Arc::make_mut(values);
        let mut document = Value::Object(std::mem::take(&mut values.0));
        is_in |= blank(&mut document);
        if let Value::Object(map) = document {
            *values = Env(map);
        }
    }
    for names in [&mut submission.read, &mut submission.dropped_files] {
        for name in names {
            let mut document = Value::String(std::mem::take(name));
            is_in |= blank(&mut document);
            *name = document.as_str().unwrap_or_default().to_owned();
        }
    }
    if let Some(dedupe) = &submission.dedupe {
        is_in |= blank(&mut Value::String(dedupe.key.clone()));
    }
    if is_in {
        submission.dedupe = None;
    }
    is_in
}
