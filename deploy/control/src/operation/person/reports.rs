//! Who asked to forget persons, when, and how many rows were found. A report does not name the person.

use std::collections::BTreeMap;

use postern_shared::store::accounts::Role;
use postern_shared::store::forgetting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::{Page, Time};
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists reports.
#[derive(Debug)]
pub struct ListForgettings;

/// A page of reports.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The reports, the newest first.
    pub forgettings: Vec<Report>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<i64>,
}

/// A report.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Its number.
    pub id: i64,
    /// When it began.
    pub at: Time,
    /// When all had been looked through; null = not yet.
    pub finished_at: Option<Time>,
    /// Who asked: an account, or `token` and the name of a token.
    pub account: String,
    /// How many rows had the person, by table.
    pub found: BTreeMap<String, i64>,
    /// The records of other systems that may have the person: somebody removes the person there.
    pub elsewhere: Vec<String>,
}

impl Operation for ListForgettings {
    type Input = Page;
    type Output = Output;
    const ABOUT: About = About::get(
        "listForgettings",
        "/forgettings",
        "who asked to forget persons, and how much was found",
        r#"{"forgettings": [{"id": 1, "at": "2026-11-24T13:30:00Z", "finished_at": "2026-11-24T13:31:00Z", "account": "admin", "found": {"receipts": 2}, "elsewhere": ["crm/Leads/852"]}], "next": null}"#,
    )
    .for_role(Role::Admin);

    async fn run(state: &State, _: &Who, input: Page) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let found = forgetting::reports(&connection, input.before, input.last.get()).await?;
        let next = input.last.next(&found).map(|report| report.id);
        Ok(Output { forgettings: found.into_iter().map(Report::from).collect(), next })
    }
}

impl From<forgetting::Report> for Report {
    fn from(report: forgetting::Report) -> Self {
        let count = |(place, count): (String, serde_json::Value)| (place, count.as_i64().unwrap_or_default());
        Self {
            id: report.id,
            at: report.at.into(),
            finished_at: report.finished_at.map(Time::from),
            account: report.account,
            found: report.found.into_iter().map(count).collect(),
            elsewhere: report.elsewhere,
        }
    }
}
