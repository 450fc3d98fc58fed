//! Callers that wait for a response: `Prefer: wait=10` (RFC 7240). A preference that cannot be read is none.

use std::net::IpAddr;
use std::time::Duration;

use postern_shared::id::ReceiptId;
use postern_shared::store::responses;
use warp::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::{Reply, Response, with_header, with_status};

use crate::respond_wait::Place;
use crate::state::State;

/// Tells the caller that it was waited, and for how long at most (RFC 7240, 3).
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The longest time that a caller may wait for a response: below the 30 s after which proxies and PHP give up by
/// themselves.
const MAX_WAIT: Duration = Duration::from_secs(25);

/// The place of a caller that wants to wait, and for how long; to be taken before its submission can be answered. A caller
/// that says nothing waits as long as its permission says.
pub fn place<'s>(
    state: &'s State,
    headers: &HeaderMap,
    of_permission: Option<Duration>,
    receipt: ReceiptId,
    caller: IpAddr,
) -> Option<(Duration, Place<'s>)> {
    let limit = wait(headers).or(of_permission.map(|wait| wait.min(MAX_WAIT)))?;
    let place = state.waiting.enter(receipt, caller);
    if place.is_none() {
        state.metrics.waited("full");
    }
    Some((limit, place?))
}

/// What a caller gets that waits: what a workflow responds in time, or else the ordinary answer.
pub async fn answer(
    state: &State,
    (limit, place): (Duration, Place<'_>),
    receipt: ReceiptId,
    ordinary: Response,
) -> Response {
    let answer = match place.wait(limit, &state.metrics).await {
        Some(response) => of_workflow(response, receipt),
        None => ordinary,
    };
    with_header(answer, PREFERENCE_APPLIED, format!("wait={}", limit.as_secs())).into_response()
}

fn of_workflow(response: responses::Response, receipt: ReceiptId) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    let mut answer = with_status(response.body, status).into_response();
    let headers = answer.headers_mut();
    headers.remove(CONTENT_TYPE);
    // The validator has seen to it that it can stand in a header.
    if let Some(content_type) = HeaderValue::from_str(&response.content_type).ok().filter(|text| !text.is_empty()) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    // What was posted may stand in it: a browser shall take it for nothing else than it says.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    with_header(answer, LOCATION, format!("/receipts/{receipt}")).into_response()
}

/// The seconds that a caller waits; nothing if it does not. Of several the first counts (RFC 7240, 2).
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    let seconds = preferences.find_map(|preference| {
        let preference = preference.split(';').next().unwrap_or_default();
        let (name, seconds) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.trim().trim_matches('"'))
    })?;
    let wait = Duration::from_secs(seconds.parse().ok()?).min(MAX_WAIT);
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_within_its_limit_and_what_is_none_is_no_preference() {
        for (lines, expected) in [
            (&["wait=10"][..], Some(10)),
            (&["respond-async, Wait = 5"], Some(5)),
            (&["return=minimal", "wait=\"7\"; a=b"], Some(7)),
            (&["wait=3, wait=9"], Some(3)),
            (&["wait=3600"], Some(25)),
            (&["wait=0"], None),
            (&["wait=soon"], None),
            (&["wait=-1"], None),
            (&["wait=99999999999999999999999"], None),
            (&["wait"], None),
            (&["waiting=5"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("prefer", line.parse().unwrap());
            }
            assert_eq!(wait(&headers).map(|wait| wait.as_secs()), expected, "{lines:?}");
        }
    }
}
