//! Checks a connection: a worker makes the call, since only workers reach other systems and know which addresses may be
//! reached.

use std::time::Duration;

use postern_shared::backoff::Backoff;
use postern_shared::document::Kind;
use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::message::{Coded, ConnectionFault};
use postern_shared::store::connection_checks::{self, Checked, LIMIT};
use postern_shared::store::documents;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::drift::{self, Drift};
use crate::operation::field::Text;
use crate::operation::{About, Code, Error, Operation, Who};
use crate::state::State;

/// How long control waits: a worker needs some time to take the check.
const WAIT: Duration = LIMIT.saturating_add(Duration::from_secs(5));

/// Between two looks, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// Checks a connection.
#[derive(Debug)]
pub struct CheckConnection;

/// Which connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.-]+$"))]
    pub key: Text<ConnectionName>,
}

/// What came of the check.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The connection.
    pub connection: String,
    /// Whether it works.
    pub works: bool,
    /// What the other system said, or what is wrong.
    pub message: String,
    /// The same, for programs.
    pub message_code: Coded,
    /// What modules declare that the other system has otherwise.
    pub drift: Vec<Drift>,
}

/// Checks a connection, or asks it for the fields of a module; for the API as for the panel.
pub async fn check(state: &State, name: &ConnectionName, module: Option<&ModuleName>) -> Result<Checked, Error> {
    let connection = state.store.connection().await?;
    let all = documents::load(&connection, Kind::Connection).await?;
    if !all.iter().any(|one| one[Kind::Connection.name()] == name.as_str()) {
        return Err(Error::Unknown(Kind::Connection.name()));
    }
    let id = connection_checks::ask(&connection, name, module).await?;
    drop(connection);
    let (give_up, mut looks) = (Instant::now() + WAIT, Backoff::new(LOOKS.0, LOOKS.1));
    loop {
        // Nobody else waits for a connection to PostgreSQL meanwhile.
        sleep(looks.delay()).await;
        let connection = state.store.connection().await?;
        if let Some(checked) = connection_checks::read(&connection, id).await? {
            return Ok(checked);
        }
        if Instant::now() >= give_up {
            connection_checks::give_up(&connection, id).await?;
            return Ok(Checked { is_fine: false, message: ConnectionFault::NoWorker.into() });
        }
    }
}

impl Operation for CheckConnection {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "checkConnection",
        "/connections/{key}/check",
        "checks whether a connection works: a worker calls the other system, logs in and changes nothing there",
        (
            "{}",
            r#"{"connection": "mail", "works": true, "message": "the mail server lets Postern in", "message_code": {"code": "lets-in"}, "drift": []}"#,
        ),
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, who: &Who, Input { key }: Input) -> Result<Output, Error> {
        let Checked { is_fine, message } = check(state, &key.0, None).await?;
        let found = drift::find(&state.store.connection().await?, Some(&key.0)).await?;
        Ok(Output {
            drift: found.into_iter().map(|one| Drift::new(one, who.language)).collect(),
            connection: key.0.into(),
            works: is_fine,
            message: message.text(who.language),
            message_code: message.coded(),
        })
    }
}
