//! The reports of persons that were forgotten, and the persons that workers look for by them.

use std::time::SystemTime;

use deadpool_postgres::Object;
use serde_json::{Map, Value, json};
use tokio_postgres::Row;

use super::cell::blank;
use crate::person::{Forgotten, Person};
use crate::store::audit_log::{self, Change};
use crate::store::{StoreError, digest, parsed, settings};
use crate::submission::Submission;

/// For how many days workers look for the person in what arrives: longer than anything waits in a queue.
const LOOKED_FOR_DAYS: i32 = 30;

const BEGIN: &str = "-- report::begin
INSERT INTO forgettings (account, named) VALUES ($1, $2::text::jsonb) RETURNING id";

const NAMED: &str = "-- report::named
SELECT at, named::text FROM forgettings WHERE at > now() - make_interval(days => $1) ORDER BY id";

const REPORTS: &str = "-- report::reports
SELECT id, at, finished_at, account, found::text, elsewhere FROM forgettings WHERE ($1::bigint IS NULL OR id < $1)
ORDER BY id DESC LIMIT $2";

const OF: &str = "-- report::of
SELECT named::text FROM forgettings WHERE id = $1";

/// The report of a person that was forgotten.
#[derive(Debug)]
pub struct Report {
    /// Its number.
    pub id: i64,
    /// When it began.
    pub at: SystemTime,
    /// When all had been looked through; none = not yet.
    pub finished_at: Option<SystemTime>,
    /// Who asked.
    pub account: String,
    /// How many rows of each place had the person.
    pub found: Map<String, Value>,
    /// The names of the records of other systems that may have the person.
    pub elsewhere: Vec<String>,
}

/// Persons that were forgotten lately, with the moment before which submissions must not have them.
#[derive(Debug, Default)]
pub struct Lately(Vec<(SystemTime, Forgotten)>);

impl Lately {
    /// Blanks the persons in submissions that were accepted before the persons were forgotten.
    pub fn blank(&self, submissions: &mut [Submission]) {
        for (at, person) in &self.0 {
            for submission in submissions.iter_mut().filter(|one| one.receipt.time() < *at) {
                blank(submission, |value| person.blank(value));
            }
        }
    }
}

/// Notes that a person is to be forgotten, and by whom; returns the number of the report. Workers hear of it.
pub async fn begin(connection: &mut Object, account: &str, person: &Person) -> Result<i64, StoreError> {
    let secret = digest::secret(connection).await?;
    let transaction = connection.transaction().await?;
    let named = json!(person.hashes(&secret)).to_string();
    let id: i64 = transaction.query_one(BEGIN, &[&account, &named]).await?.get(0);
    let key = id.to_string();
    audit_log::put(&transaction, &Change { account, action: "forget", kind: "person", key: &key, document: None })
        .await?;
    settings::raise(&transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The persons that workers look for in what arrives.
pub async fn lately(connection: &Object) -> Result<Lately, StoreError> {
    let rows = connection.query(NAMED, &[&LOOKED_FOR_DAYS]).await?;
    if rows.is_empty() {
        return Ok(Lately::default());
    }
    let secret = digest::secret(connection).await?;
    let read = |row: &Row| Ok((row.get(0), Forgotten::new(secret.clone(), parsed(row.get(1))?)));
    rows.iter().map(read).collect::<Result<_, StoreError>>().map(Lately)
}

/// The latest reports, older than another, newest first, at most `last`.
pub async fn reports(connection: &Object, before: Option<i64>, last: i64) -> Result<Vec<Report>, StoreError> {
    let read = |row: &Row| {
        let (id, at, finished_at, account) = (row.get(0), row.get(1), row.get(2), row.get(3));
        Ok(Report { id, at, finished_at, account, found: parsed(row.get(4))?, elsewhere: row.get(5) })
    };
    connection.query(REPORTS, &[&before, &last]).await?.iter().map(read).collect()
}

/// Whether a report is of this person, as the same texts name the person.
pub async fn is_of(connection: &Object, report: i64, person: &Person) -> Result<bool, StoreError> {
    let Some(row) = connection.query_opt(OF, &[&report]).await? else { return Ok(false) };
    let named: Vec<Vec<i64>> = parsed(row.get(0))?;
    Ok(named == person.hashes(&digest::secret(connection).await?))
}
