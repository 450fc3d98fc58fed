//! The buttons of a run: go on at its failed step or before its time, cancel or dismiss it, or say what came of its step.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;
use warp::reply::Response;

use super::reply::{self, Refusal};
use super::visit::Visit;
use crate::operation::field::Text;
use crate::operation::run::NamedRun;
use crate::operation::run::cancel::CancelRun;
use crate::operation::run::decide::{self, DecideRun};
use crate::operation::run::dismiss::DismissRun;
use crate::operation::run::replay::{self, ReplayRun};
use crate::operation::run::wake::WakeRun;
use crate::operation::{Error, Operation};

/// Does what the button says. What another person did first is shown by the page that follows.
pub async fn rescue(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let key: RunKey = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let (state, who) = (&visit.panel.state, visit.who());
    let page = reply::path(&["receipts", &key.receipt.to_string()]);
    let word = visit.form.get("action");
    let said = match word {
        "replay" | "replay-newest" => "?done=replay",
        "wake" => "?done=wake",
        _ => "",
    };
    let run = Text(key);
    let done = match word {
        action @ ("replay" | "replay-newest") => {
            let input = replay::Input { run, newest_version: action == "replay-newest" };
            ReplayRun::run(state, &who, input).await.map(drop)
        }
        "cancel" => CancelRun::run(state, &who, NamedRun { run }).await.map(drop),
        "wake" => WakeRun::run(state, &who, NamedRun { run }).await.map(drop),
        "dismiss" => DismissRun::run(state, &who, NamedRun { run }).await.map(drop),
        word => {
            let decision = Text(Decision::from_word(word).ok_or(Refusal::NotFound)?);
            DecideRun::run(state, &who, decide::Input { run, decision }).await.map(drop)
        }
    };
    match done {
        Ok(()) => Ok(reply::redirect(&(page + said))),
        Err(Error::Run(_) | Error::Unknown(_)) => Ok(reply::redirect(&page)),
        Err(error) => Err(error.into()),
    }
}
