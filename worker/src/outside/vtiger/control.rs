//! A query at which the database of vtiger fails is answered as if nothing were found. So a look that finds
//! nothing asks for a record that is there as well: without it an answer is none.

use postern_shared::id::ModuleName;
use postern_shared::message::Message;
use serde_json::Value;
use tokio::time::Instant;

use super::code::Meaning;
use super::described::{Row, row};
use super::session::Held;
use super::wire::{Fault, not_sent, rows};
use crate::outside::call::{Failure, FailureKind};

/// The records among which one with a unique value is looked for: a page that every version gives.
const LOOK: usize = 100;

impl Held<'_> {
    /// The records for which these conditions hold, and perhaps another one.
    pub async fn look(&mut self, module: &ModuleName, conditions: &str, until: Instant) -> Result<Vec<Value>, Fault> {
        for _ in 0..2 {
            let known = self.known_record(module, until).await?;
            let control = known.as_ref().map(|id| format!(" or id='{id}'")).unwrap_or_default();
            let query = format!("select * from {module} where {conditions}{control} order by id limit 0,{LOOK};");
            let rows = self.queried(&query, until).await?;
            let Some(known) = known.filter(|_| rows.is_empty()) else { return Ok(rows) };
            match self.get("retrieve", &[("id", &known)], until).await {
                Ok(_) => break,
                // It was deleted.
                Err(fault) if fault.meaning() == Some(Meaning::Denied) => self.records().set(module, None),
                Err(fault) => return Err(not_sent(fault)),
            }
        }
        Err(Failure::new(Message::VtigerFoundNothing, FailureKind::NotSent).answered().into())
    }

    /// A record of a module. None = there seems to be none.
    async fn known_record(&mut self, module: &ModuleName, until: Instant) -> Result<Option<String>, Fault> {
        if let Some(id) = self.records().get(module) {
            return Ok(Some(id));
        }
        let newest = self.queried(&format!("select id from {module} order by id desc limit 0,1;"), until).await?;
        let id = newest.first().map(|record| &record["id"]).filter(|id| matches!(row(id), Row::Record(_)));
        let id = id.and_then(Value::as_str).map(str::to_owned);
        self.records().set(module, id.clone());
        Ok(id)
    }

    async fn queried(&mut self, query: &str, until: Instant) -> Result<Vec<Value>, Fault> {
        rows(self.get("query", &[("query", query)], until).await.map_err(not_sent)?)
    }
}
