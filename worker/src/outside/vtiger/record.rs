//! Reads, changes and deletes a record, and comments on it. All but the comment may be done twice without harm.

use postern_shared::env::Env;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord, RecordRef};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::code::Meaning;
use super::create::{fields_of, under_way};
use super::described::OWNER;
use super::session::Held;
use super::wire::{Fault, not_sent};
use super::{Work, echo};
use crate::outside::call::{Failure, FailureKind, UNDER_WAY};
use crate::outside::connected::{Done, What};

/// The module of comments.
const COMMENTS: &str = "ModComments";

/// The newest comments of a record among which one is looked for: those of a moment.
const NEWEST_COMMENTS: usize = 100;

impl Work<'_> {
    pub(super) async fn read(&self, id: &ConnectedId) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let number = self.id(&mut held, id).await?;
        match held.get("retrieve", &[("id", &number)], self.until).await {
            Ok(Value::Object(record)) => Ok(What::Read(Some(fields_of(record))).into()),
            Ok(_) => Ok(What::Read(None).into()),
            Err(fault) if fault.meaning() == Some(Meaning::Denied) => Ok(What::Read(None).into()),
            Err(fault) => Err(self.refused(id, not_sent(fault))),
        }
    }

    pub(super) async fn change(&self, id: &ConnectedId, fields: &[(String, String)]) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let (record, notes) = self.revise(&mut held, id, fields).await?;
        Ok(Done { what: What::Changed(record), notes })
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
        let mut element = Map::from_iter([("id".to_owned(), Value::from(number))]);
        element.extend(sent.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        let element = Value::from(element).to_string();
        match held.post("revise", &[("element", &element)], self.until).await {
            Ok(Value::Object(record)) => {
                let notes = echo::differences(&sent, &record);
                Ok((fields_of(record), notes))
            }
            Ok(_) => Err(Failure::new(Message::VtigerNoJson { status: 200 }, FailureKind::Unclear)),
            Err(fault) => Err(self.refused(id, fault)),
        }
    }

    /// Deleting a record that is gone succeeds. vtiger has one code for that and for a user without the right, so the record
    /// is looked at.
    pub(super) async fn delete(&self, id: &ConnectedId) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        let number = self.id(&mut held, id).await?;
        match held.post("delete", &[("id", &number)], self.until).await {
            Ok(_) => Ok(What::Ended.into()),
            Err(denied) if denied.meaning() == Some(Meaning::Denied) => {
                match held.get("retrieve", &[("id", &number)], self.until).await {
                    Err(gone) if gone.meaning() == Some(Meaning::Denied) => Ok(What::Ended.into()),
                    Ok(_) => Err(denied.into()),
                    Err(fault) => Err(not_sent(fault).into()),
                }
            }
            Err(fault) => Err(self.refused(id, fault)),
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
            if has_comment(held, &record, text, self.until).await? {
                return Ok(Done { what: What::Ended, notes: vec![Message::VtigerMetAgain] });
            }
            if !held.is_taken_up() && age < UNDER_WAY {
                return Err(under_way());
            }
        }
        let owner = held.user(self.until).await?;
        let element = json!({"commentcontent": text, "related_to": record, OWNER: owner}).to_string();
        let fault = match held.post("create", &[("elementType", COMMENTS), ("element", &element)], self.until).await {
            Ok(_) => return Ok(What::Ended.into()),
            Err(fault) => fault,
        };
        if fault.is_unknown() && has_comment(held, &record, text, self.later()).await.unwrap_or(false) {
            return Ok(Done { what: What::Ended, notes: vec![Message::VtigerMetAgain] });
        }
        Err(fault.into())
    }

    async fn id(&self, held: &mut Held<'_>, id: &ConnectedId) -> Result<String, Failure> {
        let described = held.describe(&self.call.module, self.until).await?;
        described.id(id).ok_or_else(|| Failure::last(Message::VtigerNoId { record: self.record(id) }))
    }

    fn record(&self, id: &ConnectedId) -> RecordRef {
        let (connection, module) = (self.call.connection.clone(), self.call.module.clone());
        ConnectedRecord { connection, module, id: id.clone() }.into()
    }

    /// A record that is not there, or belongs to another module, is named.
    fn refused(&self, id: &ConnectedId, fault: Fault) -> Failure {
        let reason = match fault.meaning() {
            Some(Meaning::Denied) => Message::VtigerRecordMissing { record: self.record(id) },
            Some(Meaning::OtherModule) => Message::VtigerWrongModule { record: self.record(id) },
            _ => return fault.into(),
        };
        Failure::new(reason, FailureKind::Final).answered()
    }
}

async fn has_comment(held: &mut Held<'_>, record: &str, text: &str, until: Instant) -> Result<bool, Failure> {
    let query = format!(
        "select commentcontent from {COMMENTS} where related_to='{record}' order by id desc limit 0,{NEWEST_COMMENTS};"
    );
    let rows = held.get("query", &[("query", &query)], until).await.map_err(not_sent)?;
    let is_it = |row: &Value| row["commentcontent"].as_str().is_some_and(|kept| kept.trim() == text.trim());
    Ok(rows.as_array().into_iter().flatten().any(is_it))
}
