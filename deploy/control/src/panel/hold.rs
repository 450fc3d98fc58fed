//! The button that puts a workflow on hold, and the one that lets it go on. Both write its document, as a new version.

use postern_shared::document::Kind;
use warp::reply::Response;

use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;

/// Puts it on hold, or lets it go on.
pub async fn set(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut document = saving::named(visit, Kind::Workflow).await?;
    let hold = visit.form.get("hold") == "true";
    let start = document["start"].as_object_mut().ok_or(Refusal::NotFound)?;
    if hold {
        start.insert("hold".to_owned(), true.into());
    } else {
        start.shift_remove("hold");
    }
    let done = match saving::save(visit, &document).await? {
        Saved::Done(_) if hold => "?done=held",
        Saved::Done(_) => "?done=let-go",
        // The page says what is wrong with it.
        Saved::Faulty(_) => "",
    };
    Ok(reply::redirect(&format!("{}{done}", reply::path(&["workflows", &visit.argument]))))
}
