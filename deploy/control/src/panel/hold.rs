//! The buttons that put a workflow on hold, let it go on, switch it on or off. Each writes its document, as a new version.

use postern_shared::document::Kind;
use warp::reply::Response;

use super::reply::{self, Refusal};
use super::saving::{self, Saved};
use super::visit::Visit;

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
