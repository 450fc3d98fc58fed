//! The jobs, the newest first.

use postern_shared::store::jobs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OneJob, describe};
use crate::operation::field::Page;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// Lists jobs.
#[derive(Debug)]
pub struct ListJobs;

/// A page of jobs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The jobs, the newest first.
    pub jobs: Vec<OneJob>,
    /// What the next page takes as `before`; null on the last page.
    pub next: Option<i64>,
}

impl Operation for ListJobs {
    type Input = Page;
    type Output = Output;
    const ABOUT: About = About::get(
        "listJobs",
        "/jobs",
        "the jobs, the newest first",
        r#"{"jobs": [{"id": 1, "kind": "run_again", "filter": {"state": "failed", "workflow": 77}, "per_second": 200.0, "state": "running", "account": "admin", "total": 5000, "done": 1200, "failed": 0, "left": 3800, "started": {"finished": 1100, "failed": 60, "waiting": 10, "running": 30}, "obstacle": null, "created_at": "2026-11-24T13:30:00Z", "started_at": "2026-11-24T13:30:01Z", "ended_at": null}], "next": null}"#,
    );

    async fn run(state: &State, _: &Who, input: Page) -> Result<Output, Error> {
        let found = jobs::list(&state.store.connection().await?, input.before, input.last.get()).await?;
        let next = input.last.next(&found).map(|job| job.id);
        Ok(Output { jobs: found.iter().map(describe).collect(), next })
    }
}
