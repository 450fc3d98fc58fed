//! The ingresses and workers that are up, and what they hold of the settings.

use postern_shared::store::{processes, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::Time;
use super::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists processes.
#[derive(Debug)]
pub struct ListProcesses;

/// The processes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The version of the settings that is in force where a process holds it.
    pub settings_version: i64,
    /// In the order of their services and names.
    pub processes: Vec<Process>,
}

/// An ingress or a worker.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// What runs in it.
    #[schemars(extend("enum" = ["ingress", "worker"]))]
    pub service: String,
    /// Its host and the address of its listener.
    pub name: String,
    /// Whether it was heard from in the last 10 s.
    pub is_up: bool,
    /// The version of the settings that it holds.
    pub settings_version: i64,
    /// Secrets that it cannot decrypt: its key is missing, or another one.
    pub unopened_secrets: i32,
    /// The connections whose systems do not answer it. Their runs wait.
    pub connections_away: Vec<String>,
    /// When it was heard from.
    pub seen_at: Time,
}

impl Operation for ListProcesses {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listProcesses",
        "/processes",
        "the ingresses and workers that are up or were in the last 10 minutes",
        r#"{"settings_version": 7, "processes": [{"service": "ingress", "name": "web-1 (0.0.0.0:8080)", "is_up": true, "settings_version": 7, "unopened_secrets": 0, "connections_away": [], "seen_at": "2026-11-24T13:30:00Z"}]}"#,
    );

    async fn run(state: &State, _: &Who, _: Nothing) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        let settings_version = settings::version(&connection).await?;
        let process = |one: processes::Seen| Process {
            service: one.service,
            name: one.name,
            is_up: one.is_up,
            settings_version: one.held.version,
            unopened_secrets: one.held.unopened,
            connections_away: one.away,
            seen_at: one.seen_at.into(),
        };
        let processes = processes::list(&connection).await?.into_iter().map(process).collect();
        Ok(Output { settings_version, processes })
    }
}
