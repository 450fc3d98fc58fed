//! Creates a record, exactly once as far as vtiger allows it. vtiger knows no idempotency: the same call twice makes two
//! records, and a call whose answer never came may have been done. So the unique value is looked for before a record is
//! created, and again when nobody knows what came of it, in the same session: vtiger answers that look only after the
//! call before it has ended.

use postern_shared::env::Env;
use postern_shared::id::ModuleName;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::code::Meaning;
use super::described::{OWNER, Row, row};
use super::session::Held;
use super::wire::{Fault, not_sent, unreadable};
use super::{Work, echo, literal, unique};
use crate::outside::call::{Failure, FailureKind, UNDER_WAY};
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
        let Some((field, value)) = unique else {
            let sent = self.element(&mut held, fields).await.map_err(not_sent)?;
            return self.make(&mut held, &sent).await.map_err(Failure::from);
        };
        let key = (self.call.module.clone(), field.clone(), value.clone());
        if self.unclear_for.is_some() {
            held.take_up(&key);
        }
        let result = self.create_once(&mut held, fields, (field, value), update).await;
        held.abandon_if_open(&key, &result);
        result
    }

    /// Creates a record unless there is one with the unique value. An earlier try has ended once a look is answered in its
    /// session; without that session it may be at work for some time.
    async fn create_once(
        &self,
        held: &mut Held<'_>,
        fields: &[(String, String)],
        unique: (&str, &str),
        update: bool,
    ) -> Result<Done, Failure> {
        let sent = self.element(held, fields).await.map_err(not_sent)?;
        let described = held.describe(&self.call.module, self.until).await?;
        if unique::is_changed(described.kind(unique.0), unique.1) {
            let (field, kind) = (unique.0.to_owned(), described.kind(unique.0).to_owned());
            return Err(Failure::last(Message::VtigerKeyChanged { field, kind }));
        }
        let mut found = self.look_up(held, unique, self.until).await?;
        if found.is_none() && held.is_taken_up() {
            // The earlier try may have waited for vtiger as this look did, and begun behind it. Then it ends before this one.
            found = self.look_up(held, unique, self.until).await?;
        }
        match found {
            Some((id, record)) if self.unclear_for.is_some() && echo::holds(&sent, &record) => {
                return Ok(met_again(&sent, id, record));
            }
            Some((id, record)) => return self.met(held, id, record, fields, update).await,
            None if !held.is_taken_up() && self.unclear_for.is_some_and(|age| age < UNDER_WAY) => {
                return Err(under_way());
            }
            None => {}
        }
        let fault = match self.make(held, &sent).await {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        if fault.meaning() == Some(Meaning::Duplicate) {
            return match self.look_up(held, unique, self.until).await? {
                Some((id, record)) => self.met(held, id, record, fields, update).await,
                None => Err(fault.into()),
            };
        }
        if !fault.is_unknown() {
            return Err(fault.into());
        }
        match self.look_up(held, unique, self.later()).await {
            Ok(Some((id, record))) => Ok(met_again(&sent, id, record)),
            Err(failure) if matches!(failure.reason, Message::VtigerZeroId { .. }) => Err(failure),
            Ok(None) if fault.has_ended() => Err(not_sent(fault).into()),
            Ok(None) | Err(_) => Err(unclear(fault.into())),
        }
    }

    /// The call that creates a record.
    async fn make(&self, held: &mut Held<'_>, sent: &[(String, String)]) -> Result<Done, Fault> {
        let element = Value::from(sent.iter().map(pair).collect::<Record>()).to_string();
        let parameters = [("elementType", self.call.module.as_str()), ("element", &element)];
        match held.post("create", &parameters, self.until).await? {
            Value::Object(record) => match row(&record["id"]) {
                Row::Record(id) => {
                    let notes = echo::differences(sent, &record);
                    Ok(Done { what: What::Created(id, fields_of(record)), notes })
                }
                Row::Zero | Row::None => Err(zero(&self.call.module).into()),
            },
            _ => Err(unreadable()),
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
            let id = self.referred(held, name, value).await?;
            sent.push((name.clone(), id.unwrap_or_else(|| value.clone())));
        }
        Ok(sent)
    }

    /// The id of vtiger for a value that names a record, by its whole name or by its number alone, in a field that refers to
    /// records. Elsewhere such a value is a text like any other.
    pub(super) async fn referred(
        &self,
        held: &mut Held<'_>,
        field: &str,
        value: &str,
    ) -> Result<Option<String>, Fault> {
        let (connection, is_number) = (&self.call.connection, value.bytes().all(|byte| byte.is_ascii_digit()));
        let record = value.parse().ok().filter(|one: &ConnectedRecord| one.connection == *connection);
        if record.is_none() && (value.is_empty() || !is_number) {
            return Ok(None);
        }
        let described = held.describe(&self.call.module, self.until).await?;
        let record = match (record, described.module_of(field)) {
            (Some(record), _) if described.refers(field) => record,
            (None, Some(module)) => {
                let Ok(id) = value.parse() else { return Ok(None) };
                ConnectedRecord { connection: connection.clone(), module: module.clone(), id }
            }
            _ => return Ok(None),
        };
        let id = held.describe(&record.module, self.until).await?.id(&record.id);
        Ok(Some(id.ok_or_else(|| Failure::last(Message::VtigerNoId { record: record.into() }))?))
    }

    /// The first record that has the unique value, or what vtiger keeps of it where its column is too short.
    async fn look_up(
        &self,
        held: &mut Held<'_>,
        (field, value): (&str, &str),
        until: Instant,
    ) -> Result<Option<(ConnectedId, Record)>, Failure> {
        let whole = self.look_for(held, field, &[value.trim().to_owned()], until).await?;
        if whole.is_some() {
            return Ok(whole);
        }
        let described = held.describe(&self.call.module, until).await?;
        match unique::cuts(described.kind(field), value.trim()) {
            cuts if cuts.is_empty() => Ok(None),
            cuts => self.look_for(held, field, &cuts, until).await,
        }
    }

    /// The first record with one of these values. Of what vtiger finds only a record counts whose field has that value.
    async fn look_for(
        &self,
        held: &mut Held<'_>,
        field: &str,
        values: &[String],
        until: Instant,
    ) -> Result<Option<(ConnectedId, Record)>, Failure> {
        let unfindable = || Failure::last(Message::VtigerNotFoundBy { field: field.to_owned() });
        if !literal::is_name(field) || !literal::is_name(self.call.module.as_str()) {
            return Err(unfindable());
        }
        let quoted: Result<Vec<String>, _> = values.iter().map(|value| literal::quoted(value)).collect();
        let conditions = quoted.map_err(|_| unfindable())?.into_iter().map(|value| format!("{field}={value}"));
        let conditions = conditions.collect::<Vec<_>>().join(" or ");
        let rows = held.look(&self.call.module, &conditions, until).await?;
        let mut has_zero = false;
        let rows = rows.iter().filter_map(Value::as_object);
        let has_value = |row: &&Record| {
            let kept = row.get(field).and_then(Value::as_str);
            kept.is_some_and(|kept| values.iter().any(|value| echo::is_of(value, kept)))
        };
        for found in rows.filter(has_value) {
            match found.get("id").map_or(Row::None, row) {
                Row::Record(id) => return Ok(Some((id, found.clone()))),
                Row::Zero => has_zero = true,
                Row::None => {}
            }
        }
        if has_zero { Err(zero(&self.call.module)) } else { Ok(None) }
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
        // The record is there, and its fields are set again without harm: nothing is unknown of the create.
        let revised = self.revise(held, &id, fields).await;
        let (record, notes) = revised.map_err(|failure| match failure.kind {
            FailureKind::Unclear => Failure { kind: FailureKind::NotSent, ..failure },
            _ => failure,
        })?;
        Ok(Done { what: What::Existing(id, record), notes })
    }
}

/// A record of a module is there under the number 0 and cannot be reached.
pub(super) fn zero(module: &ModuleName) -> Failure {
    Failure::new(Message::VtigerZeroId { module: module.clone() }, FailureKind::Unclear).answered()
}

/// An earlier try may still create the record.
pub(super) fn under_way() -> Failure {
    let reason = Message::VtigerUnderWay { minutes: UNDER_WAY.as_secs() / 60 };
    Failure::new(reason, FailureKind::NotSent).answered()
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

fn pair((name, value): &(String, String)) -> (String, Value) {
    (name.clone(), value.clone().into())
}

/// The fields of a record, as references read them. `label` is text with entities of HTML, and what opens the account of a
/// user is nobody's business.
pub(super) fn fields_of(record: Record) -> Env {
    let is_kept = |name: &str| !matches!(name, "label" | "accesskey" | "user_hash") && !name.contains("password");
    record.into_iter().filter(|(name, _)| is_kept(name)).collect()
}
