//! A run that failed is replayed at its failed step; one that needs attention gets a person's decision.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::run_actions::{self, Rescued, Version};
use serde::Deserialize;
use serde_json::json;
use warp::http::StatusCode;
use warp::reply::{Reply, Response, with_status};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::state::State;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    #[serde(default)]
    newest_version: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    decision: String,
}

/// Replays a run; the answer names the new one.
pub async fn replay(state: &State, request: &Request) -> Result<Response, Refusal> {
    let order: Replay = request.json()?;
    let version = if order.newest_version { Version::Newest } else { Version::Pinned };
    let mut connection = state.store.connection().await?;
    let run = goes(run_actions::replay(&mut connection, &request.account, &run(request)?, version).await?)?;
    let body = json!({"run": run.to_string(), "receipt": run.receipt, "workflow": run.workflow, "origin": run.origin});
    Ok(with_status(warp::reply::json(&body), StatusCode::CREATED).into_response())
}

/// Takes a decision.
pub async fn decide(state: &State, request: &Request) -> Result<Response, Refusal> {
    let Decided { decision } = request.json()?;
    let decision = Decision::from_word(&decision)
        .ok_or_else(|| Refusal::new(Code::InvalidRequest, "decision: must be one of done, repeat, fail"))?;
    let mut connection = state.store.connection().await?;
    let run = goes(run_actions::decide(&mut connection, &request.account, &run(request)?, decision).await?)?;
    Ok(warp::reply::json(&json!({"run": run.to_string()})).into_response())
}

fn run(request: &Request) -> Result<RunKey, Refusal> {
    request.argument.parse().map_err(|_| Refusal::unknown("run"))
}

fn goes(rescued: Rescued) -> Result<RunKey, Refusal> {
    match rescued {
        Rescued::Goes(run) => Ok(run),
        Rescued::Unknown => Err(Refusal::unknown("run")),
        Rescued::Refused(why) => Err(Refusal::new(Code::Conflict, why)),
    }
}
