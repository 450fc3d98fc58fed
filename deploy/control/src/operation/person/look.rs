//! Looks for a person in the next rows of all that is kept. With a report, the person is forgotten in them.

use postern_shared::person::MAX_TEXTS;
use postern_shared::store::accounts::Role;
use postern_shared::store::forgetting::{self, Cursor, Found};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::person;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// Looks for a person.
#[derive(Debug)]
pub struct LookForPerson;

/// The person, and where to go on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// E-mails, phone numbers and names of the person. A value has the person if it has one of them.
    #[schemars(length(min = 1, max = MAX_TEXTS))]
    pub texts: Vec<String>,
    /// The `next` of the part before; none = the first part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The report of `forgetPerson` with the same texts: the person is forgotten in what is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub report: Option<i64>,
}

/// A part.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The rows that have the person.
    pub found: Vec<FoundRow>,
    /// Records of other systems that may have the person, such as `crm/Leads/852`: calls with the person were on them, or have
    /// created, changed or commented on them. They are not changed: somebody removes the person there.
    pub elsewhere: Vec<String>,
    /// What the next part takes as `from`; null = all was looked through.
    pub next: Option<String>,
    /// The rows that this part looked at.
    pub looked_at: i64,
    /// All rows, as PostgreSQL estimates them.
    pub total: i64,
}

/// A row that has the person.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundRow {
    /// The table.
    pub place: String,
    /// The key of the row: values joined by `/`.
    pub key: String,
    /// The values that have the person, by column.
    pub values: Map<String, Value>,
}

impl Operation for LookForPerson {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "lookForPerson",
        "/person_parts",
        "looks for a person in all that is kept, a part at a time",
        (
            r#"{"texts": ["ada@example.org"]}"#,
            r#"{"found": [{"place": "receipts", "key": "019a8f00-0000-7000-8000-000000000001", "values": {"env": {"email": "ada@example.org"}}}], "elsewhere": ["crm/Leads/852"], "next": null, "looked_at": 1, "total": 1}"#,
        ),
    )
    .for_role(Role::Admin)
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let person = person(&input.texts)?;
        let from = input.from.as_deref().map(serde_json::from_str::<Cursor>).transpose();
        let from = from.ok().filter(|from| from.as_ref().is_none_or(Cursor::is_one));
        let from = from.ok_or_else(|| Error::Invalid("from: is no `next` of a part".to_owned()))?;
        let mut connection = state.store.connection().await?;
        if let Some(report) = input.report
            && !forgetting::is_of(&connection, report, &person).await?
        {
            return Err(Error::Unknown("report with these texts"));
        }
        let total = forgetting::total(&connection).await?;
        let part = forgetting::part(&mut connection, &person, from, input.report).await?;
        let next = part.next.as_ref().map(serde_json::to_string).transpose();
        let next = next.map_err(|error| Error::Invalid(error.to_string()))?;
        let found = part.found.into_iter().map(FoundRow::from).collect();
        let elsewhere = part.elsewhere.into_iter().collect();
        Ok(Output { found, elsewhere, next, looked_at: part.looked_at, total })
    }
}

impl From<Found> for FoundRow {
    fn from(Found { place, key, values }: Found) -> Self {
        Self { place: place.to_owned(), key, values }
    }
}
