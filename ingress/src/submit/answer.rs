//! What a permission answers: the receipt as JSON, a text of its own, or a page.

use postern_shared::permission::Permission;
use postern_shared::permission::answer::Answer;
use postern_shared::submission::Submission;
use serde_json::{Value, json};
use warp::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::{Reply, Response};

/// How a browser sends a request (Fetch Metadata, 2.2).
const FETCH_MODE: &str = "sec-fetch-mode";

/// The mode of forms and links: the answer is what the visitor sees next.
const NAVIGATE: &str = "navigate";

/// The answer to an accepted submission.
pub fn accepted(permission: &Permission, submission: &Submission, headers: &HeaderMap) -> Response {
    let receipt = submission.receipt;
    let mut body = json!({"receipt": receipt, "status": "accepted"});
    if !submission.dropped_files.is_empty() {
        body["dropped_files"] = json!(submission.dropped_files);
    }
    let mut answer = plain(permission, &body, headers);
    // The `Location` of a redirect is its page.
    if let Ok(path) = HeaderValue::from_str(&format!("/receipts/{receipt}"))
        && answer.status() != StatusCode::SEE_OTHER
    {
        answer.headers_mut().insert(LOCATION, path);
    }
    answer
}

/// The permission's own answer, or else 202 and JSON.
pub fn plain(permission: &Permission, json: &Value, headers: &HeaderMap) -> Response {
    match &permission.answer {
        Some(Answer::Text { status, media_type, body }) => text(*status, media_type.as_deref(), body),
        Some(Answer::Page(page)) if !is_of_script(headers) => see_other(Response::default(), page),
        Some(Answer::Page(_)) | None => {
            warp::reply::with_status(warp::reply::json(json), StatusCode::ACCEPTED).into_response()
        }
    }
}

/// The page for a refused form, unless a script sent it.
pub fn error_page<'p>(permission: &'p Permission, headers: &HeaderMap) -> Option<&'p str> {
    permission.error_page.as_deref().filter(|_| !is_of_script(headers))
}

/// Whether a visitor sent a form: a browser shows the answer, and nobody sends the form again.
pub fn is_of_visitor(permission: &Permission, headers: &HeaderMap) -> bool {
    error_page(permission, headers).is_some() || headers.get(FETCH_MODE).is_some_and(|mode| mode == NAVIGATE)
}

/// The same answer as a redirect to a page.
pub fn see_other(mut answer: Response, page: &str) -> Response {
    // The validator has seen to it that the page can stand in a header.
    let Ok(page) = HeaderValue::from_str(page) else { return answer };
    *answer.status_mut() = StatusCode::SEE_OTHER;
    *answer.body_mut() = Response::default().into_body();
    let headers = answer.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
    headers.insert(LOCATION, page);
    answer
}

/// Whether a script of a page sends the request: it reads the answer, where a form is left for it.
fn is_of_script(headers: &HeaderMap) -> bool {
    headers.get(FETCH_MODE).is_some_and(|mode| mode != NAVIGATE)
}

fn text(status: u16, media_type: Option<&str>, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED);
    let mut answer = warp::reply::with_status(body.to_owned(), status).into_response();
    if let Some(media_type) = media_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        answer.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    answer
}
