//! Reads, changes and deletes a record, and comments on it. All but the comment may be done twice without harm.

use postern_shared::env::Env;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::code::Meaning;
use super::create::{fields_of, under_way, zero};
use super::described::{OWNER, Row, row};
use super::session::Held;
use super::wire::{Fault, not_sent, rows, unreadable};
use super::{Work, echo};
use crate::outside::call::{Failure, FailureKind, UNDER_WAY};
use crate::outside::connected::{Done, What};

/// The module of comments.
const COMMENTS: &str = "ModComments";

/// The field of its text.
const TEXT: &str = "commentcontent";

/// The newest comments of a record among which one is looked for: those of a moment.
const NEWEST_COMMENTS: usize = 100;

impl Work<'_> {
    pub(super) async fn read(&self, id: &ConnectedId) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let number = self.id(&mut held, id).await?;
        match held.get("retrieve", &[("id", &number)], self.until).await {
            Ok(Value::Object(record)) => Ok(What::Read(fields_of(record)).into()),
            Ok(_) => Err(not_sent(unreadable()).into()),
            Err(fault) if fault.meaning() == Some(Meaning::Denied) => Ok(What::Gone(self.record(id)).into()),
            Err(fault) => Err(self.named(id, not_sent(fault))),
        }
    }

    /// The same change twice is harmless, unless another one came between them: so a change that may still be under way has
    /// ended before it is made again, as far as its session is known.
    pub(super) async fn change(&self, id: &ConnectedId, fields: &[(String, String)]) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let key = (self.call.module.clone(), id.to_string(), String::new());
        if self.unclear_for.is_some() {
            held.take_up(&key);
        }
        let revised = self.revise(&mut held, id, fields).await;
        let result = revised.map(|(record, notes)| Done { what: What::Changed(record), notes });
        held.abandon_if_open(&key, &result);
        result
    }

    /// Sets fields; returns the record with what vtiger made of them.
    pub(super) async fn revise(
        &self,
        held: &mut Held<'_>,
        id: &ConnectedId,
        fields: &[(String, String)],
    ) -> Result<(Env, Vec<Message>), Failure> {
        let number = self.id(held, id).await?;
        let sent = self.sent(held, fields).await.map_err(not_sent)?;
        let mut element = Map::from_iter([("id".to_owned(), Value::from(number.as_str()))]);
        element.extend(sent.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        let element = Value::from(element).to_string();
        match held.post("revise", &[("element", &element)], self.until).await {
            Ok(Value::Object(record)) => {
                let notes = echo::differences(&sent, &record);
                Ok((fields_of(record), notes))
            }
            Ok(_) => Err(unreadable().into()),
            Err(fault) if fault.meaning() == Some(Meaning::Denied) && self.is_gone(held, &number).await? => {
                Err(self.missing(id))
            }
            Err(fault) => Err(self.named(id, fault)),
        }
    }

    /// Deleting a record that is gone succeeds. vtiger has one code for that and for a user without the right, so the record
    /// is looked at.
    pub(super) async fn delete(&self, id: &ConnectedId) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let number = self.id(&mut held, id).await?;
        match held.post("delete", &[("id", &number)], self.until).await {
            Ok(_) => Ok(What::Gone(self.record(id)).into()),
            Err(denied) if denied.meaning() == Some(Meaning::Denied) => {
                if self.is_gone(&mut held, &number).await? {
                    Ok(What::Gone(self.record(id)).into())
                } else {
                    Err(denied.into())
                }
            }
            Err(fault) => Err(self.named(id, fault)),
        }
    }

    /// Whether a record is not there, or is not shown to the user. vtiger has one code for that and for a value or a change
    /// that the user has no right to.
    async fn is_gone(&self, held: &mut Held<'_>, number: &str) -> Result<bool, Failure> {
        match held.get("retrieve", &[("id", number)], self.until).await {
            Ok(_) => Ok(false),
            Err(fault) if fault.meaning() == Some(Meaning::Denied) => Ok(true),
            Err(fault) => Err(not_sent(fault).into()),
        }
    }

    /// A comment is a record of a module of its own, and has no unique value. When nobody knows whether it is there, the
    /// newest comments of the record are read, in the session of the earlier try.
    pub(super) async fn comment(&self, id: &ConnectedId, text: &str) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let key = (self.call.module.clone(), id.to_string(), text.to_owned());
        if self.unclear_for.is_some() {
            held.take_up(&key);
        }
        let result = self.comment_once(&mut held, id, text).await;
        held.abandon_if_open(&key, &result);
        result
    }

    async fn comment_once(&self, held: &mut Held<'_>, id: &ConnectedId, text: &str) -> Result<Done, Failure> {
        let record = self.id(held, id).await?;
        if let Some(age) = self.unclear_for {
            // Twice, as a record with a unique value is looked for.
            let is_there = has_comment(held, &record, text, self.until).await?
                || held.is_taken_up() && has_comment(held, &record, text, self.until).await?;
            if is_there {
                return Ok(Done { what: What::Ended, notes: vec![Message::VtigerMetAgain] });
            }
            if !held.is_taken_up() && age < UNDER_WAY {
                return Err(under_way());
            }
        }
        let owner = held.user(self.until).await?;
        let element = json!({TEXT: text, "related_to": record, OWNER: owner}).to_string();
        let fault = match held.post("create", &[("elementType", COMMENTS), ("element", &element)], self.until).await {
            Ok(answer) => return self.said(id, text, &answer),
            Err(fault) => fault,
        };
        if !fault.is_unknown() {
            return Err(fault.into());
        }
        if self.is_gone(held, &record).await.unwrap_or_default() {
            return Err(self.missing(id));
        }
        match has_comment(held, &record, text, self.later()).await {
            Ok(true) => Ok(Done { what: What::Ended, notes: vec![Message::VtigerMetAgain] }),
            Err(failure) if matches!(failure.reason, Message::VtigerZeroId { .. }) => Err(failure),
            Ok(false) if fault.has_ended() => Err(not_sent(fault).into()),
            Ok(false) | Err(_) => Err(fault.into()),
        }
    }

    /// vtiger takes a comment on a record that is gone, and leaves out what it is on. Some versions fail behind it.
    fn said(&self, id: &ConnectedId, text: &str, answer: &Value) -> Result<Done, Failure> {
        match row(&answer["id"]) {
            Row::Record(_) if answer["related_to"].as_str().is_none_or(str::is_empty) => Err(self.missing(id)),
            Row::Record(_) => {
                let sent = [(TEXT.to_owned(), text.to_owned())];
                let notes = answer.as_object().map(|record| echo::differences(&sent, record)).unwrap_or_default();
                Ok(Done { what: What::Ended, notes })
            }
            Row::Zero => Err(zero_comment()),
            Row::None => Err(unreadable().into()),
        }
    }

    async fn id(&self, held: &mut Held<'_>, id: &ConnectedId) -> Result<String, Failure> {
        let described = held.describe(&self.call.module, self.until).await?;
        described.id(id).ok_or_else(|| Failure::last(Message::VtigerNoId { record: self.record(id).into() }))
    }

    fn record(&self, id: &ConnectedId) -> ConnectedRecord {
        let (connection, module) = (self.call.connection.clone(), self.call.module.clone());
        ConnectedRecord { connection, module, id: id.clone() }.by_number()
    }

    fn missing(&self, id: &ConnectedId) -> Failure {
        let reason = Message::VtigerRecordMissing { record: self.record(id).into() };
        Failure::new(reason, FailureKind::Final).answered()
    }

    /// A record that belongs to another module is named.
    fn named(&self, id: &ConnectedId, fault: Fault) -> Failure {
        if fault.meaning() != Some(Meaning::OtherModule) {
            return fault.into();
        }
        let reason = Message::VtigerWrongModule { record: self.record(id).into() };
        Failure::new(reason, FailureKind::Final).answered()
    }
}

/// A comment is there under the number 0 and cannot be reached.
fn zero_comment() -> Failure {
    COMMENTS.parse().map_or_else(|_| unreadable().into(), |module| zero(&module))
}

async fn has_comment(held: &mut Held<'_>, record: &str, text: &str, until: Instant) -> Result<bool, Failure> {
    let query = format!(
        "select {TEXT} from {COMMENTS} where related_to='{record}' order by id desc limit 0,{NEWEST_COMMENTS};"
    );
    let rows = rows(held.get("query", &[("query", &query)], until).await.map_err(not_sent)?)?;
    let is_it = |row: &&Value| row[TEXT].as_str().is_some_and(|kept| echo::is_kept(text, kept));
    let found: Vec<Row> = rows.iter().filter(is_it).map(|found| row(&found["id"])).collect();
    match found.iter().all(|row| *row == Row::Zero) {
        _ if found.is_empty() => Ok(false),
        true => Err(zero_comment()),
        false => Ok(true),
    }
}
