//! How the panel answers: pages, redirects, refusals, and the headers that every answer carries.

use std::fmt::Write;
use std::time::Duration;

use askama::Template;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use postern_shared::store::StoreError;
use postern_shared::store::accounts::Role;
use warp::http::StatusCode;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use warp::reply::{Reply, Response, html, with_status};

use super::frame::{Frame, Section};
use super::visit::{LANGUAGE, THEME, VISITOR, Visit};
use super::words::Language;
use crate::operation::Error;

/// What every page may do: nothing that does not come from here, no inline script, no frame around it.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What is escaped in a segment: everything but what RFC 3986, 2.3 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How long a browser keeps theme and language.
const PREFERENCE_LENGTH: Duration = Duration::from_secs(365 * 24 * 3600);

/// Seconds after which a visitor may try again when too much is under way: it takes no longer.
pub const BUSY_S: u32 = 2;

/// Why there is no page.
#[derive(Debug)]
pub enum Refusal {
    /// There is nothing here.
    NotFound,
    /// The account has not this role, nor one above it.
    Role(Role),
    /// The form lacks its token, or has that of another session.
    NoToken,
    /// The form cannot be read, or took too long.
    Unreadable,
    /// Too many requests of this kind are under way.
    TooBusy,
    /// The store cannot answer.
    Store(StoreError),
    /// A page could not be made.
    Template(askama::Error),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => Self::Store(error),
            Error::Forbidden(role) => Self::Role(role),
            Error::Unknown(_) | Error::NoName(_) | Error::NoPath | Error::Method(_) => Self::NotFound,
            Error::Unauthorized
            | Error::Invalid(_)
            | Error::BodyTimeout
            | Error::Body(_)
            | Error::Type(_)
            | Error::Conflict(_)
            | Error::Run(_)
            | Error::NotTried(_)
            | Error::Documents(_) => Self::Unreadable,
        }
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    p: Frame,
    title: String,
    help: String,
}

/// A page.
pub fn page(template: &impl Template) -> Result<Response, Refusal> {
    Ok(html(template.render().map_err(Refusal::Template)?).into_response())
}

/// A page of what was typed and cannot be saved: RFC 9110, 15.5.21.
pub fn unsaved(template: &impl Template) -> Result<Response, Refusal> {
    let text = template.render().map_err(Refusal::Template)?;
    Ok(with_status(html(text), StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// After a POST: a GET of another page.
pub fn redirect(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/")));
    response
}

/// To the log-in, and from there to where the visitor wanted to go, if that can be shown again.
pub fn to_login(visit: &Visit<'_>) -> Response {
    let query = if visit.raw_query.is_empty() { String::new() } else { format!("?{}", visit.raw_query) };
    let next = format!("{}{query}", visit.path);
    match next.as_str() {
        "/" => redirect("/login"),
        next => {
            redirect(&format!("/login?next={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()))
        }
    }
}

/// The path of segments.
pub fn path(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, ESCAPED))).collect()
}

/// A path of the panel's own: what a form names as the place to go to must not lead elsewhere.
pub fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if is_own { path } else { "/" }
}

/// Sets a cookie that no script and no other site sees; without a length it ends with the browser.
pub fn with_cookie(
    visit: &Visit<'_>,
    mut response: Response,
    name: &str,
    value: &str,
    length: Option<Duration>,
) -> Response {
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict");
    if let Some(length) = length {
        let _ = write!(cookie, "; Max-Age={}", length.as_secs());
    }
    if visit.is_secure {
        cookie.push_str("; Secure");
    }
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Keeps the chosen theme or language and goes back.
pub fn preferences(visit: &Visit<'_>) -> Response {
    let response = redirect(own_path(visit.form.get("back")));
    match (visit.form.get("theme"), Language::of_code(visit.form.get("language"))) {
        (_, Some(language)) => with_cookie(visit, response, LANGUAGE, language.code(), Some(PREFERENCE_LENGTH)),
        (theme @ ("light" | "dark"), None) => with_cookie(visit, response, THEME, theme, Some(PREFERENCE_LENGTH)),
        _ => with_cookie(visit, response, THEME, "", Some(Duration::ZERO)),
    }
}

/// What a refusal looks like.
pub async fn refused(visit: &Visit<'_>, refusal: Refusal) -> Response {
    let (status, key) = match &refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, "refused-not-found"),
        Refusal::Role(Role::Admin) => (StatusCode::FORBIDDEN, "refused-only-admins"),
        Refusal::Role(_) => (StatusCode::FORBIDDEN, "refused-only-editors"),
        Refusal::NoToken => (StatusCode::FORBIDDEN, "refused-no-token"),
        Refusal::Unreadable => (StatusCode::BAD_REQUEST, "refused-unreadable"),
        Refusal::TooBusy => (StatusCode::TOO_MANY_REQUESTS, "refused-busy"),
        Refusal::Store(
            StoreError::Away(_) | StoreError::TookTooLong(_) | StoreError::Conflict(_) | StoreError::Schema(_),
        ) => (StatusCode::SERVICE_UNAVAILABLE, "refused-away"),
        Refusal::Store(_) | Refusal::Template(_) => (StatusCode::INTERNAL_SERVER_ERROR, "refused-fault"),
    };
    match &refusal {
        Refusal::Store(error) => tracing::warn!(%error, path = visit.path, "a page of the control panel was not made"),
        Refusal::Template(error) => tracing::error!(%error, "a page of the control panel could not be written"),
        Refusal::NotFound | Refusal::Role(_) | Refusal::NoToken | Refusal::Unreadable | Refusal::TooBusy => {}
    }
    // Without a store there is nothing to count beside the page.
    let p = Frame::without_counts(visit, Section::None);
    let page = Refused { title: visit.t(key), help: visit.t(&format!("{key}-help")), p }.render();
    let mut response = with_status(html(page.unwrap_or_default()), status).into_response();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, BUSY_S.into());
    }
    response
}

/// The page of a visitor who has to wait so many seconds (RFC 6585, 4).
pub fn too_many(mut page: Response, seconds: u32) -> Response {
    *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    page.headers_mut().insert(RETRY_AFTER, seconds.into());
    page
}

/// The headers of every answer, and the cookie that a first form needs.
pub fn guarded(visit: &Visit<'_>, mut response: Response) -> Response {
    let fixed: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if visit.secret_is_new && is_page {
        return with_cookie(visit, response, VISITOR, &visit.secret.text(), None);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_only_to_pages_of_the_panel() {
        for (path, expected) in [
            ("/runs?state=failed", "/runs?state=failed"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
        ] {
            assert_eq!(own_path(path), expected, "{path}");
        }
    }
}
