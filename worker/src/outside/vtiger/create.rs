//! Creates a record, exactly once as far as vtiger allows it. vtiger knows no idempotency: the same call twice makes two
//! records, and a call whose answer never came may have been done. So the unique value is looked for before a record is
//! created, and again when nobody knows what came of it, in the same session: vtiger answers that look only after the
//! call before it has ended.

use postern_shared::env::Env;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::code::Meaning;
use super::described::{OWNER, Row, row};
use super::session::Held;
use super::wire::{Fault, not_sent};
use super::{Work, echo, literal};
use crate::outside::call::{Failure, FailureKind};
use crate::outside::connected::{Done, What};

/// A record as vtiger answers it.
type Record = Map<String, Value>;

impl Work<'_> {
    pub(super) async fn create(
        &self,
        fields: &[(String, String)],
        unique: Option<&(String, String)>,
        update: bool,
    ) -> Result<Done, Failure> {
        let mut held = self.sessions.take(self.until).await?;
        if let Some(unique) = unique.filter(|_| self.is_tried) {
            held.take_up(unique);
        }
        let sent = self.element(&mut held, fields).await.map_err(not_sent)?;
        if let Some(unique) = unique {
            match self.look_up(&mut held, unique, self.until).await {
                Ok(Some((id, record))) if self.is_tried && echo::holds(&sent, &record) => {
                    return Ok(met_again(&sent, id, record));
                }
                Ok(Some((id, record))) => return self.met(&mut held, id, record, fields, update).await,
                Ok(None) => {}
                Err(failure) => {
                    if self.is_tried {
                        held.abandon(unique);
                    }
                    return Err(failure);
                }
            }
        }
        let element = Value::from(sent.iter().map(pair).collect::<Record>()).to_string();
        let parameters = [("elementType", self.call.module.as_str()), ("element", &element)];
        let fault = match held.post("create", &parameters, self.until).await {
            Ok(Value::Object(record)) => match row(&record["id"]) {
                Row::Record(id) => {
                    let notes = echo::differences(&sent, &record);
                    return Ok(Done { what: What::Created(id, fields_of(record)), notes });
                }
                Row::Zero | Row::None => self.zero().into(),
            },
            Ok(_) => unreadable(),
            Err(fault) => fault,
        };
        let Some(unique) = unique else { return Err(fault.into()) };
        if fault.meaning() == Some(Meaning::Duplicate) {
            return match self.look_up(&mut held, unique, self.until).await? {
                Some((id, record)) => self.met(&mut held, id, record, fields, update).await,
                None => Err(fault.into()),
            };
        }
        if !fault.is_unknown() {
            return Err(fault.into());
        }
        match self.look_up(&mut held, unique, self.later()).await {
            Ok(Some((id, record))) => Ok(met_again(&sent, id, record)),
            Err(failure) if matches!(failure.reason, Message::VtigerZeroId { .. }) => Err(failure),
            Ok(None) => Err(unclear(fault.into())),
            Err(_) => {
                // The next try begins with another look.
                held.abandon(unique);
                Err(unclear(fault.into()))
            }
        }
    }

    /// The fields as they are sent: with an owner, and with the ids of vtiger in the place of references to its records.
    async fn element(&self, held: &mut Held<'_>, fields: &[(String, String)]) -> Result<Vec<(String, String)>, Fault> {
        let mut sent = self.sent(held, fields).await?;
        let has_owner = sent.iter().any(|(name, value)| name == OWNER && !value.is_empty());
        if !has_owner && held.describe(&self.call.module, self.until).await?.needs_owner() {
            sent.retain(|(name, _)| name != OWNER);
            sent.push((OWNER.to_owned(), held.user(self.until).await?));
        }
        Ok(sent)
    }

    /// The fields with the ids of vtiger in the place of references to its records.
    pub(super) async fn sent(
        &self,
        held: &mut Held<'_>,
        fields: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Fault> {
        let mut sent = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let record = value.parse().ok().filter(|one: &ConnectedRecord| one.connection == self.call.connection);
            let value = match record {
                Some(record) => held.describe(&record.module, self.until).await?.id(&record.id),
                None => value.clone(),
            };
            sent.push((name.clone(), value));
        }
        Ok(sent)
    }

    /// The first record that has the unique value.
    async fn look_up(
        &self,
        held: &mut Held<'_>,
        (field, value): &(String, String),
        until: Instant,
    ) -> Result<Option<(ConnectedId, Record)>, Failure> {
        let unfindable = || Failure::last(Message::VtigerNotFoundBy { field: field.clone() });
        let value = literal::quoted(value.trim_end()).map_err(|_| unfindable())?;
        if !literal::is_name(field) || !literal::is_name(self.call.module.as_str()) {
            return Err(unfindable());
        }
        let query = format!("select * from {} where {field}={value} order by id limit 0,10;", self.call.module);
        let rows = held.get("query", &[("query", &query)], until).await.map_err(not_sent)?;
        let mut has_zero = false;
        for found in rows.as_array().into_iter().flatten().filter_map(Value::as_object) {
            match found.get("id").map_or(Row::None, row) {
                Row::Record(id) => return Ok(Some((id, found.clone()))),
                Row::Zero => has_zero = true,
                Row::None => {}
            }
        }
        if has_zero { Err(self.zero()) } else { Ok(None) }
    }

    /// Another record has the unique value.
    async fn met(
        &self,
        held: &mut Held<'_>,
        id: ConnectedId,
        record: Record,
        fields: &[(String, String)],
        update: bool,
    ) -> Result<Done, Failure> {
        if !update {
            return Ok(What::Existing(id, fields_of(record)).into());
        }
        let (record, notes) = self.revise(held, &id, fields).await?;
        Ok(Done { what: What::Existing(id, record), notes })
    }

    fn zero(&self) -> Failure {
        let reason = Message::VtigerZeroId { module: self.call.module.clone() };
        Failure::new(reason, FailureKind::Unclear).answered()
    }
}

/// The record is that of an earlier try.
fn met_again(sent: &[(String, String)], id: ConnectedId, record: Record) -> Done {
    let mut notes = echo::differences(sent, &record);
    notes.push(Message::VtigerMetAgain);
    Done { what: What::Created(id, fields_of(record)), notes }
}

fn unclear(failure: Failure) -> Failure {
    Failure { kind: FailureKind::Unclear, ..failure }
}

fn unreadable() -> Fault {
    Failure::new(Message::VtigerNoJson { status: 200 }, FailureKind::Unclear).into()
}

fn pair((name, value): &(String, String)) -> (String, Value) {
    (name.clone(), value.clone().into())
}

/// The fields of a record, as references read them. `label` is text with entities of HTML, and what opens the account of a
/// user is nobody's business.
pub(super) fn fields_of(record: Record) -> Env {
    let is_kept = |name: &str| !matches!(name, "label" | "accesskey" | "user_hash") && !name.contains("password");
    record.into_iter().filter(|(name, _)| is_kept(name)).collect()
}
