//! The buttons that put a workflow on hold, let it go on, switch it on or off. Each writes its document, as a new version.

use postern_shared::document::Kind;
use postern_shared::store::checkpoints;
use postern_shared::workflow::Workflow;
use warp::reply::Response;

use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;

/// The most waiting runs that are counted: more is many.
pub const MAX_COUNTED: i64 = 9_999;

/// Puts it on hold or lets it go on; switches it on or off.
pub async fn set(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut document = saving::named(visit, Kind::Workflow).await?;
    let (hold, active) = (visit.form.get("hold") == "true", visit.form.get("active"));
    let word = if active.is_empty() {
        let start = document["start"].as_object_mut().ok_or(Refusal::NotFound)?;
        if hold {
            start.insert("hold".to_owned(), true.into());
        } else {
            start.shift_remove("hold");
        }
        if hold { "held" } else { "let-go" }
    } else {
        document["active"] = (active == "true").into();
        "saved"
    };
    let done = match saving::save(visit, &document).await? {
        Saved::Done(_) => format!("?done={word}"),
        // The page says what is wrong with it.
        Saved::Faulty(_) => String::new(),
    };
    Ok(reply::redirect(&format!("{}{done}", reply::path(&["workflows", &visit.argument]))))
}

/// Whether the workflow that the path names is active, whether it is on hold, and how many of its runs wait.
pub async fn before_the_gate(visit: &Visit<'_>) -> Result<(bool, bool, i64), Refusal> {
    let Ok(id) = visit.argument.parse() else { return Ok((false, false, 0)) };
    let stored = saving::named(visit, Kind::Workflow).await?;
    let workflow = Workflow::from_document(&stored);
    let is_active = workflow.as_ref().is_ok_and(|workflow| workflow.active);
    let is_held = workflow.is_ok_and(|workflow| workflow.start.hold);
    Ok((is_active, is_held, checkpoints::count_before_the_gate(&visit.connection().await?, id, MAX_COUNTED).await?))
}
