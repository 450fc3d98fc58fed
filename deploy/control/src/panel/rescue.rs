//! The buttons of a run that stands still: replay it, or say what came of its step.

use postern_shared::resume::RunKey;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::run_actions::{self, Version};
use warp::reply::Response;

use super::reply::{self, Refusal};
use super::visit::Visit;

/// Does what the button says. Whatever another person did first is shown by the page that follows.
pub async fn rescue(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let run: RunKey = visit.argument.parse().map_err(|_| Refusal::NotFound)?;
    let mut connection = visit.connection().await?;
    let account = visit.account();
    match visit.form.get("action") {
        "replay" => run_actions::replay(&mut connection, account, &run, Version::Pinned).await?,
        "replay-newest" => run_actions::replay(&mut connection, account, &run, Version::Newest).await?,
        word => {
            let decision = Decision::from_word(word).ok_or(Refusal::NotFound)?;
            run_actions::decide(&mut connection, account, &run, decision).await?
        }
    };
    Ok(reply::redirect(&reply::path(&["receipts", &run.receipt.to_string()])))
}
